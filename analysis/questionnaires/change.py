"""Change of trait scores: before and after, over occasions, and when asked again."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import polars as pl

from societies.analysis.agreement import intraclass
from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import pooled, pooled_sides, pooling, quality_of
from societies.analysis.questionnaires.columns import COMPARED, WHOM, WIDTHS
from societies.analysis.questionnaires.consistency import (
    ADMINISTRATION,
    OCCASION,
    SCALE,
    responses,
    trait_scores,
)
from societies.analysis.questionnaires.paired import (
    RANKED,
    Comparison,
    compare,
    flat,
    noted,
    signed_rank,
    with_corrected,
)
from societies.analysis.questionnaires.personas import persona_level
from societies.analysis.questionnaires.shown import ASKED, NOTHING, requests
from societies.analysis.statistics import relative_score, trend
from societies.runs.run import Run

SERIES = [*SCALE, "probe", "context"]
"""What is followed over occasions: a remembered questionnaire is another one than a fresh one."""


@measure_each(
    WHOM,
    COMPARED,
    probe_after=Column("probe that asked afterwards"),
    pairs=Column("agents with a score at both moments"),
    shown=Column("agents whose requests differ between the moments"),
    difference=Column("mean change", "item mean"),
)
def before_after(run: Run, before: str, after: str) -> pl.DataFrame:
    """Return how trait scores changed from one moment (or probe) to another, over the same agents.

    Args:
        run: a run with probes.
        before: a probe's name, or a value of column `moment`.
        after: likewise; of several occasions the last counts, of `before` the first.

    Moments are compared within each probe (`probe` and `probe_after` are the same); two probes are
    where both are named. Contexts are compared apart. Where every agent's requests on both
    occasions are identical, nothing of the run was shown: there are no statistics, and `note` says
    so; `shown` counts the agents whose requests differ. The tests are paired, over the agents of
    this run; where these met each other, a mean over runs is safer (`across_runs`). `wilcoxon_p`
    assumes symmetric changes. `holm_p` corrects the t test over the traits of one scale. The shares
    are of the answers on both occasions.

    Raises:
        ValueError: nothing was asked then, or no probe asked at both moments.
    """
    scores = with_requests(run, trait_scores(run))
    keys = [*SERIES, "agent"]
    first = at_occasion(_moment(scores, before), keys, pl.col("occasion").min())
    last = at_occasion(_moment(scores, after), keys, pl.col("occasion").max())
    same = [name for name in keys if name != "probe"]
    pairs = first.join(last, on=same, suffix="_after", maintain_order="left")
    if not {before, after} <= set(scores["probe"]):
        pairs = pairs.filter(pl.col("probe") == pl.col("probe_after"))
    if pairs.is_empty():
        raise ValueError(f"no probe asked anybody both at {before!r} and at {after!r}: name two")
    series = [*SERIES, "probe_after"]
    rows = [
        {**dict(zip(series, key, strict=True)), **compared(part)}
        for key, part in pairs.group_by(series, maintain_order=True)
    ]
    return with_corrected(rows, "t_p", [name for name in series if name != "trait"])


def compared(pairs: pl.DataFrame) -> dict[str, Any]:
    """Return how scores changed between two occasions, unless nothing was shown in between.

    Args:
        pairs: a row per agent: `item_mean`, `requests` and the shares of answers, and the same of
            the later occasion under names that end in `_after`.
    """
    known = pairs.drop_nulls(["item_mean", "item_mean_after"])
    differ = (pl.col("requests") != pl.col("requests_after")).fill_null(True)
    shown = known.filter(differ).height
    values = known["item_mean"].to_list(), known["item_mean_after"].to_list()
    seen = shown or not known.height
    found = compare(*values, unit="agents") if seen else Comparison(known.height, note=NOTHING)
    columns = flat(found)
    return {
        "pairs": columns.pop("pairs"),
        "shown": shown,
        **columns,
        **pooled_sides(pairs, "_after"),
    }


@measure_each()
def with_requests(run: Run, scores: pl.DataFrame) -> pl.DataFrame:
    """Return scores with what was sent for them; null without a probe."""
    return scores.join(requests(run), on=ASKED, how="left", maintain_order="left")


def at_occasion(scores: pl.DataFrame, keys: Sequence[str], which: pl.Expr) -> pl.DataFrame:
    """Return `item_mean` on one occasion of each key, the mean over all that was asked then.

    Args:
        scores: rows of `trait_scores`.
        keys: what tells the scores apart, such as the scale and the agent.
        which: an expression for the occasion's number, such as the least.
    """
    there = scores.filter(pl.col("occasion") == which.over(keys))
    sent = [pl.col("requests").first()] if "requests" in scores.columns else []
    means = pl.col("item_mean").mean()
    return there.group_by(keys, maintain_order=True).agg(means, *pooling(), *sent)


@measure_each(
    WHOM,
    COMPARED,
    agents=Column("agents"),
    one=Column("cell of the grid"),
    other=Column("another cell"),
    items=Column("items"),
    difference=Column("mean of the other cell minus the one", "item mean"),
    wilcoxon_holm_p=Column("the same after Holm's correction"),
)
def administrations(run: Run, of: Literal["score", "value"] = "score") -> pl.DataFrame:
    """Compare all pairs of cells of the grid (section 3), within one moment of one probe.

    The items are the same in both cells, hence paired tests; repeats are averaged. `wilcoxon_p` is
    of the `items`, each the mean over agents, whose answers to one item are not independent; it
    assumes symmetric changes, and `wilcoxon_holm_p` corrects it. All else is over the agents' means
    (answers of one agent are not independent either), and `holm_p` corrects `t_p`; both over all
    pairs and traits of a scale.

    Args:
        run: the run.
        of: `score` compares keyed answers, whose shift would be taken for a change of personality.
            `value` compares answers as they were given: it shows a preference for places or numbers
            that cancels in scales with as many reversed items as others.
    """
    cell = [name for name in ADMINISTRATION if name != "repeat"]
    answers = (
        responses(run)
        .filter(pl.col("trait") != "", pl.col("asking") == 1)
        .with_columns(cell=pl.concat_str(cell, separator=" "))
    )
    rows = []
    keys = [*SCALE, "probe", "moment"]
    for key, part in answers.group_by(keys, maintain_order=True):
        cells = part["cell"].unique(maintain_order=True).to_list()
        means = part.group_by("agent", "item", "cell", maintain_order=True).agg(pl.col(of).mean())
        wide = means.pivot("cell", index=["agent", "item"], values=of)
        for one, other in combinations(cells, 2):
            found = _cells(wide.select("agent", "item", one=one, other=other).drop_nulls())
            rows.append(
                {
                    **dict(zip(keys, key, strict=True)),
                    "one": one,
                    "other": other,
                    **found,
                    **quality_of(part.filter(pl.col("cell").is_in([one, other]))),
                }
            )
    table = with_corrected(rows, "t_p", SCALE[:3])
    return with_corrected(table.to_dicts(), "wilcoxon_p", SCALE[:3], "wilcoxon_holm_p")


def _cells(both: pl.DataFrame) -> dict[str, Any]:
    """Compare two cells: over agents, each the mean of its items, and over items likewise."""
    agents, items = (
        both.group_by(name, maintain_order=True).agg(pl.col("one", "other").mean())
        for name in ("agent", "item")
    )
    columns = flat(compare(agents["one"].to_list(), agents["other"].to_list(), unit="agents"))
    ranked = signed_rank((items["other"] - items["one"]).sort().to_list())
    untested = None if columns["t_p"] is not None else columns["note"]
    few = f"fewer than {RANKED} items changed: no Wilcoxon test"
    notes = [note for note in (untested, few if ranked is None else None) if note]
    columns |= {"wilcoxon_p": ranked, "note": "; ".join(notes) or None}
    return {"agents": columns.pop("pairs"), "items": items.height, **columns}


@measure_each(
    WHOM,
    agent=Column("agent"),
    occasions=Column("occasions with a score"),
    slope=Column("change per occasion", WIDTHS),
    standard_error=Column("standard error of the slope", WIDTHS),
)
def drift(run: Run) -> pl.DataFrame:
    """Return the slope of every agent's trait scores over occasions, in scale widths.

    Every probe is followed on its own. Where it sent identical requests on every occasion, nothing
    of the run was shown: there is no slope, and `note` says so. Repeats in an interview are
    retests.
    """
    rows = []
    names = [*SERIES, "agent"]
    scores = with_requests(run, trait_scores(run))
    for key, part in scores.group_by(names, maintain_order=True):
        known = part.drop_nulls("item_mean")
        up = known["item_mean"] / float(part["width"][0])
        line = trend(known["occasion"].to_list(), up.to_list())
        same = unshown(part)
        rows.append(
            {
                **dict(zip(names, key, strict=True)),
                "occasions": known["occasion"].n_unique(),
                "slope": None if same else line.slope,
                "standard_error": None if same else line.standard_error,
                "note": NOTHING if same else None,
                **pooled(part),
            }
        )
    return noted(rows)


def unshown(scores: pl.DataFrame) -> bool:
    """Return whether each agent's requests were identical on all of its several occasions."""
    sent = scores.group_by("agent").agg(pl.col("occasion", "requests").n_unique())
    repeated = sent.filter(pl.col("occasion") > 1)
    known = scores["requests"].is_not_null().all() and not repeated.is_empty()
    return known and bool((repeated["requests"] == 1).all())


