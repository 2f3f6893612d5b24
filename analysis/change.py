"""Change of trait scores: before and after, over occasions, and when asked again."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from scipy import stats

from societies.analysis.consistency import (
    ADMINISTRATION,
    SCALE,
    persona_level,
    responses,
    trait_scores,
)
from societies.analysis.statistics import Interval, bootstrap_mean, trend
from societies.run_directory import Run

EXACT = 8
"""Pairs up to which Wilcoxon's test is exact even with ties."""


class Comparison(NamedTuple):
    """Two paired samples compared."""

    pairs: int
    difference: float | None
    """Mean of second minus first."""
    interval: Interval
    """95 % bootstrap interval of the difference, over pairs."""
    effect: float | None
    """Cohen's d of the differences (mean over standard deviation)."""
    t: float | None
    t_p: float | None
    wilcoxon_p: float | None
    """Wilcoxon's signed-rank test; null if nothing differs."""


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Compare two paired samples.

    Raises:
        ValueError: they are not of one length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values cannot be paired with {len(second)}")
    changes = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    n = int(changes.size)
    mean = float(changes.mean()) if n else None
    if n < 2 or np.ptp(changes) <= 1e-12:
        return Comparison(n, mean, Interval(None, None), None, None, None, None)
    test = stats.ttest_rel(second, first)
    return Comparison(
        n,
        mean,
        bootstrap_mean(changes.tolist()),
        float(changes.mean() / changes.std(ddof=1)),
        float(test.statistic),
        float(test.pvalue),
        float(stats.wilcoxon(changes, method=_method(changes)).pvalue),
    )


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

    The tests are paired; `holm_p` corrects the t test over the traits of one scale (12.7).
    """
    scores = trait_scores(run).drop_nulls("item_mean")
    keys = [*SCALE, "agent"]
    first = (
        _moment(scores, before).group_by(keys, maintain_order=True).agg(pl.col("item_mean").first())
    )
    last = (
        _moment(scores, after).group_by(keys, maintain_order=True).agg(pl.col("item_mean").last())
    )
    pairs = first.join(last, on=keys, suffix="_after")
    rows = []
    for key, part in pairs.group_by(SCALE, maintain_order=True):
        found = compare(part["item_mean"].to_list(), part["item_mean_after"].to_list())
        rows.append({**dict(zip(SCALE, key, strict=True)), **_flat(found)})
    return _with_holm(pl.DataFrame(rows, infer_schema_length=None), "t_p")


def administrations(run: Run, of: Literal["score", "value"] = "score") -> pl.DataFrame:
    """Compare all pairs of cells of the grid, item by item (section 3).

    The items are the same in both cells, hence the paired test; p-values are corrected by Holm over
    all pairs and traits. Repeats are averaged.

    Args:
        run: the run.
        of: `score` compares keyed answers, whose shift would be taken for a change of personality.
            `value` compares answers as they were given: it shows a preference for places or numbers
            that cancels in scales with as many reversed items as others.
    """
    cell = [name for name in ADMINISTRATION if name != "repeat"]
    means = (
        responses(run)
        .filter(pl.col("trait") != "", pl.col("asking") == 1)
        .with_columns(cell=pl.concat_str(cell, separator=" "))
        .group_by(*SCALE, "agent", "item", "cell", maintain_order=True)
        .agg(pl.col(of).mean())
        .drop_nulls()
    )
    rows = []
    for key, part in means.group_by(SCALE, maintain_order=True):
        cells = part["cell"].unique(maintain_order=True).to_list()
        wide = part.pivot("cell", index=["agent", "item"], values=of)
        for place, one in enumerate(cells):
            for other in cells[place + 1 :]:
                both = wide.select(one, other).drop_nulls()
                found = compare(both[one].to_list(), both[other].to_list())
                rows.append(
                    {
                        **dict(zip(SCALE, key, strict=True)),
                        "one": one,
                        "other": other,
                        **_flat(found),
                    }
                )
    return _with_holm(pl.DataFrame(rows, infer_schema_length=None), "wilcoxon_p")


def drift(run: Run) -> pl.DataFrame:
    """Return the slope of every agent's trait scores over occasions, in scale widths."""
    scores = trait_scores(run).drop_nulls("item_mean")
    rows = []
    for key, part in scores.group_by(*SCALE, "agent", maintain_order=True):
        width = float(part["width"][0])
        line = trend(part["occasion"].to_list(), (part["item_mean"] / width).to_list())
        names = [*SCALE, "agent"]
        rows.append(
            {
                **dict(zip(names, key, strict=True)),
                "occasions": part["occasion"].n_unique(),
                "slope": line.slope,
                "standard_error": line.standard_error,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def icc(run: Run) -> pl.DataFrame:
    """Return the intraclass correlation of trait scores over occasions: ICC(A,1), two-way.

    Agents asked on every occasion count (McGraw & Wong 1996, absolute agreement, single score).
    """
    scores = trait_scores(run).drop_nulls("item_mean")
    rows = []
    for key, part in scores.group_by(SCALE, maintain_order=True):
        wide = (
            part.group_by("agent", "occasion")
            .agg(pl.col("item_mean").mean())
            .sort("occasion")
            .pivot("occasion", index="agent", values="item_mean")
            .drop_nulls()
            .drop("agent")
        )
        rows.append(
            {
                **dict(zip(SCALE, key, strict=True)),
                "agents": wide.height,
                "occasions": wide.width,
                "icc": intraclass(wide.to_numpy()),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def intraclass(scores: Any) -> float | None:
    """Return ICC(A,1) of agents (rows) on occasions (columns); None where it is undefined."""
    table = np.asarray(scores, dtype=float)
    if table.ndim != 2 or table.shape[0] < 3 or table.shape[1] < 2 or np.ptp(table) == 0:
        return None
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    n, k = table.shape
    long = pd.DataFrame(
        {"score": table.ravel(), "agent": np.repeat(np.arange(n), k), "time": np.tile(range(k), n)}
    )
    found = anova_lm(ols("score ~ C(agent) + C(time)", data=long).fit())
    rows, columns, error = (float(value) for value in found["sum_sq"] / found["df"])
    denominator = rows + (k - 1) * error + k * (columns - error) / n
    return (rows - error) / denominator if denominator > 0 else None


def steadfastness(run: Run) -> pl.DataFrame:
    """Return how answers hold when the same question is asked again (10.3).

    An answer is `right` if it is on the side of the trait that the persona has. Columns: `acc1`,
    `acc2`, `confidence` (CL: right stays right), `critique` (CS: wrong becomes right), `rss`.
    """
    answers = responses(run).filter(pl.col("trait") != "").drop_nulls("side")
    keys = ["agent", "item", "occasion", *ADMINISTRATION]
    levels = [
        persona_level(text, trait)
        for text, trait in answers.select("big_five", "trait").iter_rows()
    ]
    sided = answers.with_columns(level=pl.Series(levels, dtype=pl.Float64)).filter(
        pl.col("level") != 0
    )
    sided = sided.with_columns(right=pl.col("side") * pl.col("level") > 0)
    again = sided.filter(pl.col("asking") == 2).select(*keys, "right")
    pairs = sided.filter(pl.col("asking") == 1).join(again, on=keys, suffix="_again")
    rows = []
    for key, part in pairs.group_by("group", "instrument", maintain_order=True):
        found = confidence_critique(part["right"].to_list(), part["right_again"].to_list())
        rows.append({"group": key[0], "instrument": key[1], "answers": part.height, **found})
    return pl.DataFrame(rows, infer_schema_length=None)


def confidence_critique(
    first: Sequence[float | bool], second: Sequence[float | bool]
) -> dict[str, float | None]:
    """Return Acc1, Acc2, CL, CS and RSS of answers given twice (Yang et al. 2024, 10.3).

    Args:
        first: per question, whether (or with which probability) the first answer was right.
        second: whether the second was, after that first answer.
    """
    right = np.asarray(first, dtype=float)
    again = np.asarray(second, dtype=float)
    acc1, acc2 = float(right.mean()), float(again.mean())
    held = float((right * again).sum() / right.sum()) if right.sum() > 0 else None
    wrong = 1 - right
    mended = float((wrong * again).sum() / wrong.sum()) if wrong.sum() > 0 else None
    return {
        "acc1": acc1,
        "acc2": acc2,
        "confidence": held,
        "critique": mended,
        "rss": relative_score(acc1, acc2),
    }


def relative_score(acc1: float, acc2: float) -> float | None:
    """Return RSS = (Acc2 - Acc1^2) / (2 Acc1 (1 - Acc1)); 0.5 means unchanged (10.3).

    It is undefined at Acc1 = 0 or 1, and may leave [0, 1].
    """
    if acc1 in (0.0, 1.0):
        return None
    return (acc2 - acc1**2) / (2 * acc1 * (1 - acc1))


def _moment(scores: pl.DataFrame, name: str) -> pl.DataFrame:
    found = scores.filter((pl.col("probe") == name) | (pl.col("moment") == name)).sort("occasion")
    if found.is_empty():
        known = sorted({*scores["probe"], *scores["moment"]} - {""})
        raise ValueError(f"nothing was asked at {name!r} (there are: {', '.join(known) or 'none'})")
    return found


def _flat(found: Comparison) -> Mapping[str, Any]:
    values = found._asdict()
    interval = values.pop("interval")
    return {**values, "low": interval.low, "high": interval.high}


def _with_holm(table: pl.DataFrame, column: str) -> pl.DataFrame:
    if table.is_empty():
        return table
    corrected_p = corrected(table[column].to_list())
    return table.with_columns(pl.Series("holm_p", corrected_p, dtype=pl.Float64))
