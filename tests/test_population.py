"""Populations: who is drawn, from every kind of description."""

from collections import Counter
from itertools import pairwise
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import pearsonr

from societies.agents.models.base import ModelSpec
from societies.agents.persona.persona import TRAITS, Persona, PersonaSpec
from societies.agents.population import Person, Population, PopulationError, PopulationSpec
from societies.agents.population.describe import lines, trait_scores
from societies.agents.templates.prompts import Prompts
from societies.errors import InputError
from societies.loading.load import load

MODEL = ModelSpec(name="scripted/persona")
LARGE = 10_000

TRAITS_ASKED = {
    "means": {"openness": 3.92, "conscientiousness": 3.45, "extraversion": 3.25},
    "sds": {"openness": 0.66, "conscientiousness": 0.73, "extraversion": 0.90},
    "correlations": {"extraversion openness": 0.4, "conscientiousness openness": -0.2},
}


def drawn(number: int, seed: int = 1, **keys: object) -> list[Person]:
    spec = PopulationSpec.model_validate({"size": number, **keys})
    return Population(spec, MODEL, seed).people(number)


def test_large_population_has_the_asked_means_sds_and_correlations() -> None:
    people = drawn(LARGE, traits=TRAITS_ASKED)
    scores = trait_scores(people)
    for trait, mean in TRAITS_ASKED["means"].items():
        sd = TRAITS_ASKED["sds"][trait]
        assert fmean(scores[trait]) == pytest.approx(mean, abs=4 * sd / sqrt(LARGE))
        assert stdev(scores[trait]) == pytest.approx(sd, abs=4 * sd / sqrt(2 * LARGE))
        assert 1 <= min(scores[trait]) <= max(scores[trait]) <= 5
    asked = {**TRAITS_ASKED["correlations"], "extraversion conscientiousness": 0.0}
    for pair, correlation in asked.items():
        first, second = pair.split()
        found = pearsonr(scores[first], scores[second]).statistic
        assert found == pytest.approx(correlation, abs=4 / sqrt(LARGE))


def test_quotas_are_filled_in_every_prefix() -> None:
    margins = {"gender": {"woman": 0.51, "man": 0.49}, "region": {"north": 3, "south": 7}}
    people = drawn(LARGE, margins={"margins": margins})
    for number in (100, 1000, LARGE):
        genders = Counter(person.persona.attributes["gender"] for person in people[:number])
        regions = Counter(person.persona.attributes["region"] for person in people[:number])
        assert genders["woman"] == pytest.approx(0.51 * number, abs=8)
        assert regions["north"] == pytest.approx(0.30 * number, abs=8)


def test_raked_table_keeps_its_association_and_meets_its_margins() -> None:
    table = [
        {"age": "young", "work": "student", "weight": 4},
        {"age": "young", "work": "employed", "weight": 2},
        {"age": "old", "work": "employed", "weight": 1},
    ]
    margins = {"age": {"young": 0.6, "old": 0.4}, "work": {"student": 0.25, "employed": 0.75}}
    people = drawn(4000, margins={"margins": margins, "table": table, "quotas": False})
    cells = Counter((p.persona.attributes["age"], p.persona.attributes["work"]) for p in people)
    assert cells["old", "student"] == 0
    assert cells["young", "student"] / 4000 == pytest.approx(0.25, abs=0.03)
    assert cells["young", "employed"] / 4000 == pytest.approx(0.35, abs=0.03)
    assert cells["old", "employed"] / 4000 == pytest.approx(0.40, abs=0.03)


def test_margin_of_a_category_outside_the_table_is_named() -> None:
    table = [{"age": "young", "work": "student"}]
    margins = {"age": {"young": 0.6, "old": 0.4}}
    with pytest.raises(PopulationError, match=r"margin 'age' asks for 40.0% of 'old'"):
        drawn(5, margins={"margins": margins, "table": table})


def test_contradicting_margins_are_named() -> None:
    margins = {"a": {"x": 0.5, "y": 0.5}, "a, b": {"x, u": 0.9, "y, u": 0.1}}
    with pytest.raises(PopulationError, match=r"margin 'a' cannot be met .* 'x' should have 50.0%"):
        drawn(5, margins={"margins": margins})


