"""The scenario interview: its shipped files, its answers, and what agents may not be told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import societies
from societies import registry
from societies.agents.answers.answer import AnswerError
from societies.errors import InputError
from societies.loading.load import load
from societies.runs.results import plot, summarise
from societies.runs.run import Run
from societies.runs.transcript import transcript
from societies.scenarios.interview.answers import Name, TwentyStatements, Verdicts
from societies.testing import check_dry_play

SMALL: dict[str, dict[str, Any]] = {
    "demo": {"population.size": 5},
    "trait_form": {"population.size": 2},
    "sensitivity": {"population.size": 2},
    "words_and_deeds": {"population.size": 4},
    "role_play": {"population.size": 6, "protocol.baseline": 2},
    "who_am_i": {},
    "two_groups": {"population.size": 4},
    "small_model": {"model": {"name": "scripted/steady"}},
}


def test_every_shipped_file_is_tried() -> None:
    assert set(SMALL) == {file.stem for file in registry.find("interview").files()}


@pytest.mark.parametrize("name", sorted(SMALL))
def test_shipped_files_run_replay_and_make_as_many_calls_as_they_say(
    name: str, tmp_path: Path
) -> None:
    run = societies.run(f"interview/{name}", out=tmp_path, sets=SMALL[name])
    check_dry_play(run)
    assert societies.replay(run.path).status == "finished"
    assert summarise(run).height > 0
    assert all(line for line in transcript(run))


def test_shipped_files_draw_their_plots(tmp_path: Path) -> None:
    for name in ("demo", "who_am_i"):
        run = societies.run(f"interview/{name}", out=tmp_path, sets=SMALL[name])
        drawn = plot(run, tmp_path / name)
        assert drawn
        assert all(file.stat().st_size > 5_000 for file in drawn)


def people(**persona: Any) -> dict[str, Any]:
    return {
        "scenario": "interview",
        "name": "small",
        "seed": 2,
        "model": {"name": "scripted/steady"},
        "population": {"size": 2, "persona": persona},
    }


def answers(run: Run) -> list[dict[str, Any]]:
    return run.table("responses").collect().to_dicts()


def test_the_record_says_all_of_how_a_question_was_asked(tmp_path: Path) -> None:
    design = {
        "instrument": "mini_markers",
        "items": ["cold"],
        "templates": ["rate_number"],
        "option_orders": ["reversed"],
        "scale_directions": ["descending"],
        "repeats": 2,
    }
    data = people(big_five={"agreeableness": "very low"})
    data["model"] = {
        "name": "scripted/steady",
        "temperature": 0.7,
        "options": {"respondent": {"noise": 0.0}},
    }
    run = societies.run({**data, "protocol": {"questionnaires": [design]}}, out=tmp_path)
    first = answers(run)[0]
    assert {name: first[name] for name in list(first)[5:] if name not in ("reply", "decoding")} == {
        "instrument": "mini_markers",
        "item": "cold",
        "kind": "rate",
        "trait": "agreeableness",
        "reversed": True,
        "points": 9,
        "question": "cold",
        "pair": "",
        "probe": "",
        "moment": "",
        "occasion": 0,
        "template": "rate_number",
        "option_order": "reversed",
        "scale_direction": "descending",
        "wording": "original",
        "label_style": "numbers",
        "batch": "item",
        "context": "fresh",
        "repeat": 1,
        "position": 1,
        "asking": 1,
        "value": 9,
        "answer": "extremely accurate",
        "score": 1.0,
        "refused": False,
        "outcome": "clean",
        "probabilities": None,
        "model": "scripted/steady",
        "label": "scripted/steady",
        "seed": 2,
    }
    assert "1" in first["reply"]
    assert json.loads(first["decoding"])["temperature"] == 0.7
    assert [row["repeat"] for row in answers(run)] == [1, 1, 2, 2]


def test_unreadable_answers_are_missing_and_never_made_up(tmp_path: Path) -> None:
    data = people()
    data["model"]["options"] = {"malformed": 1.0}
    design = {"instrument": "mini_markers", "items": ["bold", "shy"], "attempts": 3}
    run = societies.run({**data, "protocol": {"questionnaires": [design]}}, out=tmp_path)
    rows = answers(run)
    assert len(rows) == 4
    for row in rows:
        assert row["value"] is None
        assert row["refused"] or row["outcome"] == "defaulted"
    calls = run.table("calls").filter(~run.table("calls").collect()["readable"]).collect()
    assert calls.height > 0


def story(run: Run) -> list[str]:
    return "\n".join(transcript(run)).splitlines()


def test_a_transcript_tells_what_was_asked_and_answered(tmp_path: Path) -> None:
    data = people(big_five={"openness": "very high", "extraversion": "very low"})
    data["population"]["size"] = 1
    data["model"]["options"] = {"respondent": {"noise": 0.0}}
    designs = [
        {"instrument": "mini_markers", "items": ["shy"], "reask": True},
        {"instrument": "everyday_choices", "items": ["o1"], "wordings": ["paraphrase"]},
        {"instrument": "words_and_deeds", "items": ["o4.do"]},
    ]
    run = societies.run({**data, "protocol": {"questionnaires": designs}}, out=tmp_path)
    said = answers(run)
    assert said[2]["answer"] in (
        "Go along and let the music surprise you",
        "Listen to some of it first and go along",
    )
    assert story(run) == [
        "",
        "== the population",
        "  p0000 joins (scripted/steady): You are very curious and imaginative. "
        "You are very quiet and reserved.",
        "",
        "== 1-mini_markers",
        "  mini_markers, 1 to 9: 9 extremely accurate",
        "  answers stand in this order: at first; asked again",
        "  p0000",
        "    shy 9 9",
        "",
        "== 2-everyday_choices",
        "  everyday_choices",
        "  p0000",
        "    o1 You are offered a seat at a concert, and the music is of a "
        "kind that you do not know at all. How do you answer?",
        f"    -> {said[2]['answer']}",
        "",
        "== 3-words_and_deeds",
        "  words_and_deeds",
        "  p0000",
        "    o4.do A child asks you for a story before bed. "
        "First: You read out a story from a book. Second: You make up a story as you go along.",
        "    -> entirely the second",
    ]


def test_a_transcript_tells_refusals_and_what_could_not_be_read(tmp_path: Path) -> None:
    data = people(attributes={"job": "lighthouse keeper", "hobby": "kites"})
    data["population"]["size"] = 1
    design = {"instrument": "mini_markers", "items": ["bold"]}
    told = []
    for options in ({"respondent": {"refusal": 1.0}}, {"malformed": 1.0}):
        data["model"]["options"] = options
        run = societies.run({**data, "protocol": {"questionnaires": [design]}}, out=tmp_path)
        told += [line for line in story(run) if "bold" in line]
    assert told[0] == "    bold x"
    assert told[1] in ("    bold ?", "    bold x")
    assert "  p0000 joins (scripted/steady): Your job: lighthouse keeper. Your hobby: kites." in (
        story(run)
    )


def test_a_transcript_keeps_facts_apart_and_lets_judges_in_before_they_judge(
    tmp_path: Path,
) -> None:
    run = societies.run("interview/who_am_i", out=tmp_path, sets={"protocol.ablations": ["S"]})
    told = story(run)
    assert told[2] == (
        "  p0000-S joins (scripted/steady): Age: 58. Gender: woman. Residence: a fishing village. "
        "Education: vocational school. Job: ferry mechanic. Household: lives with her brother."
    )
    headings = [line for line in told if line.startswith("==")]
    population = "== the population"
    assert headings == [population, "== twenty-statements", population, "== guess-who"]
    assert "  p0000-S guesser takes p0000-S for Marta Lindqvist, rightly: It fits best." in told
    first = told.index("== twenty-statements")
    assert told[first + 1] == "  p0000-S says of itself"
    assert told[first + 2].startswith("      what others know: My age is 58. My gender is woman.")


def test_shuffled_items_differ_by_agent_and_keep_their_number(tmp_path: Path) -> None:
    design = {"instrument": "mini_markers", "item_order": "shuffled"}
    run = societies.run({**people(), "protocol": {"questionnaires": [design]}}, out=tmp_path)
    orders: dict[str, list[str]] = {}
    for row in answers(run):
        orders.setdefault(row["agent"], []).append(row["item"])
        assert row["position"] == len(orders[row["agent"]])
    one, other = orders.values()
    assert one != other
    assert sorted(one) == sorted(other)


def test_secrets_stand_in_no_prompt_but_their_owner_s(tmp_path: Path) -> None:
    hidden = "the ring is under the third stair"
    run = societies.run(
        "donor_game/demo",
        out=tmp_path,
        sets={
            "population.size": 4,
            "population.groups": [],
            "population.people": [
                {"secrets": [hidden]},
                {"goals": ["win"]},
                {"text": "You whistle."},
                {},
            ],
            "protocol.generations": 1,
            "protocol.rounds": 4,
            "protocol.survivors": 2,
        },
    )
    owner = run.table("agents").sort("seq").collect()["agent"][0]
    seen = set()
    for key in run.table("calls").collect()["key"]:
        told = " ".join(content for _, content in run.call(key).messages)
        if hidden in told:
            seen.add(key.split("#")[1])
    assert seen == {owner}
    assert hidden in run.table("agents").collect()["persona"][0]


def test_a_judge_is_shown_no_secret(tmp_path: Path) -> None:
    hidden = "the ring is under the third stair"
    for written_as in (None, "prose"):
        sets = {
            "population.people": [{"identity": "Ada", "secrets": [hidden], "text": "You whistle."}],
            "population.size": 1,
            "population.written_as": written_as,
            "protocol.ablations": [],
        }
        run = societies.run("interview/who_am_i", out=tmp_path, sets=sets)
        told = {
            key.split("#")[1]: " ".join(content for _, content in run.call(key).messages)
            for key in run.table("calls").collect()["key"]
        }
        assert [agent for agent, text in told.items() if hidden in text] == ["p0000"]
        assert "You whistle." in told["p0000 guesser"]


def test_a_judge_who_knows_the_person_is_told_who_that_is_and_one_who_guesses_is_not(
    tmp_path: Path,
) -> None:
    run = societies.run("interview/who_am_i", out=tmp_path, sets={"protocol.ablations": ["S"]})
    calls = run.table("calls").collect()
    [knower] = calls.filter(key="twenty-statements/p0000-S#p0000-S knower#1")["key"]
    told = run.call(knower).messages[-1][1]
    assert "You are Marta Lindqvist, at the end of your story so far.\nThis is who you are:" in told
    assert "Job: ferry mechanic" in told
    assert "You love diesel engines, rye bread, the first snow." in told  # beyond what S tells
    [guesser] = calls.filter(key="guess-who/p0000-S#p0000-S guesser#1")["key"]
    shown = " ".join(content for _, content in run.call(guesser).messages)
    assert "Job: ferry mechanic" in shown
    assert not any(name in shown for name in ("Marta", "Okafor", "diesel", "beekeeper"))


def test_a_mind_recognises_only_whom_it_was_told_about(tmp_path: Path) -> None:
    sets = {
        "model.roles": {"judge": {"name": "scripted/steady"}},
        "protocol.ablations": ["SPC"],
        "protocol.twenty_statements": False,
    }
    run = societies.run("interview/who_am_i", out=tmp_path, sets=sets)
    guesses = run.table("guesses").collect()
    assert set(guesses["guess"]) == {"nobody I know"}
    assert not guesses["correct"].any()


def test_judges_have_a_model_seat_of_their_own(tmp_path: Path) -> None:
    run = societies.run("interview/who_am_i", out=tmp_path)
    judges = run.table("agents").collect().filter(role="judge")
    assert judges.height == 2 * 7 * 4
    assert set(judges["person"]) == {-1}
    described = run.table("self_descriptions").collect()
    assert described.height == 28
    assert all(len(known) == 10 for known in described["known"])


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        ({}, "nothing is asked"),
        ({"questionnaires": [{"instrument": "mini_markers", "repeats": 0}]}, "repeats"),
        ({"guess_who": True, "ablations": ["S", "S"]}, "an ablation stands there twice"),
        ({"questionnaires": [{"instrument": "mini_markers", "items": ["bald"]}]}, "'bold'"),
    ],
)
def test_wrong_protocols_are_told(protocol: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        load({**people(), "protocol": protocol})


def test_people_without_an_identity_cannot_be_judged() -> None:
    data = people()
    data["population"]["people"] = [{"text": "You whistle."}] * 2
    with pytest.raises(InputError, match="the judge needs everybody's identity"):
        load({**data, "protocol": {"twenty_statements": True}})


def test_json_answers_are_read_from_prose() -> None:
    said = TwentyStatements.read(
        'Here:\n```json\n{"known": ["I run."], "hidden": ["I cry."]}\n```', {}
    )
    assert (said.known, said.hidden) == (["I run."], ["I cry."])
    assert said.outcome == "lenient"
    ten = json.dumps({"known": ["I run."] * 10, "hidden": ["I cry."] * 10})
    assert TwentyStatements.read(ten, {}).outcome == "clean"
    situation = {"statements": ["a", "b", "c"]}
    verdicts = Verdicts.read('{"verdicts": [{"true": "yes"}, {"true": "No"}, true]}', situation)
    assert verdicts.verdicts == [True, False, True]
    assert Name.read('{"name": "Nils", "reason": "rye"}', {}).name == "Nils"
    with pytest.raises(AnswerError, match="'verdicts' must list 3 entries"):
        Verdicts.read('{"verdicts": ["yes"]}', situation)
    with pytest.raises(AnswerError, match="'perhaps' is neither yes nor no"):
        Verdicts.read('{"verdicts": ["yes", "no", "perhaps"]}', situation)


@given(st.text(max_size=100))
def test_no_reply_breaks_the_json_reader(text: str) -> None:
    with pytest.raises(AnswerError):
        Name.read(text.replace("{", "("), {})


def test_populations_are_shown_by_the_command(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from societies.cli.main import app

    plot = tmp_path / "people.png"
    shown = CliRunner().invoke(app, ["population", "interview/role_play", "--plot", str(plot)])
    assert shown.exit_code == 0
    assert "200 people, seed 111" in shown.stdout
    assert "income_step" in shown.stdout
    assert plot.stat().st_size > 5_000


def test_the_population_is_set_and_seeded_as_a_run_is() -> None:
    def shown(*options: str) -> Any:
        from typer.testing import CliRunner

        from societies.cli.main import app

        return CliRunner().invoke(app, ["population", "interview/who_am_i", *options])

    seeded = shown("--seed", "7", "--set", "population.size=2", "--show", "0")
    assert seeded.exit_code == 0
    assert seeded.stdout.splitlines()[0] == "2 people, seed 7"
    with pytest.raises(InputError, match=r"--set population.sise: unknown key"):
        raise shown("--set", "population.sise=2").exception
    with pytest.raises(InputError, match="--set size: write KEY=VALUE"):
        raise shown("--set", "size").exception
    with pytest.raises(InputError, match=r"--plot people.xyz: Format 'xyz' is not supported"):
        raise shown("--plot", "people.xyz").exception
    written = shown("--set", "population.written_as=spectrum", "--show", "1")
    assert "a run has a model write them as spectrum first" in written.stdout
