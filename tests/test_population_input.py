"""What a population cannot be is told before anybody is drawn, with the name of what is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from societies.agents.models.base import ModelSpec
from societies.agents.population import Person, Population, PopulationError, PopulationSpec
from societies.agents.population.describe import lines


def drawn(number: int = 6, **keys: Any) -> list[Person]:
    spec = PopulationSpec.model_validate({"size": number, **keys})
    return Population(spec, ModelSpec(name="scripted/steady"), 1).people(number)


TWO = {"means": {"openness": 3, "extraversion": 3}, "sds": {"openness": 1, "extraversion": 1}}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"cross": {"big_five.openness": ["low", "hihg"]}}, "'hihg' is no level"),
        ({"cross": {"big_five.openness": [1, 9]}}, "9 is no level, and no score from 1 to 5"),
        ({"cross": {"role": ["buyer", "buyer"]}}, "factor 'role' has a value twice"),
        ({"attributes": {"age": {"values": [1, 1]}}}, "a value stands there twice"),
        ({"attributes": {"age": {"normal": [40, -2]}}}, "standard deviation is -2; it cannot be"),
        ({"traits": {"means": {}, "sds": {}}}, "at least 1 item"),
        ({"traits": {**TWO, "scale": [0, 100]}}, "between 1 and 5, and the scale is 0-100"),
        ({"traits": {**TWO, "scale": [5, 1]}}, "between 1 and 5, and the scale is 5-1"),
        (
            {
                "traits": {
                    **TWO,
                    "correlations": {"openness extraversion": 0.5, "extraversion openness": -0.5},
                }
            },
            "given twice, either way round",
        ),
        ({"margins": {"margins": {"a, b": {"x,u": 1, "x, u": 1}}}}, "has a category twice"),
        ({"margins": {"margins": {"weight": {"x": 1}}}}, "no attribute can be called weight"),
        ({"exclude": [{}]}, "rule 1 has no condition"),
        ({"exclude": [{"age": {}}]}, "rule 1, age: give is_in, below or above"),
    ],
)
def test_descriptions_that_contradict_themselves_are_refused(
    keys: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        drawn(**keys)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([0, 0], "all rows have weight 0"),
        ([-1, 2], "row 1: weight -1 is no number from 0 up"),
        (["much", 2], "row 1: weight 'much' is no number"),
    ],
)
def test_a_joint_table_needs_weights(weights: list[Any], told: str) -> None:
    table = [{"a": name, "weight": weight} for name, weight in zip("xy", weights, strict=True)]
    with pytest.raises(ValidationError, match=told):
        drawn(margins={"margins": {"a": {"x": 1, "y": 1}}, "table": table})


def test_moments_at_the_edge_of_the_scale_are_named() -> None:
    with pytest.raises(PopulationError, match=r"openness cannot have mean 4\.95 and standard"):
        drawn(traits={"means": {"openness": 4.95}, "sds": {"openness": 0.3}})


def test_more_cells_than_can_be_raked_are_refused_at_once() -> None:
    margins = {name: {str(value): 1 for value in range(12)} for name in "abcdefg"}
    with pytest.raises(PopulationError, match="35,831,808 combinations"):
        drawn(margins={"margins": margins})


def test_a_rule_about_what_nobody_has_is_refused() -> None:
    rule: dict[str, Any] = {"exclude": [{"profession": "student"}]}
    with pytest.raises(PopulationError, match=r"about 'profession', which nobody has .*age, work"):
        drawn(**rule, attributes={"age": {"between": [1, 9]}, "work": {"values": ["student"]}})
    social = {"social": {"profession": "baker"}}
    assert drawn(**rule, groups=[{"share": 1}, {"share": 1, "persona": social}])


def test_rules_compare_numbers_by_value_and_levels_as_scores() -> None:
    ages = drawn(60, attributes={"age": {"between": [1, 3]}}, exclude=[{"age": {"is_in": ["1"]}}])
    assert {person.persona.attributes["age"] for person in ages} == {2, 3}
    own = {"attributes": {"own": {"values": [True, 1, "x"]}}, "exclude": [{"own": 1}]}
    assert {str(person.persona.attributes["own"]) for person in drawn(60, **own)} == {"True", "x"}
    random = {"persona": {"big_five": {"openness": "random"}}}
    low = drawn(60, **random, exclude=[{"openness": {"below": 3}}])
    told = {person.persona.big_five["openness"] for person in low}
    assert told == {"average", "high", "very high"}


def test_words_are_neither_below_nor_above_a_number() -> None:
    work: dict[str, Any] = {"attributes": {"work": {"values": ["baker"]}}}
    with pytest.raises(PopulationError, match="work is 'baker', which is neither below nor above"):
        drawn(**work, exclude=[{"work": {"below": 3}}])


def test_ranges_and_models_stand_beside_what_was_asked() -> None:
    keys = {
        "attributes": {"children": {"between": [0, 4]}},
        "models": [{"name": "scripted/steady", "share": 3}, {"name": "scripted/stubborn"}],
    }
    people = drawn(40, **keys)
    spec = PopulationSpec.model_validate({"size": 40, **keys})
    asked = {(line.subject, line.figure): line.asked for line in lines(spec, people)}
    assert asked["model", "scripted/steady"] == 0.75
    assert asked["children", "3"] == pytest.approx(0.2)
