"""What cannot change in a negotiation: nothing is shared out but what there is, by proposals."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from societies.runs.course import Course
from societies.runs.run import Run
from societies.scenarios.negotiation.contexts import SEATS, Points, context_of, rewards

Logged = dict[str, Any]

TURNS = ("messages", "proposals")
"""The tables that hold a row for every accepted turn."""


def violations(run: Run) -> Iterator[str]:
    """Work out every game's outcome again from its context and its proposals (Liao et al. 2024, 3).

    Yields:
        A sentence for each outcome or sample that does not follow from them.
    """
    course = Course(run)
    contexts = {row["scope"]: row for row in _rows(run, "contexts")}
    proposals: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in _rows(run, "proposals"):
        proposals[row["scope"]][row["seat"]] = row["share"]
    samples = {(row["scope"], row["seat"]): row["score"] for row in _rows(run, "samples")}
    spoken = Counter(row["scope"] for name in TURNS for row in _rows(run, name))
    faults = Counter(row["scope"] for row in _rows(run, "corrections"))
    for end in _rows(run, "outcomes"):
        scope = end["scope"]
        yield from _unlike(end, contexts[scope], proposals[scope])
        if not end["turns"] == spoken[scope] <= course.protocol(end["seq"]).max_turns:
            yield f"{scope}: {end['turns']} turns are counted, and {spoken[scope]} are logged"
        if end["corrections"] != faults[scope]:
            yield f"{scope}: {end['corrections']} corrections, and {faults[scope]} are logged"
        for seat in SEATS:
            if samples[scope, seat] != end[f"{seat}_score"]:
                yield f"{scope}: the sample of {seat} has score {samples[scope, seat]!r}"


def _unlike(end: Logged, context: Logged, proposals: dict[str, Any]) -> Iterator[str]:
    """Yield how an outcome differs from what context and proposals make it."""
    for seat in SEATS:
        if end[f"{seat}_share"] != proposals.get(seat):
            yield f"{end['scope']}: {seat} proposed {proposals.get(seat)}"
    points: Points = (0, 0)
    whole = [sum(parts) for parts in zip(*proposals.values(), strict=True)]
    agreed = len(proposals) == 2 and whole == context["counts"]
    if agreed:
        points = context_of(context).points(tuple(proposals["red"]))
    if agreed != end["agreed"] or agreed != (end["reason"] == "agreed"):
        yield f"{end['scope']}: the proposals make agreed {agreed}, and it is {end['agreed']}"
    if points != (end["red_points"], end["blue_points"]):
        yield f"{end['scope']}: the deal is worth {points} to red and blue"
    scores = rewards(points, context["weight"])
    if scores != (end["red_score"], end["blue_score"]):
        yield f"{end['scope']}: the rewards of red and blue are {scores}"


def _rows(run: Run, table: str) -> Iterator[Logged]:
    return run.table(table).sort("seq").collect().iter_rows(named=True)
