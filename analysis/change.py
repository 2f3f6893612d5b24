"""Change of trait scores: before and after, over occasions, and when asked again."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from scipy import stats

from societies.analysis.agreement import intraclass
from societies.analysis.consistency import (
    ADMINISTRATION,
    OCCASION,
    SCALE,
    persona_level,
    responses,
    trait_scores,
)
from societies.analysis.quality import COUNTED, pooled, pooled_sides, pooling, quality_of
from societies.analysis.statistics import (
    UNDEFINED,
    Interval,
    Values,
    bootstrap_mean,
    effect_size,
    trend,
)
from societies.run_directory import Run

SERIES = [*SCALE, "context"]
"""What is followed over occasions: a remembered questionnaire is another one than a fresh one."""
DIGITS = 9
"""Decimals to which changes of means are ranked: rounding errors are neither changes nor ranks."""
EXACT = 8
"""Pairs up to which Wilcoxon's test is exact even with ties."""


class Comparison(NamedTuple):
    """Two paired samples compared."""

    pairs: int
    difference: float | None
    """Mean of second minus first."""
    interval: Interval
    """95 % bootstrap interval of the difference, over pairs."""
    d: float | None
    """Cohen's d as in 1.4: the difference over the root of the mean of both variances."""
    d_interval: Interval
    """Its 95 % bootstrap interval, over pairs."""
    t: float | None
    t_p: float | None
    wilcoxon_p: float | None
    """Wilcoxon's signed-rank test; null if nothing differs."""


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Compare two paired samples; the order of the pairs does not matter.

    Raises:
        ValueError: they are not of one length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values cannot be paired with {len(second)}")
    pairs = np.array(sorted(zip(first, second, strict=True)), dtype=float).reshape(-1, 2)
    one, other = pairs.T
    changes = other - one
    n = int(changes.size)
    mean = float(changes.mean()) if n else None
    d, ends = effect_size(one, other, paired=True)
    if n < 2 or np.ptp(changes) <= 1e-12:
        return Comparison(n, mean, UNDEFINED, d, ends, None, None, None)
    test = stats.ttest_rel(other, one)
    interval = bootstrap_mean(changes)
    tests = (float(test.statistic), float(test.pvalue), signed_rank(changes))
    return Comparison(n, mean, interval, d, ends, *tests)


def signed_rank(changes: Values) -> float | None:
    """Return the p-value of Wilcoxon's signed-rank test; None if nothing differs."""
    sample = np.round(np.asarray(changes, dtype=float), DIGITS)
    if not sample.any():
        return None
    return float(stats.wilcoxon(sample, method=_method(sample)).pvalue)


def _method(changes: Any) -> str:
    """Return how Wilcoxon's p-value is computed: SciPy's exact test with ties takes seconds."""
    sizes = np.abs(changes)
    tied = bool((sizes == 0).any()) or len(np.unique(sizes)) < len(sizes)
    return "asymptotic" if tied and len(sizes) > EXACT else "auto"


def corrected(p_values: Sequence[float | None], method: str = "holm") -> list[float | None]:
    """Return p-values corrected for their number: `holm`, or `fdr_bh` (Benjamini & Hochberg)."""
    from statsmodels.stats.multitest import multipletests

    known = [p for p in p_values if p is not None]
    if not known:
        return list(p_values)
    found = iter(multipletests(known, method=method)[1].tolist())
    return [None if p is None else next(found) for p in p_values]


def before_after(run: Run, before: str, after: str) -> pl.DataFrame:
    """Return how trait scores changed from one moment (or probe) to another, over the same agents.

    Args:
        run: a run with probes.
        before: a probe's name, or a value of column `moment`.
        after: likewise; of several occasions the last counts, of `before` the first.

    The tests are paired; `holm_p` corrects the t test over the traits of one scale (12.7). Fresh
    and shared contexts are compared apart. The shares are of the answers on both occasions.
    """
    scores = trait_scores(run)
    keys = [*SERIES, "agent"]
    first = at_occasion(_moment(scores, before), keys, pl.col("occasion").min())
    last = at_occasion(_moment(scores, after), keys, pl.col("occasion").max())
    pairs = first.join(last, on=keys, suffix="_after", maintain_order="left")
    rows = []
    for key, part in pairs.group_by(SERIES, maintain_order=True):
        known = part.drop_nulls(["item_mean", "item_mean_after"])
        found = compare(known["item_mean"].to_list(), known["item_mean_after"].to_list())
        answers = pooled_sides(part, "_after")
        rows.append({**dict(zip(SERIES, key, strict=True)), **flat(found), **answers})
    return with_corrected(rows, "t_p", SCALE[:3])


def at_occasion(scores: pl.DataFrame, keys: Sequence[str], which: pl.Expr) -> pl.DataFrame:
    """Return `item_mean` on one occasion of each key, the mean over all that was asked then.

    Args:
        scores: rows of `trait_scores`.
        keys: what tells the scores apart, such as the scale and the agent.
        which: an expression for the occasion's number, such as the least.
    """
    there = scores.filter(pl.col("occasion") == which.over(keys))
    return there.group_by(keys, maintain_order=True).agg(pl.col("item_mean").mean(), *pooling())


