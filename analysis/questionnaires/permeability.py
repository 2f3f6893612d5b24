"""Selective permeability: which attribute of a persona moves which trait (arXiv 2408.09049)."""

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from societies.analysis.measures import Column, measure, measure_each
from societies.analysis.quality import pooled
from societies.analysis.questionnaires.columns import PARTED, WHOM
from societies.analysis.questionnaires.consistency import SCALE, SESSION, trait_scores
from societies.analysis.questionnaires.paired import with_corrected
from societies.analysis.statistics import Interval, cohens_d, effect_size
from societies.runs.run import Run
from societies.runs.runs import Runs

FEWEST = 3
"""Agents below which a value of an attribute is left out of the comparison."""
SHUFFLES = 200
"""Random assignments of values to agents from which the effect by chance is computed."""


class Contrast(NamedTuple):
    """Independent samples compared: all of them, and those with the lowest and highest mean."""

    agents: int
    values: int
    """How many samples there are."""
    lowest: str | None
    highest: str | None
    """Names of the samples with the lowest and the highest mean."""
    lowest_mean: float | None
    highest_mean: float | None
    d: float | None
    """Cohen's d between these two; never negative, as they are chosen by their means."""
    interval: Interval
    """Its 95 % interval, over agents. Extremes that were chosen among several samples by their
    means have none: it would exclude 0 in a third of all data without any effect."""
    chance: float | None
    """Mean of the same d after giving the values to the agents at random."""
    f: float | None
    p: float | None
    """One-way analysis of variance over all samples."""


@measure_each(
    WHOM,
    PARTED,
    attribute=Column("attribute of the personas"),
)
def selective_permeability(
    run: Run,
    by: Literal["group", "model"] = "group",
    method: Literal["holm", "fdr_bh"] = "holm",
) -> pl.DataFrame:
    """Return for every attribute and trait how far the attribute's values part the agents.

    Attributes are those of table `agents`. Numbers are parted at their median; values that fewer
    than three agents have are left out. A row for each cell of scale and attribute in each session
    (`probe`, `moment`, `context`, as in `reliability`): see `Contrast`
    (`low` and `high` are the ends of the interval of `d`, `note` why there is none: `chance` tells
    what d would be without any effect), `corrected_p` (over all cells of a
    group), and how the answers came about. What is undefined, as where nobody's answers differ, is
    null.

    Args:
        run: a run whose agents have attributes.
        by: within whom agents are compared.
        method: Holm's correction, or Benjamini & Hochberg's false discovery rate.
    """
    scores = trait_scores(run)
    attributes = {
        agent: json.loads(text) for agent, text in scores.select("agent", "attributes").iter_rows()
    }
    names = sorted({name for own in attributes.values() for name in own})
    rows = []
    keys = [by, *SCALE[1:], *SESSION]
    for key, part in scores.group_by(keys, maintain_order=True):
        means = _by_agent(part)
        for name in names:
            told = {agent: attributes[agent].get(name) for agent in means}
            rows.append(
                {
                    **dict(zip(keys, key, strict=True)),
                    "attribute": name,
                    **_columns(contrast(_parted(means, told))),
                    **pooled(part),
                }
            )
    return with_corrected(rows, "p", [by], "corrected_p", method)


@measure(WHOM, PARTED)
def group_differences(
    runs: Runs,
    moment: str | None = None,
    method: Literal["holm", "fdr_bh"] = "holm",
) -> pl.DataFrame:
    """Return how far the trait scores of groups differ: analysis of variance, and Cohen's d.

    Effects of an interaction are differences between those who interacted and those who did not,
    at the same moment (Frisch & Giulianelli 2024). Of several runs each run's groups count apart.

    Args:
        runs: one or several.
        moment: a probe's name, or a value of column `moment`; by default all that was asked.
        method: of the correction over the traits of a scale.

    Columns as in `selective_permeability`, without the attribute.
    """
    several = list(runs.labelled())
    frames = []
    for label, run in several:
        scores = trait_scores(run)
        if moment is not None:
            scores = scores.filter((pl.col("probe") == moment) | (pl.col("moment") == moment))
        name = pl.format("{} {}", pl.lit(label), "group") if len(several) > 1 else pl.col("group")
        frames.append(scores.with_columns(group=name, agent=pl.format("{} {}", name, "agent")))
    rows = []
    for key, part in pl.concat(frames).group_by(SCALE[1:], maintain_order=True):
        means = _by_agent(part)
        groups = dict(part.select("agent", "group").iter_rows())
        found = _columns(contrast(_samples(means, groups)))
        rows.append({**dict(zip(SCALE[1:], key, strict=True)), **found, **pooled(part)})
    return with_corrected(rows, "p", ["instrument"], "corrected_p", method)