def test_independent_attributes_are_uniform_and_uncorrelated() -> None:
    attributes = {"age": {"between": [20, 80]}, "faith": {"values": ["none", "some"]}}
    people = drawn(6000, attributes=attributes)
    ages = [float(person.persona.attributes["age"]) for person in people]
    faithful = [float(person.persona.attributes["faith"] == "some") for person in people]
    assert (min(ages), max(ages)) == (20, 80)
    assert fmean(ages) == pytest.approx(50, abs=1)
    assert abs(pearsonr(ages, faithful).statistic) < 0.05


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
def test_growing_a_population_keeps_its_people(small: int, more: int, seed: int) -> None:
    description = {
        "attributes": {"age": {"between": [20, 80]}},
        "traits": TRAITS_ASKED,
        "margins": {"margins": {"gender": {"woman": 1, "man": 1}}},
        "cross": {"city": ["A", "B", "C"]},
        "exclude": [{"age": {"below": 30}, "gender": "man"}],
        "groups": [{"share": 2}, {"share": 1}],
    }
    assert drawn(small, seed, **description) == drawn(small + more, seed, **description)[:small]


def test_describing_one_more_attribute_changes_nobody_else() -> None:
    age = {"age": {"between": [20, 80]}}
    before = [p.persona.attributes["age"] for p in drawn(30, attributes=age)]
    more = {"pet": {"values": ["cat", "dog"]}, **age}
    assert [p.persona.attributes["age"] for p in drawn(30, attributes=more)] == before


def test_cross_product_takes_every_combination_in_turn() -> None:
    cross = {"big_five.openness": ["low", "high"], "country": ["Chile", "Kenya", "Laos"]}
    cells = [
        (person.persona.big_five["openness"], person.persona.attributes["country"])
        for person in drawn(12, cross=cross)
    ]
    assert len(set(cells[:6])) == 6
    assert cells[:6] == cells[6:]


def test_impossible_people_are_drawn_again() -> None:
    rules = [{"age": {"below": 25}, "title": {"is_in": ["professor", "judge"]}}]
    attributes = {"age": {"between": [18, 60]}, "title": {"values": ["professor", "cook"]}}
    people = drawn(500, attributes=attributes, exclude=rules)
    young = [p.persona.attributes for p in people if p.persona.attributes["age"] < 25]
    assert young
    assert {person["title"] for person in young} == {"cook"}


def test_rules_that_leave_nobody_are_an_error() -> None:
    with pytest.raises(PopulationError, match="the rules leave nobody"):
        drawn(1, attributes={"age": {"values": [20]}}, exclude=[{"age": 20}])


def test_two_groups_alternate_and_models_are_shared_out_within_each() -> None:
    creative = {"extraversion": "very high", "openness": "very high"}
    analytic = {"extraversion": "very low", "openness": "very low"}
    people = drawn(
        8,
        groups=[
            {"name": "creative", "share": 1, "persona": {"big_five": creative}},
            {"name": "analytic", "share": 1, "persona": {"big_five": analytic}},
        ],
        models=[{"name": "scripted/a", "share": 1}, {"name": "scripted/b", "share": 1}],
    )
    assert Counter((person.group, person.model.name) for person in people) == {
        (group, model): 2
        for group in ("creative", "analytic")
        for model in ("scripted/a", "scripted/b")
    }
    assert people[0].persona.score("extraversion") == -people[1].persona.score("extraversion") == 1


def test_listed_people_come_in_order_and_never_twice_unasked() -> None:
    people = [{"text": "I am Ann."}, {"text": "I am Bob.", "model": {"name": "scripted/b"}}]
    population = Population(PopulationSpec.model_validate({"size": 2, "people": people}), MODEL, 0)
    ann, bob = population.people(2)
    assert (ann.persona.text, ann.model.name) == ("I am Ann.", "scripted/persona")
    assert (bob.persona.text, bob.model.name) == ("I am Bob.", "scripted/b")
    with pytest.raises(PopulationError, match="lists 2 people and one more is needed"):
        population.next_person()
    with pytest.raises(ValidationError, match="2 people are listed and the size is 3"):
        PopulationSpec.model_validate({"size": 3, "people": people})


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_people_from_a_file_are_held_by_the_configuration(tmp_path: Path, kind: str) -> None:
    frame = pl.DataFrame(
        {
            "openness": [4.5, 2.0],
            "E": ["high", "low"],
            "social.age": [30, 40],
            "job": ["cook", "poet"],
            "secrets": ["I cannot swim; I fear bees", None],
        }
    )
    path = tmp_path / f"people.{kind}"
    getattr(frame, {"csv": "write_csv", "parquet": "write_parquet", "jsonl": "write_ndjson"}[kind])(
        path
    )
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(
        "scenario: donor_game\nmodel: {name: scripted/persona}\n"
        f"population: {{size: 2, file: {{path: people.{kind}, "
        "columns: {E: big_five.extraversion}}}\n"
        "protocol: {generations: 1, survivors: 0, rounds: 1}\n"
    )
    config, _ = load(scenario)
    path.unlink()
    config, _ = load(config.model_dump(mode="json"))
    first, second = Population(config.population, config.model, 0).people(2)
    assert first.persona.big_five == {"openness": 4.5, "extraversion": "high"}
    assert first.persona.secrets == ["I cannot swim", "I fear bees"]
    assert second.persona.social == {"age": 40}
    assert second.persona.attributes == {"job": "poet"}