@measure_each(
    WHOM,
    agents=Column("agents with a score on every occasion"),
    occasions=Column("occasions"),
    icc=Column("intraclass correlation of scores over occasions, ICC(A,1)"),
)
def icc(run: Run) -> pl.DataFrame:
    """Return the intraclass correlation of trait scores over occasions, with its interval.

    ICC(A,1), two-way: agents scored on every occasion count (McGraw & Wong 1996, absolute
    agreement, single score). Every probe is followed on its own; where its requests were identical
    on all occasions, this is the reliability of retests, and `note` says so.
    """
    rows = []
    scores = with_requests(run, trait_scores(run))
    for key, part in scores.group_by(SERIES, maintain_order=True):
        wide = (
            part.drop_nulls("item_mean")
            .group_by("agent", "occasion", maintain_order=True)
            .agg(pl.col("item_mean").mean())
            .sort("agent", "occasion")
            .pivot("occasion", index="agent", values="item_mean")
            .drop_nulls()
            .drop("agent")
        )
        rows.append(
            {
                **dict(zip(SERIES, key, strict=True)),
                "agents": wide.height,
                "occasions": wide.width,
                **dict(zip(("icc", "low", "high"), intraclass(wide.to_numpy()), strict=True)),
                "note": NOTHING if unshown(part) else None,
                **pooled(part),
            }
        )
    return noted(rows)


