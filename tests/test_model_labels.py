"""Variants of one model are told apart by what differs, in every table that compares models."""

import json
import shutil

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import societies
from societies.agents.models.base import ModelSpec, labels
from societies.analysis.questionnaires import consistency, personas
from societies.cli.estimate import against_actual
from societies.cli.show import show_summary
from societies.execute.estimate import estimate
from societies.loading.load import load
from societies.runs.results import answer_counts
from tests.conftest import SMALL

CAREFUL = {"name": "scripted/noisy", "options": {"malformed": 0.0, "sloppy": 0.0}}
SLOPPY = {"name": "scripted/noisy", "options": {"malformed": 0.4, "sloppy": 0.0}}
NAMES = {"scripted/noisy (malformed 0.0)", "scripted/noisy (malformed 0.4)"}
VARIANTS = {
    **SMALL,
    "population.groups": [
        {"name": "careful", "share": 1, "model": CAREFUL},
        {"name": "sloppy", "share": 1, "model": SLOPPY},
    ],
}


def named(*settings):
    specs = [ModelSpec(name="openai/m", **setting) for setting in settings]
    found = labels(specs)
    return [found[spec.fingerprint] for spec in specs]


def test_a_model_without_variants_keeps_its_name():
    assert named({"temperature": 0.2}) == named({}) == ["openai/m"]
    assert named({"temperature": 0.2}, {"temperature": 0.2}) == ["openai/m"] * 2


def test_what_differs_is_named_and_nothing_else():
    told = named({"temperature": 0.2, "seed": 1}, {"temperature": 0.9, "seed": 1}, {"seed": 1})
    assert told == ["openai/m (temperature 0.2)", "openai/m (temperature 0.9)", "openai/m"]
    told = named({"options": {"top_p": 0.5}}, {"options": {"effort": "low"}, "max_tokens": 9})
    assert told == ["openai/m (top_p 0.5)", "openai/m (max_tokens 9, effort low)"]


def test_addresses_and_patience_make_no_variant():
    told = named({"api_base": "http://one/v1"}, {"api_base": "http://two/v1", "timeout": 3})
    assert told == ["openai/m", "openai/m"]


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.0, 0.5]),
        "seed": st.integers(0, 2),
        "options": st.dictionaries(st.sampled_from("ab"), st.text("xy", min_size=28), max_size=2),
    },
)


@given(st.lists(SETTINGS, max_size=6))
def test_no_two_variants_share_a_label(settings):
    specs = [ModelSpec(name="openai/m", **setting) for setting in settings]
    found = labels(specs)
    assert len(set(found.values())) == len({spec.fingerprint for spec in specs})
    assert all(label.startswith("openai/m") for label in found.values())


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    out = tmp_path_factory.mktemp("variants")
    return societies.run("donor_game/demo", out=out, sets=VARIANTS)


def test_answers_are_counted_by_variant(varied, capsys):
    counts = answer_counts(varied, ["model"])
    assert set(counts["model"]) == NAMES
    careful = counts.filter(pl.col("model").str.contains("0.0"))
    assert (careful["clean"] == careful["answers"]).all()
    show_summary(varied)
    assert "scripted/noisy (malformed 0.4)" in capsys.readouterr().out


def test_every_table_that_names_a_model_has_its_label(varied):
    for table in ("agents", "calls", "answers"):
        rows = varied.table(table).select("model", "label").unique().collect()
        assert set(rows["model"]) == {"scripted/noisy"}
        assert set(rows["label"]) == NAMES, table


def test_interviews_compare_variants_as_models(tmp_path):
    steady = [{"name": "scripted/steady", "options": {"malformed": n / 10}} for n in range(2)]
    groups = [{"name": f"{n}", "share": 1, "model": model} for n, model in enumerate(steady)]
    sets = {"population.groups": groups, "population.size": 6}
    run = societies.run("interview/demo", out=tmp_path, sets=sets)
    expected = {"scripted/steady (malformed 0.0)", "scripted/steady (malformed 0.1)"}
    assert set(consistency.trait_scores(run)["model"]) == expected
    assert set(personas.induction(run, by="model")["model"]) == expected


def test_a_new_temperature_is_a_new_variant(run_small):
    change = {"at": "g2", "set": {"model.temperature": 0.5}}
    run = run_small(**{"population.groups": [], "interventions": [change]})
    assert answer_counts(run, ["model"])["model"].to_list() == [
        "scripted/persona",
        "scripted/persona (temperature 0.5)",
    ]
    rows = run.table("interventions").filter(pl.col("model").is_not_null()).collect()
    assert set(rows["label"]) == {"scripted/persona (temperature 0.5)"}


def test_estimates_tell_variants_apart(varied):
    found = estimate(*load("donor_game/demo", VARIANTS))
    assert {line.model for line in found.lines} == NAMES
    table = against_actual(varied, found)
    assert set(table["model"]) == NAMES
    assert (table["calls actual"] > 0).all()


def test_a_run_that_was_recorded_without_labels_can_be_read(varied, tmp_path):
    """As runs of earlier versions were."""
    for table in ("agents", "calls", "answers"):
        folder = tmp_path / "log" / table
        folder.mkdir(parents=True)
        varied.table(table).drop("label").collect().write_parquet(folder / "000000.parquet")
    shutil.copytree(varied.path / "inputs", tmp_path / "inputs")
    shutil.copy(varied.path / "scenario.yaml", tmp_path)
    about = {key: fact for key, fact in varied.about.items() if key != "tables"}
    (tmp_path / "run.json").write_text(json.dumps(about), encoding="utf-8")
    old = societies.Run(tmp_path)
    assert old.rows("calls").collect()["label"].null_count() > 0
    assert answer_counts(old, ["model"])["model"].to_list() == ["scripted/noisy"]
