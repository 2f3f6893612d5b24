"""Factorial designs: groups, models, listed people and crossed values in every combination."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from societies.agents.models.base import ModelSpec
from societies.agents.population import Person, Population, PopulationSpec
from societies.agents.population.factors import confounded, factors
from societies.cli.main import app

AB = [{"name": "a", "share": 1}, {"name": "b", "share": 1}]
XY = [{"name": "scripted/x"}, {"name": "scripted/y"}]
LEVELS = {"level": ["low", "high"]}


def spec_of(size: int, **keys: Any) -> PopulationSpec:
    return PopulationSpec.model_validate({"size": size, **keys})


def drawn(size: int, seed: int = 1, **keys: Any) -> list[Person]:
    return Population(spec_of(size, **keys), ModelSpec(name="scripted/x"), seed).people(size)


def counted(people: list[Person], *names: str) -> Counter[tuple[Any, ...]]:
    """Count people by group, model and crossed values."""
    return Counter(
        (person.group, person.model.name, *(person.persona.attributes[name] for name in names))
        for person in people
    )


def test_groups_and_crossed_values_meet_in_every_combination() -> None:
    for seed in range(3):
        people = drawn(8, seed, groups=AB, cross=LEVELS)
        assert sorted(counted(people, "level").values()) == [2, 2, 2, 2]


def test_models_and_crossed_values_meet_in_every_combination() -> None:
    people = drawn(8, models=XY, cross={**LEVELS, "role": ["buyer", "seller"]})
    assert len(counted(people, "level", "role")) == 8
    people = drawn(24, groups=AB, models=XY, cross={"tone": ["calm", "loud", "odd"]})
    assert sorted(counted(people, "tone").values()) == [2] * 12


def test_listed_people_that_begin_again_meet_every_crossed_value() -> None:
    people = drawn(8, people=[{"text": "Ann"}, {"text": "Bob"}], repeat=True, cross=LEVELS)
    met = Counter((person.persona.text, person.persona.attributes["level"]) for person in people)
    assert sorted(met.values()) == [2, 2, 2, 2]


shares = st.lists(st.integers(1, 4), min_size=1, max_size=4)
levels = st.lists(st.integers(2, 3), min_size=1, max_size=2)


@settings(deadline=None)
@given(shares, shares, levels, st.integers(1, 80), st.booleans())
def test_combinations_are_as_even_as_the_numbers_allow(
    groups: list[int], models: list[int], sizes: list[int], size: int, equal: bool
) -> None:
    described: dict[str, Any] = {
        "groups": [{"name": f"g{n}", "share": 1 if equal else s} for n, s in enumerate(groups)],
        "models": [{"name": f"m{n}", "share": 1 if equal else s} for n, s in enumerate(models)],
    }
    cross = {f"f{n}": [f"v{level}" for level in range(k)] for n, k in enumerate(sizes)}
    people, plain = drawn(size, **described, cross=cross), drawn(size, **described)
    assert [(p.group, p.model) for p in people] == [(p.group, p.model) for p in plain]
    cells = counted(people, *cross)
    combinations = {cell[2:] for cell in counted(drawn(9, cross=cross), *cross)}
    for stratum in {cell[:2] for cell in cells}:
        numbers = [cells[(*stratum, *each)] for each in combinations]
        assert max(numbers) - min(numbers) <= 1, "the spread is at most one per cell"
    if equal:
        for keep in (lambda cell: cell[2:], lambda cell: (cell[0], *cell[2:])):
            margin: Counter[tuple[Any, ...]] = Counter()
            for cell, number in cells.items():
                margin[keep(cell)] += number
            for group in {key[: -len(sizes)] for key in margin}:
                numbers = [margin[(*group, *each)] for each in combinations]
                assert max(numbers) - min(numbers) <= 2, "and the margins are balanced"


@given(levels, st.integers(1, 40))
def test_crossed_values_alone_come_in_the_order_they_always_came_in(
    sizes: list[int], size: int
) -> None:
    cross = {f"f{n}": [f"v{level}" for level in range(k)] for n, k in enumerate(sizes)}
    for index, person in enumerate(drawn(size, cross=cross)):
        place = index
        for name, values in cross.items():
            place, position = divmod(place, len(values))
            assert person.persona.attributes[name] == values[position]


@pytest.mark.parametrize(
    ("described", "told"),
    [
        ({"size": 8, "groups": AB, "cross": LEVELS}, []),
        ({"size": 2, "groups": AB, "cross": LEVELS}, [("group", "level")]),
        ({"size": 4, "models": XY, "people": [{}] * 2, "repeat": True},
         [("model", "listed person")]),
        ({"size": 4, "models": XY, "groups": AB, "people": [{}] * 2, "repeat": True},
         [("group", "listed person")]),
        ({"size": 4, "groups": AB}, []),
        ({"size": 4, "groups": [{"share": 1, "model": XY[0]}, {"share": 1, "model": XY[1]}]}, []),
        ({"size": 4, "people": [{}] * 4, "cross": LEVELS}, []),
    ],
)  # fmt: skip
def test_factors_that_determine_each_other_are_found(
    described: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    spec = spec_of(**described)
    people = Population(spec, ModelSpec(name="scripted/x"), 1).people(spec.size)
    assert confounded(factors(spec, people)) == told


CONFOUNDED = """
scenario: interview
model: {name: scripted/steady}
population:
  size: 4
  groups: [{name: a, share: 1}, {name: b, share: 1}]
  people: [{identity: Ann}, {identity: Bob}]
  repeat: true
protocol: {questionnaires: [{instrument: mini_markers}]}
"""


def test_validate_warns_and_population_shows_the_joint_table(tmp_path: Path) -> None:
    file = tmp_path / "design.yaml"
    file.write_text(CONFOUNDED)
    checked = CliRunner().invoke(app, ["validate", str(file)])
    assert checked.exit_code == 0
    assert "is valid" in checked.stdout
    assert "warning: population: group and listed person determine each other" in checked.stderr
    listed = "people: [{identity: Ann}, {identity: Bob}]"
    file.write_text(CONFOUNDED.replace(listed, "cross: {level: [low, high]}"))
    checked = CliRunner().invoke(app, ["validate", str(file)])
    assert (checked.exit_code, checked.stderr) == (0, "")
    shown = CliRunner().invoke(app, ["population", str(file), "--show", "0"]).stdout
    rows = [line.split() for line in shown.splitlines()]
    assert ["group", "level", "people"] in rows
    assert all([group, level, "1"] in rows for group in "ab" for level in ("low", "high"))