def test_a_bad_row_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("openness\n3\n9\n")
    data = {"scenario": "donor_game", "model": {"name": "scripted/persona"}}
    data["population"] = {"size": 2, "file": {"path": str(tmp_path / "people.csv")}}
    with pytest.raises(InputError, match=r"person 2, big_five.openness"):
        load(data)


def test_impossible_moments_and_correlations_are_named() -> None:
    wide = {"means": {"openness": 3.0}, "sds": {"openness": 1.5}}
    with pytest.raises(PopulationError, match="openness cannot have mean 3 and standard dev"):
        drawn(1, traits=wide)
    contradicting = {
        **TRAITS_ASKED,
        "correlations": {
            "openness extraversion": 0.9,
            "openness conscientiousness": 0.9,
            "extraversion conscientiousness": -0.9,
        },
    }
    with pytest.raises(PopulationError, match="the correlations contradict each other"):
        drawn(1, traits=contradicting)


def test_description_sets_asked_beside_drawn() -> None:
    spec = PopulationSpec.model_validate(
        {"size": 400, "margins": {"margins": {"gender": {"woman": 3, "man": 1}}}}
    )
    found = {
        (line.subject, line.figure): (line.asked, line.drawn)
        for line in lines(spec, Population(spec, MODEL, 2).people(400))
    }
    asked, share = found["gender", "woman"]
    assert asked == 0.75
    assert share == pytest.approx(0.75, abs=0.01)


def rendered(persona: Persona) -> str:
    return Prompts([]).render("persona", {"persona": persona})


def test_every_block_is_told_and_can_be_switched_off() -> None:
    full = {
        "social": {"age": 41},
        "big_five": {"openness": 4.6},
        "values": {"hedonism": "very high"},
        "summary": "You hide your doubts.",
        "life": {"weekday": "I bake at four.", "loves": ["rye"], "hates": ["noise"]},
        "attributes": {"home_town": "Lund"},
        "goals": ["win the fair"],
        "secrets": ["the recipe is bought"],
        "text": "You stammer.",
        "identity": "Nils",
    }
    told = {
        "social": ["Age: 41"],
        "personality": ["very curious and imaginative", "enjoying yourself", "hide your doubts"],
        "life": ["I bake at four.", "You love rye.", "You hate noise."],
        "attributes": ["Your home town: Lund."],
        "goals": ["win the fair"],
        "secrets": ["the recipe is bought"],
        "text": ["You stammer."],
    }
    spec = PersonaSpec.model_validate(full)
    everything = rendered(spec.draw(stream()))
    assert "Nils" not in everything
    for block, sentences in told.items():
        others = [other for other in told if other != block]
        without = rendered(PersonaSpec.model_validate({**full, "blocks": others}).draw(stream()))
        for sentence in sentences:
            assert sentence in everything
            assert sentence not in without


def stream():
    from societies.agents.streams import stream as owned

    return owned(1, "person", 0)


@given(st.sampled_from(TRAITS), st.floats(1, 5))
def test_scores_and_levels_agree(trait: str, score: float) -> None:
    persona = Persona.model_validate({"big_five": {trait: score}})
    nearest = Persona.model_validate({"big_five": {trait: persona.level(trait)}})
    assert abs(nearest.score(trait) - persona.score(trait)) <= 0.25


def test_levels_rise_with_scores() -> None:
    levels = [Persona.model_validate({"big_five": {"openness": s}}) for s in (1, 2, 3, 4, 5)]
    assert all(low.score("openness") < high.score("openness") for low, high in pairwise(levels))
    assert levels[0].level("openness") == "very low"