@measure_each(
    WHOM,
    questions=Column("questions asked twice, of every agent"),
    acc1=Column("first answers that are right", "share"),
    acc2=Column("second answers that are right", "share"),
    confidence=Column("right answers that stay right (CL)", "share"),
    critique=Column("wrong answers that become right (CS)", "share"),
    rss=Column("relative steadfastness (RSS)"),
)
def steadfastness(run: Run) -> pl.DataFrame:
    """Return how answers hold when the same question is asked again (Yang et al. 2024).

    An answer is `right` if it is on the side of the trait that the persona has. Pairs with
    an answer that has no value are left out; the shares tell how many.
    """
    answers = responses(run).filter(pl.col("trait") != "")
    keys = ["agent", "instrument", "kind", "item", *OCCASION, *ADMINISTRATION]
    again = answers.filter(pl.col("asking") == 2)
    first = answers.filter(pl.col("asking") == 1).join(again, on=keys, how="semi")
    rows = []
    for key, part in first.group_by("group", "instrument", maintain_order=True):
        later = again.filter(pl.col("group") == key[0], pl.col("instrument") == key[1])
        both = _sided(part).join(_sided(later), on=keys, suffix="_again", maintain_order="left")
        rows.append(
            {
                "group": key[0],
                "instrument": key[1],
                **_held(both),
                **quality_of(pl.concat([part, later])),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _sided(answers: pl.DataFrame) -> pl.DataFrame:
    """Return the answers of agents whose persona leans to a side, and whether they do too."""
    known = answers.drop_nulls("side")
    levels = [persona_level(*both) for both in known.select("big_five", "trait").iter_rows()]
    leaning = known.with_columns(level=pl.Series(levels, dtype=pl.Float64))
    right = pl.col("side") * pl.col("level") > 0
    return leaning.filter(pl.col("level") != 0).with_columns(right=right)


def _held(both: pl.DataFrame) -> dict[str, Any]:
    """Return how many questions were asked twice, and the measures of 10.3."""
    right, again = pl.col("right"), pl.col("right_again")
    each = both.group_by("agent", "kind", "item", maintain_order=True).agg(
        right.mean().alias("a"),
        again.filter(right).mean().fill_null(0).alias("b"),
        again.filter(~right).mean().fill_null(0).alias("c"),
    )
    columns = (each[name].to_list() for name in "abc")
    return {"questions": each.height, **confidence_critique(*columns)}


def confidence_critique(
    first: Sequence[float], held: Sequence[float], mended: Sequence[float]
) -> dict[str, float | None]:
    """Return Acc1, Acc2, CL, CS and RSS of questions asked twice (Yang et al. 2024, 10.3).

    Args:
        first: per question, the probability that the first answer is right.
        held: that the second is, if the first was (0 if it never was).
        mended: that the second is, if the first was not (0 if it always was).
    """
    a, b, c = (np.asarray(part, dtype=float) for part in (first, held, mended))
    if not a.size:
        return dict.fromkeys(("acc1", "acc2", "confidence", "critique", "rss"))
    acc1, acc2 = float(a.mean()), float((a * b + (1 - a) * c).mean())
    right, wrong = float(a.sum()), float((1 - a).sum())
    return {
        "acc1": acc1,
        "acc2": acc2,
        "confidence": float((a * b).sum()) / right if right > 0 else None,
        "critique": float(((1 - a) * c).sum()) / wrong if wrong > 0 else None,
        "rss": relative_score(acc1, acc2),
    }


def _moment(scores: pl.DataFrame, name: str) -> pl.DataFrame:
    found = scores.filter((pl.col("probe") == name) | (pl.col("moment") == name)).sort("occasion")
    if found.is_empty():
        known = sorted({*scores["probe"], *scores["moment"]} - {""})
        raise ValueError(f"nothing was asked at {name!r} (there are: {', '.join(known) or 'none'})")
    return found