def contrast(samples: Mapping[str, Sequence[float]]) -> Contrast:
    """Compare independent samples of at least two values each, given by name.

    With fewer than two samples, or where no value differs, the comparison is undefined.

    Raises:
        ValueError: a value is not finite.
    """
    ordered = {name: np.sort(np.asarray(samples[name], dtype=float)) for name in sorted(samples)}
    parts = list(ordered.values())
    agents = sum(part.size for part in parts)
    flat = np.concatenate(parts) if parts else np.empty(0)
    if len(parts) < 2 or np.ptp(flat) <= 1e-12:
        why = Interval(note="nothing differs" if len(parts) > 1 else "fewer than 2 values")
        nothing = (None, None, None, None, None, why, None, None, None)
        return Contrast(agents, len(parts), *nothing)
    means = {name: float(part.mean()) for name, part in ordered.items()}
    lowest, highest = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    d, interval = effect_size(ordered[lowest], ordered[highest], unit="agents")
    if len(parts) > 2:
        interval = Interval(note=f"chosen among {len(parts)} by their means: see chance")
    varies = any(np.ptp(part) > 0 for part in parts)
    test = _variance(parts) if varies else None
    return Contrast(
        agents,
        len(parts),
        lowest,
        highest,
        means[lowest],
        means[highest],
        d,
        interval,
        _by_chance(flat, [part.size for part in parts]),
        float(test.statistic) if test else None,
        float(test.pvalue) if test else None,
    )


def _variance(parts: Sequence[Any]) -> Any:
    from scipy import stats

    return stats.f_oneway(*parts)


def _by_chance(values: Any, sizes: Sequence[int]) -> float | None:
    """Return the mean d between the extreme samples when values are dealt out at random."""
    random = np.random.default_rng(0)
    dealt = random.permuted(np.tile(values, (SHUFFLES, 1)), axis=1)
    parts = np.split(dealt, np.cumsum(sizes)[:-1], axis=1)
    means = np.stack([part.mean(axis=1) for part in parts])
    ends = means.argmin(axis=0), means.argmax(axis=0)
    found = [
        float(cohens_d(parts[low][row], parts[high][row]))
        for row, (low, high) in enumerate(zip(*ends, strict=True))
    ]
    finite = [d for d in found if np.isfinite(d)]
    return float(np.mean(finite)) if finite else None


def _by_agent(scores: pl.DataFrame) -> dict[str, float]:
    """Return every agent's mean score over administrations."""
    known = scores.drop_nulls("item_mean").group_by("agent", maintain_order=True)
    return dict(known.agg(pl.col("item_mean").mean()).iter_rows())


def _parted(means: Mapping[str, float], told: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the scores by value of an attribute; numbers are parted at their median."""
    known = {agent: value for agent, value in told.items() if value is not None}
    numbers = [value for value in known.values() if _is_number(value)]
    if len(numbers) < len(known) or not numbers:
        return _samples(means, {agent: str(value) for agent, value in known.items()})
    middle = float(np.median(numbers))
    names = f"below {middle:g}", f"from {middle:g}"
    return _samples(means, {agent: names[value >= middle] for agent, value in known.items()})


def _samples(means: Mapping[str, float], labels: Mapping[str, str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for agent, label in labels.items():
        if agent in means:
            found.setdefault(label, []).append(means[agent])
    return {label: scores for label, scores in found.items() if len(scores) >= FEWEST}


def _is_number(value: Hashable) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _columns(found: Contrast) -> dict[str, Any]:
    values = found._asdict()
    interval = values.pop("interval")
    place = list(values).index("d") + 1
    items = list(values.items())
    return dict([*items[:place], *interval._asdict().items(), *items[place:]])