def administrations(run: Run, of: Literal["score", "value"] = "score") -> pl.DataFrame:
    """Compare all pairs of cells of the grid (section 3).

    The items are the same in both cells, hence paired tests; repeats are averaged. `wilcoxon_p` is
    of the `items` (every agent's answer to every item), and `holm_p` corrects it over all pairs
    and traits of a scale. All else is over the agents' means: answers of one agent are not
    independent.

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
    for key, part in answers.group_by(SCALE, maintain_order=True):
        cells = part["cell"].unique(maintain_order=True).to_list()
        means = part.group_by("agent", "item", "cell", maintain_order=True).agg(pl.col(of).mean())
        wide = means.pivot("cell", index=["agent", "item"], values=of)
        for one, other in combinations(cells, 2):
            found = _cells(wide.select("agent", one=one, other=other).drop_nulls())
            rows.append(
                {
                    **dict(zip(SCALE, key, strict=True)),
                    "one": one,
                    "other": other,
                    **found,
                    **quality_of(part.filter(pl.col("cell").is_in([one, other]))),
                }
            )
    return with_corrected(rows, "wilcoxon_p", SCALE[:3])


def _cells(both: pl.DataFrame) -> dict[str, Any]:
    """Compare two cells: the agents' means, and item by item."""
    means = both.group_by("agent", maintain_order=True).agg(pl.col("one", "other").mean())
    found = compare(means["one"].to_list(), means["other"].to_list())
    changes = (both["other"] - both["one"]).sort().to_list()
    columns = flat(found)
    columns["wilcoxon_p"] = signed_rank(changes) if len(changes) > 1 else None
    return {"agents": columns.pop("pairs"), "items": both.height, **columns}


def drift(run: Run) -> pl.DataFrame:
    """Return the slope of every agent's trait scores over occasions, in scale widths."""
    rows = []
    names = [*SERIES, "agent"]
    for key, part in trait_scores(run).group_by(names, maintain_order=True):
        known = part.drop_nulls("item_mean")
        up = known["item_mean"] / float(part["width"][0])
        line = trend(known["occasion"].to_list(), up.to_list())
        rows.append(
            {
                **dict(zip(names, key, strict=True)),
                "occasions": known["occasion"].n_unique(),
                "slope": line.slope,
                "standard_error": line.standard_error,
                **pooled(part),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def icc(run: Run) -> pl.DataFrame:
    """Return the intraclass correlation of trait scores over occasions, with its interval.

    ICC(A,1), two-way: agents scored on every occasion count (McGraw & Wong 1996, absolute
    agreement, single score).
    """
    rows = []
    for key, part in trait_scores(run).group_by(SERIES, maintain_order=True):
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
                **pooled(part),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def steadfastness(run: Run) -> pl.DataFrame:
    """Return how answers hold when the same question is asked again (10.3).

    An answer is `right` if it is on the side of the trait that the persona has. Columns:
    `questions` (of every agent), `acc1`, `acc2`, `confidence` (CL: right stays right; the agents'
    steadfastness), `critique` (CS: wrong becomes right; their recovery), `rss`. Pairs with an
    answer that has no value are left out; the shares tell how many.
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


def relative_score(acc1: float, acc2: float) -> float | None:
    """Return RSS = (Acc2 - Acc1^2) / (2 Acc1 (1 - Acc1)); 0.5 means unchanged (10.3).

    It is undefined at Acc1 = 0 or 1, and may leave [0, 1].
    """
    spread = acc1 - acc1**2  # written so that an unchanged accuracy gives 0.5 to the last digit
    return (acc2 - acc1**2) / (2 * spread) if spread > 0 else None


def _moment(scores: pl.DataFrame, name: str) -> pl.DataFrame:
    found = scores.filter((pl.col("probe") == name) | (pl.col("moment") == name)).sort("occasion")
    if found.is_empty():
        known = sorted({*scores["probe"], *scores["moment"]} - {""})
        raise ValueError(f"nothing was asked at {name!r} (there are: {', '.join(known) or 'none'})")
    return found


def flat(found: Comparison) -> dict[str, Any]:
    """Return a comparison as columns of a table."""
    values = found._asdict()
    interval, ends = values.pop("interval"), values.pop("d_interval")
    return {
        "pairs": values.pop("pairs"),
        "difference": values.pop("difference"),
        "low": interval.low,
        "high": interval.high,
        "d": values.pop("d"),
        "d_low": ends.low,
        "d_high": ends.high,
        **values,
    }


def with_corrected(
    rows: Sequence[Mapping[str, Any]],
    column: str,
    family: Sequence[str],
    name: str = "holm_p",
    method: str = "holm",
) -> pl.DataFrame:
    """Return the rows with p-values of `column` corrected within each family, as `name`.

    The new column stands before those that tell how the answers came about, which are the last.
    """
    table = pl.DataFrame(rows, infer_schema_length=None)
    if table.is_empty():
        return table
    families = [
        part.with_columns(
            pl.Series(name, corrected(part[column].to_list(), method), dtype=pl.Float64)
        )
        for _, part in table.group_by(family, maintain_order=True)
    ]
    ending = (name, *COUNTED)
    return pl.concat(families).select(pl.exclude(ending), *ending)
