"""Configurations: what is accepted, and how each kind of mistake is told."""

from pathlib import Path

import pytest
import yaml

import societies
from societies.errors import InputError
from societies.loading.load import json_schema, load

GOOD = """\
scenario: donor_game
model: {name: scripted/persona}
population:
  size: 4
protocol:
  survivors: 2
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def told(tmp_path: Path, text: str) -> str:
    """Return the error for a file, without the folder it lies in; nothing may be left behind."""
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        societies.run(path, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_a_good_file_takes_its_name_from_the_file_and_fills_in_defaults(tmp_path):
    config, scenario = load(written(tmp_path, GOOD))
    assert scenario.name == "donor_game"
    assert (config.name, config.seed, config.protocol.rounds) == ("donor_game-mine", 0, 12)


def test_an_unknown_key_is_told_with_line_column_and_the_nearest_valid_one(tmp_path):
    error = told(tmp_path, GOOD + "  roundz: 3\n")
    assert error.startswith("mine.yaml:7:3: protocol.roundz: unknown key; did you mean 'rounds'?")


def test_several_errors_are_told_at_once(tmp_path):
    error = told(tmp_path, GOOD.replace("size: 4", "size: -4") + "  rounds: many\n  gamez: 1\n")
    assert [line.split(": ")[0] for line in error.splitlines()] == [
        "mine.yaml:4:3",
        "mine.yaml:7:3",
        "mine.yaml:8:3",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "mine.yaml is empty"),
        ("- a\n- b\n", "holds a list, not the keys of a scenario"),
        ("scenario: [\n", "mine.yaml:2:1"),
        ("a: !!python/object/apply:os.system [ls]\n", "mine.yaml:1:4: could not determine"),
        ("seed: 3\n", "mine.yaml:1:1: scenario: say which scenario this is"),
        ("scenario: donor_gane\n", "mine.yaml:1:1: scenario: no scenario is called 'donor_gane'"),
        (GOOD + "seed: 1\nseed: 2\n", "key 'seed' stands twice"),
        (GOOD.replace("size: 4", "size: four"), "valid integer, found 'four'"),
        (GOOD.replace("size: 4", "size: true"), "valid integer, found True"),
        (GOOD.replace("size: 4", "size: 5"), "agents are paired: 5 is odd, use 6"),
        (GOOD.replace("survivors: 2", "survivors: 6"), "6 agents cannot survive"),
        (GOOD.replace("scripted/persona", "scripted/personna"), "mean 'scripted/persona'?"),
        (GOOD + "prompts: {donate: nowhere.j2}\n", "No such file"),
        (GOOD + "prompts: {donation: text}\n", "no such template; did you mean 'donate'"),
        (GOOD + "prompts: {donate: '{% if %}'}\n", "prompt 'donate', line 1"),
        (GOOD.replace("persona}", "persona, options: {warmth: 1}}"), "options.warmth: unknown"),
        (GOOD.replace("persona}", "persona, options: {api_key: k}}"), "api_key_env"),
        (GOOD.replace("persona}", "persona, roles: {judge: {name: x}}}"), "no such role"),
        ("scenario: donor_game\n", "population: this key is required"),
        (GOOD.replace("size: 4", "size: 4\n  groups: [{share: 0}]"), "population.groups.0.share"),
    ],
)
def test_mistakes_are_told_in_words(tmp_path, text, expected):
    assert expected in told(tmp_path, text)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(InputError, match="there is no file 'nowhere"):
        load("nowhere.yaml")
    with pytest.raises(InputError, match="is a folder"):
        load(tmp_path)


def test_overrides_are_named_in_errors_and_reach_into_lists():
    with pytest.raises(InputError, match=r"^--set protocol\.rounds: .* found 'x'"):
        load("donor_game/demo", {"protocol.rounds": "x"})
    with pytest.raises(InputError, match="leads nowhere"):
        load("donor_game/demo", {"population.groups.9.share": 1})
    config, _ = load("donor_game/demo", {"population.groups.0.share": 2})
    assert config.population.groups[0].share == 2


def test_a_model_without_a_key_is_told_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("MY_KEY", raising=False)
    hosted = GOOD.replace("scripted/persona", "openai/gpt-4o-mini")
    assert "set environment variable OPENAI_API_KEY" in told(tmp_path, hosted)
    named = hosted.replace("mini}", "mini, api_key_env: MY_KEY}")
    assert "environment variable MY_KEY is not set" in told(tmp_path, named)
    assert "knows no such provider" in told(tmp_path, GOOD.replace("scripted/", "nobody/"))


def test_the_resolved_file_reruns_the_run(tmp_path, run_small):
    first = run_small(prompts={"strategy": "Your strategy, {{ agent.name }}?"})
    again = societies.run(first.path / "scenario.yaml", out=tmp_path / "again")
    assert again.config == first.config
    assert "null" in (first.path / "scenario.yaml").read_text(encoding="utf-8")
    assert first.table("donations").collect().equals(again.table("donations").collect())


def test_prompt_files_are_taken_relative_to_the_yaml_file_and_kept_in_the_run(tmp_path):
    (tmp_path / "mine.j2").write_text("Plan, {{ agent.name }}.\n", encoding="utf-8")
    path = written(tmp_path, GOOD + "prompts: {strategy: mine.j2}\n")
    run = societies.run(path, out=tmp_path / "runs")
    resolved = yaml.safe_load((run.path / "scenario.yaml").read_text(encoding="utf-8"))
    kept = run.path / resolved["prompts"]["strategy"]
    assert kept.read_text(encoding="utf-8") == "Plan, {{ agent.name }}.\n"
    assert run.call("g1/strategy/1_1#1_1#1").messages[-1] == ("user", "Plan, 1_1.")


def test_the_schema_knows_every_key_of_the_shipped_files():
    schema = json_schema()
    text = str(schema)
    for key in ("scenario", "population", "trace_depth", "in_flight"):
        assert key in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "".join(
                f"l{n}: &l{n} [{', '.join(['*l' + str(n - 1)] * 9) if n else 'x'}]\n"
                for n in range(9)
            ),
            "values once its aliases are filled in",
        ),
        (GOOD + "prompts: &p {system: *p}\n", "an alias stands for something that contains it"),
        (GOOD + "name: 2020-13-45\n", "cannot be read as a"),
        (GOOD + f"seed: 1{'0' * 5000}\n", "cannot be read as a"),
        (GOOD + "prompts: {donate: my_donate.txt}\n", "No such file"),
        (GOOD + "prompts: {donate: /}\n", "Is a directory"),
        (GOOD + "prompts: {donate: ''}\n", "irectory"),
    ],
)
def test_traps_are_told_in_words(tmp_path, text, expected):
    assert expected in told(tmp_path, text)


def test_aliases_are_welcome(tmp_path):
    text = GOOD.replace("{name: scripted/persona}", "&mind {name: scripted/persona}")
    groups = "  groups:\n    - {share: 1, model: *mind}\n    - {share: 1}\n"
    config, _ = load(written(tmp_path, text.replace("  size: 4\n", f"  size: 4\n{groups}")))
    assert config.population.groups[0].model.name == "scripted/persona"


GROUPED = GOOD.replace("size: 4", "size: 4\n  groups: [{share: 1}]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD + "limits: {max_calls: 1e5}\n", "7:10: limits.max_calls: YAML reads 1e5 as text: "),
        (GOOD + "limits: {max_cost_usd: 1e-5}\n", "write 0.00001"),
        (GOOD.replace("{name: scripted/persona}", "scripted/x"), "write {name: scripted/x}"),
        (
            GROUPED.replace("share: 1", "share: 1, model: scripted/x"),
            "groups.0.model: should hold keys and values: write {name: scripted/x}",
        ),
        (GOOD.replace("  size: 4", ""), "mine.yaml:3:1: population: this key is required"),
        (GOOD.replace("size: 4", "persona:\n  size: 4"), "4:3: population.persona: nothing stands"),
        (
            GOOD + "  names: 5\n",
            "7:3: protocol.names: Input should be 'numbered' or a valid list, f",
        ),
        (
            GOOD + "  names: [1]\n",
            "7:11: protocol.names.0: Input should be a valid string, found 1",
        ),
        (GOOD + "5: x\n", "mine.yaml:7:1: 5: a key has to be text, found 5: put it into quotes"),
        (
            GOOD.replace("size: 4", "size: 4\n  9: x"),
            "mine.yaml:5:3: population.9: a key has to be",
        ),
        (
            GOOD.replace("size: 4", "size: 4\n  persona: {attributes: {x: [1]}}"),
            "attributes.x: Inp",
        ),
        (GOOD + '  names: ["\\ud800"]\n', "mine.yaml:7:14: found invalid Unicode character"),
        (
            GOOD + 'prompts: {donate: "\\ud800"}\n',
            "mine.yaml:7:22: found invalid Unicode character",
        ),
        (
            GOOD.replace("persona}", "persona, api_base: localhost}"),
            "such as http://localhost:8000",
        ),
        (GOOD + "  generations: 10000000000000\n", "250,000,000,000,000 steps; at most 1,000,000"),
    ],
)
def test_slips_of_yaml_are_told_in_words(tmp_path, text, expected):
    error = told(tmp_path, text)
    assert expected in error
    assert len(error.splitlines()) == 1
    assert "literal[" not in error
    assert "list[" not in error


@pytest.mark.parametrize("section", ["limits", "log", "prompts", "interventions", "probes"])
def test_a_section_with_nothing_below_is_as_good_as_absent(tmp_path, section):
    empty = load(written(tmp_path, GOOD + f"{section}:\n"))[0]
    assert empty == load(written(tmp_path, GOOD))[0]


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ({"a.b": 1}, "--set a.b: a: unknown key"),
        ({"a..b": 1}, "--set a..b: write names with a dot between"),
        ({".": 1}, "--set .: write names with a dot between"),
        (
            {"population.groups": [{"share": 0}]},
            "--set population.groups: population.groups.0.share",
        ),
        ({"protocol.names": 5}, "--set protocol.names: Input should be 'numbered' or a valid list"),
    ],
)
def test_what_was_set_from_outside_is_told_there(tmp_path, sets, expected):
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, GROUPED), sets)
    assert str(caught.value).startswith(expected)
