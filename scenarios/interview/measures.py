"""What an interview comes to: its result table, and that in sentences."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from societies.analysis.measures import measure_each
from societies.analysis.questionnaires.consistency import (
    SCALE,
    SESSION,
    has_scores,
    reliability,
    trait_scores,
)
from societies.analysis.questionnaires.personas import INDUCED, taken_on
from societies.analysis.questionnaires.portraits import portrait_accuracy, portrayed
from societies.runs.run import Run
from societies.scenarios.interview import SCENARIO

VARIED = [
    name
    for section in ("reliability", "templates and wordings")
    for name in SCENARIO.sections[section]
    if not name.startswith("alpha")
]
"""Measures that need a design which varies something."""


@measure_each(main=True, **{**trait_scores.columns, **taken_on.columns, **reliability.columns})
def summary(run: Run) -> pl.DataFrame:
    """Return the result table of an interview: scores, induction and reliability per trait.

    Measures of what the design does not vary, such as templates, have no column, and neither has
    what tells sessions apart where there is one probe, moment or context only. An interview
    without scored answers has the results of its self-descriptions instead.
    """
    if not has_scores(run):
        return portrait_accuracy(run)
    scale = [*SCALE, *SESSION]
    keys = [*scale, "model"]
    means = trait_scores(run).group_by(keys, maintain_order=True).agg(pl.col("score").mean())
    taken = taken_on(run)
    common = [name for name in keys if name in taken.columns]
    columns = taken.select(*common, "induction", "as_told", "taken")
    found = means.join(columns, on=common, how="left", maintain_order="left").join(
        reliability(run), on=scale, how="left", maintain_order="left"
    )
    unknown = [each.name for each in found if each.name in VARIED and each.is_null().all()]
    same = [name for name in SESSION if found[name].n_unique() == 1]
    return found.drop("model", *unknown, *same).sort(SCALE, maintain_order=True)


def findings(run: Run) -> list[str]:
    """Return in sentences whether each group took on its personas, and how true its portraits are.

    The latter stand in the result table, where there is no other.
    """
    if not has_scores(run):
        return []
    table = taken_on(run).drop_nulls("taken")
    if table.is_empty():
        return portrayed(run)
    keys = [table.columns[0], "instrument", "kind", *SESSION]
    told = [_verdict(key, part) for key, part in table.group_by(keys, maintain_order=True)]
    rule = f"(induction: high minus low personas, in scale widths; taken on: {INDUCED:g}"
    legend = f"{rule}, and in between: {INDUCED / 2:g} and half an option from the middle)"
    return [*told, legend, *portrayed(run)]


def _verdict(key: Sequence[Any], part: pl.DataFrame) -> str:
    who, *asked, context = key
    asked += [context] if context != "fresh" else []
    columns = ("trait", "induction", "from_middle", "taken")
    failed = [
        _failure(trait.replace("_", " "), found, away)
        for trait, found, away, taken in part.select(columns).iter_rows()
        if not taken
    ]
    kept = part.height - len(failed)
    verdict = "taken on" if not failed else "NOT taken on" if not kept else "taken on in part"
    but = f"; not in {', '.join(failed)}" if failed else ""
    return (
        f"{who or 'everybody'} ({', '.join(filter(None, asked))}): persona {verdict}: "
        f"{kept} of {part.height} traits{but}"
    )


def _failure(trait: str, difference: float | None, away: float | None) -> str:
    """Return a trait with what it failed by: the difference, or those who are in between."""
    if difference is not None and difference < INDUCED:
        return f"{trait} {round(difference, 2) + 0.0:.2f}"
    return f"{trait} (in between: {away:.2f} from the middle)"
