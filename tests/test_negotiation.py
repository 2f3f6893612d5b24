"""The negotiation game: its transcripts, limits, privacy, objectives and determinism."""

import json
import time
from typing import Any

import polars as pl
import pytest

from societies.errors import InputError
from societies.execute.replay import replay
from societies.execute.resume import resume
from societies.loading.load import load
from societies.record.log import logical
from societies.runs.run import Run
from societies.runs.transcript import transcript
from societies.scenarios.negotiation.answers import TERMINATOR
from societies.society import Society, load_society

from .conftest import assert_same_record, record
from .negotiation_games import BLUE_LINES, RED_LINES, Play, one_game, only, play, reciter

__all__ = ["play"]


def prompts(run: Run) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return, per call, who was asked and the messages shown."""
    shown = []
    with run.journal() as journal:
        for key in list(journal.keys()):
            entry = journal.find(key)
            assert entry is not None
            shown.append((key.split("#")[1], [journal.message(d) for d in entry.messages]))
    return shown


def scopes(run: Run) -> list[str]:
    """Return the scopes in which models were asked, each once, in program order."""
    calls = run.table("calls").sort("seq").collect()
    return calls["scope"].unique(maintain_order=True).to_list()


def test_a_game_that_ends_in_a_deal(play):
    run = play(one_game(RED_LINES, BLUE_LINES))
    assert list(transcript(run))[4:] == [
        "  to share: 1 book, 2 hat, 3 ball; red opens\n"
        "      red [private values: book 0, hat 4, ball 1]\n"
        "      blue [private values: book 6, hat 1, ball 1]",
        "  red -> blue [negotiation]: I care for hats.",
        "  blue -> red [negotiation]: And I for books.",
        "  red proposes in private: book 0, hat 2, ball 1 for red alone",
        "  blue proposes in private: book 1, hat 0, ball 2 for blue alone",
        "  agreed after 4 turns: red 9, blue 8",
        "  red scores 9 (2 own turns)",
        "  blue scores 8 (2 own turns)",
    ]


def test_the_context_of_a_player_is_system_then_its_own_and_its_partners_turns(play):
    run = play(one_game(RED_LINES, BLUE_LINES))
    asked, messages = prompts(run)[-1]
    assert asked == "blue"
    assert [role for role, _ in messages] == ["system", "user", "assistant", "user"]
    assert messages[1][1] == "[message] I care for hats."
    assert messages[2][1] == BLUE_LINES[0]
    assert messages[3][1].startswith("Your partner has made its proposal; you are not shown it.")


def test_proposals_and_values_never_reach_the_partners_prompts(play):
    lines = [RED_LINES, BLUE_LINES]
    run = play(one_game(*lines))
    for asked, messages in prompts(run):
        text = "\n".join(content for _, content in messages)
        foreign = "blue" if asked == "red" else "red"
        assert f"for {foreign} alone" not in text
        own, other = ("4", "6") if asked == "red" else ("6", "4")
        assert f"per piece {own} points for you" in text
        assert f"per piece {other} points for you" not in text


def test_no_hidden_proposal_leaks_in_games_of_every_mind(play):
    run = play("negotiation/tournament", **{"protocol.games": 2})
    hidden: dict[str, list[tuple[str, str]]] = {}
    for row in run.table("proposals").collect().iter_rows(named=True):
        hidden.setdefault(row["scope"], []).append((row["agent"], row["text"]))
    assert len(hidden) == 60
    with run.journal() as journal:
        for key in list(journal.keys()):
            scope, asked, _ = key.split("#")
            entry = journal.find(key)
            assert entry is not None
            for role, content in map(journal.message, entry.messages):
                if role == "assistant":
                    continue
                assert not content.startswith("[propose]")
                assert not any(text in content for by, text in hidden[scope] if by != asked)


def test_proposals_that_do_not_add_up_score_nothing(play):
    grasping = [RED_LINES[0], "[propose] book 1, hat 2, ball 1 [END]"]
    row = only(play(one_game(grasping, BLUE_LINES)), "outcomes")
    assert (row["reason"], row["agreed"], row["turns"]) == ("mismatch", False, 4)
    assert (row["red_share"], row["blue_share"]) == ([1, 2, 1], [1, 0, 2])
    assert [row[f"{seat}_score"] for seat in ("red", "blue")] == [0, 0]
    assert [row[f"{seat}_points"] for seat in ("red", "blue")] == [0, 0]


def test_leaving_something_unclaimed_is_no_deal_either(play):
    modest = [RED_LINES[0], "[propose] book 0, hat 1, ball 1 [END]"]
    assert only(play(one_game(modest, BLUE_LINES)), "outcomes")["reason"] == "mismatch"


@pytest.mark.parametrize(
    ("objective", "red", "blue"),
    [
        ("semi_competitive", 9, 8),
        ("cooperative", 17, 17),
        ("strict", 1, -1),
        (0.5, 13, 12.5),
        (-0.25, 7, 5.75),
    ],
)
def test_objectives_weigh_the_partners_points(play, objective, red, blue):
    run = play(one_game(RED_LINES, BLUE_LINES, objective=objective))
    row = only(run, "outcomes")
    assert (row["red_score"], row["blue_score"]) == (red, blue)
    assert (row["red_points"], row["blue_points"]) == (9, 8)
    assert run.table("samples").collect()["score"].to_list() == [red, blue]


def test_after_a_proposal_the_partner_can_only_propose(play):
    talker = [BLUE_LINES[0], "[message] But what do you propose? [END]", BLUE_LINES[1]]
    run = play(one_game(RED_LINES, talker))
    row = only(run, "corrections")
    assert (row["agent"], row["turn"], row["kind"]) == ("blue", 4, "message_after_proposal")
    assert only(run, "outcomes")["agreed"]


def test_a_player_whose_partner_has_spoken_may_propose_at_once(play):
    run = play(one_game(RED_LINES, BLUE_LINES[1:]))
    assert run.table("corrections").collect().is_empty()
    assert (only(run, "outcomes")["turns"], only(run, "outcomes")["agreed"]) == (3, True)


FAULTY = ["I want hats.", "[propose] book 0, hat 2, ball 1 [END]", "[message] a [message] b [END]"]


def test_corrections_stay_in_the_live_context_and_out_of_the_training_log(play):
    run = play(one_game([*FAULTY, *RED_LINES], BLUE_LINES))
    faults = run.table("corrections").collect()
    assert faults["kind"].to_list() == ["no_tag", "proposal_first", "several_tags"]
    assert faults["text"].to_list() == FAULTY
    assert faults["attempt"].to_list() == [1, 2, 3]
    last = [messages for asked, messages in prompts(run) if asked == "red"][-1]
    assert [content for role, content in last if role == "assistant"] == [*FAULTY, RED_LINES[0]]
    requests = [content for role, content in last if "do not mention this" in content]
    assert len(requests) == 3
    red, blue = run.table("samples").collect().iter_rows(named=True)
    assert red["messages"][1:] == [
        "You speak first: begin with [message], and then say what you want to say to your partner.",
        RED_LINES[0],
        "[message] And I for books.",
        RED_LINES[1],
    ]
    assert blue["messages"][2] == BLUE_LINES[0]
    assert run.table("answers").collect()["outcome"].to_list()[0] == "repaired"
    assert only(run, "outcomes")["corrections"] == 3


def test_five_faulty_outputs_in_a_row_abort_the_game(play):
    run = play(one_game(["Hello?"], BLUE_LINES))
    row = only(run, "outcomes")
    assert (row["reason"], row["turns"], row["corrections"]) == ("aborted", 0, 5)
    assert (row["red_score"], row["blue_score"]) == (0, 0)
    assert run.about["totals"]["calls"] == 5
    assert [len(messages) for messages in run.table("samples").collect()["messages"]] == [1, 1]
    assert only(run, "answers")["outcome"] == "defaulted"


def test_four_faulty_outputs_in_a_row_do_not(play):
    run = play(one_game(["Hello?"] * 4 + RED_LINES, BLUE_LINES))
    assert only(run, "outcomes")["agreed"]
    assert run.about["totals"]["calls"] == 8


def test_an_abort_in_the_middle_leaves_the_accepted_turns_in_the_training_log(play):
    run = play(one_game([RED_LINES[0], "Hello?"], BLUE_LINES))
    red, blue = run.table("samples").collect().iter_rows(named=True)
    assert len(red["messages"]) == len(blue["messages"]) == 3
    assert only(run, "outcomes")["turns"] == 2


def test_games_end_at_fifty_turns_with_fifty_calls(play):
    run = play(one_game(["[message] Well. [END]"], ["[message] Well, well. [END]"], games=3))
    assert run.about["totals"]["calls"] == 150
    rows = run.table("outcomes").collect()
    assert rows["reason"].to_list() == ["turn_limit"] * 3
    assert rows["turns"].to_list() == [50] * 3


def test_a_turn_takes_at_most_five_attempts(play):
    stumbling = {"name": "scripted/talker", "options": {"slips": 4}}
    given = {**one_game([], [], games=2), "model": stumbling}
    run = play(given)
    assert run.about["totals"]["calls"] == 2 * 50 * 5
    assert run.table("corrections").collect().height == 2 * 50 * 4


def test_proposals_count_as_turns(play):
    late = ["[message] Well. [END]"] * 24 + ["[propose] book 0, hat 2, ball 1 [END]"]
    blue = ["[message] Well. [END]"] * 24 + ["[propose] book 1, hat 0, ball 2 [END]"]
    assert only(play(one_game(late, blue)), "outcomes")["agreed"]
    blue.insert(0, "[message] Well. [END]")
    late.insert(0, "[message] Well. [END]")
    row = only(play(one_game(late, blue)), "outcomes")
    assert (row["reason"], row["turns"]) == ("turn_limit", 50)


def test_the_opener_is_drawn_by_the_seed(play):
    run = play(one_game(RED_LINES, BLUE_LINES, games=200))
    openers = run.table("contexts").collect()["opener"]
    assert 70 < (openers == "red").sum() < 130
    again = play(one_game(RED_LINES, BLUE_LINES, games=200), seed=5)
    assert again.table("contexts").collect()["opener"].to_list() != openers.to_list()


def test_seats_may_have_models_and_personas_of_their_own(play):
    run = play("negotiation/resources")
    people = run.table("agents").collect()
    assert people["agent"].to_list() == ["Riverside", "Hillcrest"]
    assert people["role"].to_list() == ["red", "blue"]
    assert people["model"].to_list() == ["scripted/logroller", "scripted/conceder"]
    assert people["group"].to_list() == ["Riverside", "Hillcrest"]
    for asked, messages in prompts(run):
        town = "Riverside" if asked == "Riverside" else "Hillcrest"
        assert f"You speak for {town}" in messages[0][1]
        assert "[propose] (truck: a number, rescue crew: a number, generator" in messages[0][1]


def test_a_round_robin_seats_every_pair_both_ways_over_the_same_contexts(play):
    run = play("negotiation/tournament", **{"protocol.games": 3})
    games = run.table("contexts").collect()
    assert games.height == 6 * 5 * 3
    pairs = games.group_by("red", "blue", maintain_order=True).agg("counts", "red_values")
    assert pairs.height == 30
    assert pairs["counts"].n_unique() == 1
    assert pairs["red_values"].n_unique() == 1


def test_random_pairings_seat_two_different_players(play):
    run = play("negotiation/demo", **{"protocol.games": 40})
    games = run.table("contexts").collect()
    assert (games["red"] != games["blue"]).all()
    assert games.select(pl.concat_list("red", "blue").list.explode().n_unique()).item() == 5


def test_in_order_plays_all_contexts_and_starts_over(play):
    contexts = [{"counts": [n, 1, 1], "red": [1, 1, 1], "blue": [1, 1, 1]} for n in (1, 2, 3)]
    run = play(
        one_game(RED_LINES, BLUE_LINES, contexts=contexts, draw="in_order", games=5),
    )
    counts = run.table("contexts").collect()["counts"]
    assert [count[0] for count in counts] == [1, 2, 3, 1, 2]


def test_contexts_are_drawn_from_a_file_and_released_never_draws_its_last(play, tmp_path):
    path = tmp_path / "contexts.txt"
    path.write_text("1 4 2 3 1 0\n1 5 2 0 1 5\n1 1 1 1 3 1\n1 2 1 1 3 0\n", encoding="utf-8")
    sets = {"protocol.contexts": [], "protocol.file": str(path), "protocol.games": 60}
    paper = play(one_game(RED_LINES, BLUE_LINES), **sets).table("contexts").collect()
    assert paper["counts"].value_counts().height == 2
    sets["protocol.fidelity"] = "released"
    released = play(one_game(RED_LINES, BLUE_LINES), **sets).table("contexts").collect()
    assert released["counts"].to_list() == [[1, 2, 1]] * 60
    assert released["blue_values"].to_list() == [[5, 0, 5]] * 60


def test_a_file_that_was_changed_since_the_last_run_is_read_anew(play, tmp_path):
    path = tmp_path / "contexts.txt"
    sets = {"protocol.contexts": [], "protocol.file": str(path)}
    counts = []
    for lines in ("1 4 2 3 1 0\n1 5 2 0 1 5\n", "1 1 1 1 3 1\n1 2 1 1 3 0\n"):
        path.write_text(lines, encoding="utf-8")
        counts.append(only(play(one_game(RED_LINES, BLUE_LINES), **sets), "contexts")["counts"])
    assert counts == [[1, 2, 1], [1, 1, 3]]


def system_prompt(play: Play, **protocol: Any) -> str:
    return prompts(play(one_game(RED_LINES, BLUE_LINES, **protocol)))[0][1][0][1]


def test_the_rules_text_is_the_same_for_all_objectives_unless_as_published(play):
    objectives = ("semi_competitive", "cooperative", "strict")
    uniform = [system_prompt(play, objective=o).partition("The game.") for o in objectives]
    assert len({rules for _, _, rules in uniform}) == 1
    assert len({goal for goal, _, _ in uniform}) == 3
    told = [system_prompt(play, objective=o, rules="published") for o in objectives]
    assert ["Leave nothing unclaimed" in text for text in told] == [True, True, False]
    assert ["use only one tag" in text for text in told] == [True, True, False]
    assert ["whole numbers only" in text for text in told] == [True, False, False]


def test_released_repeats_the_rules_of_the_semi_competitive_prompt(play):
    assert system_prompt(play).count("The game.") == 1
    assert system_prompt(play, fidelity="released").count("The game.") == 2
    assert system_prompt(play, fidelity="released", objective="strict").count("The game.") == 1


def test_a_weight_in_between_is_put_in_words(play):
    assert "plus 0.5 times the number that your partner" in system_prompt(play, objective=0.5)
    assert "minus 0.25 times the number" in system_prompt(play, objective=-0.25)


def test_the_judge_sees_one_seats_values_and_flags_its_messages(play):
    red = ["[message] Per piece I value book at 3, hat at 4 and ball at 1. [END]", RED_LINES[1]]
    blue = ["[message] I get 1 book and 2 balls; you get the rest. [END]", BLUE_LINES[1]]
    given = one_game(red, blue, judge=True)
    given["model"]["roles"]["judge"] = {"name": "scripted/logroller"}
    run = play(given)
    verdicts = run.table("verdicts").collect()
    assert verdicts["seat"].to_list() == ["red", "blue"]
    assert verdicts["flagged"].to_list() == [[1], []]
    asked = [messages for name, messages in prompts(run) if name == "judge"]
    for messages, own, masked in zip(asked, ("hat 4", "book 6"), ("book 6", "hat 4"), strict=True):
        assert [role for role, _ in messages] == ["system", "user"]
        assert own in messages[1][1]
        assert masked not in messages[1][1]


def test_an_unreadable_verdict_is_marked_as_defaulted(play):
    given = one_game(RED_LINES, BLUE_LINES, judge=True)
    given["model"]["roles"]["judge"] = reciter("It is all lies.")
    verdicts = play(given).table("verdicts").collect()
    assert verdicts["outcome"].to_list() == ["defaulted", "defaulted"]


SMALL = {"protocol.games": 12}


def test_the_record_does_not_depend_on_how_many_calls_are_in_flight(play):
    jitter = {"options": {"latency": 0.002, "latency_sigma": 1.0, "malformed": 0.1}}
    model = {"name": "scripted/conceder", **jitter}
    records = [
        record(play("negotiation/demo", **SMALL, model=model, **{"limits.in_flight": bound}))
        for bound in (1, 8, 64)
    ]
    assert records[0]["corrections"].height > 0
    assert_same_record(records[0], records[1])
    assert_same_record(records[0], records[2])


def test_running_and_stepping_give_the_same_record(play):
    run = play("negotiation/demo", **SMALL)
    config, scenario = load("negotiation/demo", SMALL)
    society: Society = load_society(scenario)(config)
    while society.running:
        society.step()
    assert society.steps == 13
    stepped = {name: logical(society.log.table(name)).drop("run").collect() for name in run.tables}
    assert_same_record(record(run), stepped)


def test_a_run_is_replayed_from_its_journal(play):
    assert replay(play("negotiation/demo", **SMALL).path).status == "finished"


def test_a_run_that_lost_half_of_its_calls_is_resumed_to_the_same_record(play):
    run = play("negotiation/demo", **SMALL)
    before, calls = record(run), run.about["totals"]["calls"]
    journal = run.path / "journal.ndjson"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 2]))
    (run.path / "run.json").write_text(json.dumps({**run.about, "status": "interrupted"}))
    resumed = resume(run.path)
    assert_same_record(before, record(resumed))
    assert resumed.about["totals"]["calls"] == calls
    assert 0 < resumed.about["totals"]["journalled"] < calls


def test_probes_ask_the_players_once_whatever_games_they_play(play):
    probe = {"name": "mood", "ask": ["How do you feel?"], "before": True, "after": True}
    probes = scopes(play("negotiation/demo", **SMALL, probes=[probe]))
    names = {"conceder", "liar", "logroller 1", "logroller 2", "random"}
    for moment in ("before", "after"):
        prefix = f"probe/mood/{moment}/"
        found = [scope.removeprefix(prefix) for scope in probes if scope.startswith(prefix)]
        assert sorted(found) == sorted(names)


def test_another_seed_gives_other_games(play):
    one, other = (play("negotiation/demo", **SMALL, seed=seed) for seed in (1, 2))
    assert not record(one)["contexts"].equals(record(other)["contexts"])


def test_every_completion_is_a_message_a_proposal_or_a_correction(play):
    run = play("negotiation/demo", **SMALL, **{"protocol.judge": False})
    rows = {name: run.table(name).collect() for name in ("messages", "proposals", "corrections")}
    calls = run.table("calls").collect()
    assert calls.height == sum(table.height for table in rows.values())
    with run.journal() as journal:
        said = [
            TERMINATOR.split(entry.completion.text)[0]
            for key in list(journal.keys())
            if (entry := journal.find(key)) and entry.completion.text.startswith("[message]")
        ]
    texts = rows["messages"]["text"].to_list()
    assert sorted(text.removeprefix("[message]").strip() for text in said) == sorted(texts)


@pytest.mark.slow
def test_a_thousand_negotiations_take_less_than_a_minute(play):
    began = time.monotonic()
    run = play("negotiation/semi_competitive", **{"protocol.games": 1000})
    assert run.table("outcomes").collect().height == 1000
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ({"population.size": 3}, "pairing fixed seats one player or two, not 3"),
        ({"protocol.pairing": "random"}, "pairing random needs two players at least"),
        ({"protocol.resources": ["hat", "hats"]}, "'hat' is part of 'hats'"),
        ({"protocol.resources": ["hat 1", "cap", "wig"]}, "'hat 1' should be words"),
        ({"protocol.resources": ["hat", "cap"]}, "each of the 2 resources; found 3, 3 and 3"),
        ({"protocol.file": "x.txt"}, "there are contexts of your own as well"),
        ({"protocol.contexts": [], "protocol.file": "nowhere.txt"}, "No such file"),
        (
            {"protocol.contexts": [], "protocol.generator": {"objects": [8, 5]}},
            "no context of 3 resources and 8 to 5 objects is worth 10",
        ),
        (
            {"protocol.contexts": [{"counts": [1, 1, 1], "red": [1, 1], "blue": [1, 1, 1]}]},
            "counts, red and blue need one number for each of the 3 resources; found 3, 2 and 3",
        ),
        (
            {"protocol.contexts": [], "protocol.generator": {"objects": [5, 99]}},
            "more than 15 objects, or a total over 100, is too much",
        ),
        (
            {
                "protocol.contexts": [],
                "protocol.resources": ["hat", "book", "ball", "card", "coin", "kite"],
                "protocol.generator": {"objects": [6, 9], "total": 60},
            },
            "ways to value so many things, which is more than 200,000",
        ),
        (
            {"population.size": 2, "protocol.pairing": "random"},
            "with pairing random every player sits in both seats",
        ),
        (
            {"protocol.judge": True, "population.groups": [{"name": "judge", "share": 1}]},
            "the judge has this name; use another",
        ),
        ({"protocol.objective": 1.5}, "protocol.objective"),
        ({"protocol.objective": "selfish"}, "protocol.objective"),
    ],
)
def test_what_cannot_be_played_is_told_before_anything_runs(play, tmp_path, sets, told):
    with pytest.raises(InputError) as caught:
        play(one_game(RED_LINES, BLUE_LINES), **sets)
    assert told in str(caught.value)
    assert not (tmp_path / "runs").exists()
