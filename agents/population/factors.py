"""The factors of a design: what people differ in by turns, and how these turns are combined."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from societies.agents.population.people import Person
from societies.agents.population.spec import PopulationSpec

MOST_ROWS = 40
"""Combinations of factors that are listed; the rest is summed up."""


def factors(spec: PopulationSpec, people: Sequence[Person]) -> dict[str, list[str]]:
    """Return everybody's value of every factor that a population is designed by.

    Factors are the groups, the models that are shared out, the people of a list that begins again,
    and crossed values; a factor in which nobody differs is left out.
    """
    listed = len(spec.file.lines if spec.file else spec.people)
    found = {"group": [person.group for person in people]} if spec.groups else {}
    if spec.models and not any(group.model for group in spec.groups):
        found["model"] = [person.model.name for person in people]
    if 0 < listed < len(people):
        found["listed person"] = [f"person {person.index % listed + 1}" for person in people]
    for name in spec.cross:
        block, _, key = name.rpartition(".")
        blocks = [
            person.persona.big_five if block else person.persona.attributes for person in people
        ]
        found[name] = [str(told.get(key, "")) for told in blocks]  # type: ignore[call-overload]
    return {name: values for name, values in found.items() if len(set(values)) > 1}


def confounded(factors: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return pairs of factors of which one determines the other: no effect can be told apart."""
    pairs = []
    for one, other in combinations(factors, 2):
        joint = len(set(zip(factors[one], factors[other], strict=True)))
        if joint in (len(set(factors[one])), len(set(factors[other]))):
            pairs.append((one, other))
    return pairs


def joint_table(factors: Mapping[str, Sequence[str]]) -> str:
    """Return how many people there are in every combination of factors, as an aligned table."""
    cells = Counter(zip(*factors.values(), strict=True))
    rows = [(*factors, "people")]
    rows += [(*cell, str(number)) for cell, number in sorted(cells.items())[:MOST_ROWS]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    told = [
        "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    if len(cells) > MOST_ROWS:
        told.append(f"({len(cells) - MOST_ROWS} other combinations)")
    return "\n".join(told)


def warnings(factors: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a warning for each two factors that determine each other."""
    people = len(next(iter(factors.values()), ()))
    return [
        f"warning: population: {one} and {other} determine each other in the {people:,} people "
        "drawn, so that their effects cannot be told apart; cross them, or draw more people"
        for one, other in confounded(factors)
    ]
