"""Experience: a probe shows an agent what it has lived, and nothing that it was not shown."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

import societies
from societies.agents.models.base import Completion, LanguageModel, Request
from societies.analysis.questionnaires import change
from societies.analysis.questionnaires.shown import NOTHING
from societies.cli.init import write_scenario
from societies.cli.main import app
from societies.errors import InputError
from societies.loading.load import load
from societies.runs.run import Run
from societies.testing import check_determinism, check_secrets, wrapped_models

Small = Callable[..., Run]
ASK: dict[str, Any] = {"name": "mood", "ask": ["How was it?"], "before": True, "after": True}
KIND = {"instrument": "mini_markers", "items": ["kind", "cold"], "before": True, "after": True}
SCENARIOS = {
    "donor_game/demo": {"population.size": 4, "protocol.generations": 2, "protocol.rounds": 4,
                        "protocol.survivors": 2},
    "negotiation/demo": {"protocol.games": 6},
    "debate/symmetric": {"protocol.task.count": 2},
    "debate/judged": {"protocol.task.count": 2},
    "debate/self_reflection": {"protocol.task.count": 2},
}  # fmt: skip


def shown(
    run: Run, agent: str, moment: str = "after", probe: str = "mood"
) -> list[tuple[str, str]]:
    """Return the messages of the first question that a probe asked an agent."""
    scope = f"probe/{probe}/{moment}/{agent}"
    return list(run.call(f"{scope}#{agent}#1").messages)


def account(run: Run, agent: str, moment: str = "after") -> str:
    """Return what an agent was shown above the question of the probe."""
    role, text = shown(run, agent, moment)[-1]
    assert role == "user"
    return text.removesuffix("How was it?").strip()


class Reciting(LanguageModel):
    """Says the same, template by template, whoever it is and whatever it knows."""

    REPLIES: ClassVar = {
        "strategy": "My strategy will be to give half.",
        "donate": "Justification: as ever.\nAnswer: 2",
        "solve": "\\boxed{4}",
        "revise": "\\boxed{5}",
    }

    def __init__(self, model: LanguageModel) -> None:
        self.spec, self.model = model.spec, model

    async def complete(self, request: Request, key: str) -> Completion:
        """Recite; in a negotiation, talk for two turns and then propose."""
        completion = await self.model.complete(request, key)
        if request.prompt == "turn":
            propose = request.situation["proposed"] or request.situation["turn"] > 2
            said = "[propose] book: 1, hat: 0, ball: 0" if propose else "[message] Let us share."
            return replace(completion, text=f"{said} [END]")
        return replace(completion, text=self.REPLIES.get(request.prompt, completion.text))


def reciting(given: Any, out: Path, **sets: Any) -> Run:
    return societies.run(given, out=out, sets=sets, watch=wrapped_models(Reciting))


def test_a_donor_is_shown_its_strategy_and_its_gifts(tmp_path: Path) -> None:
    sets = {**SCENARIOS["donor_game/demo"], "population.groups": [], "protocol.generations": 1}
    run = reciting("donor_game/demo", tmp_path, probes=[ASK], **{**sets, "protocol.games": 1})
    assert account(run, "1_1", "before") == ""
    assert account(run, "1_1") == (
        "This is what you have lived in the game so far.\n"
        "\n"
        "You decided on this strategy: My strategy will be to give half.\n"
        "\n"
        "Game 1 of generation 1, when you were the donor:\n"
        "- Round 1: you owned 10.00 units, and 1_2 owned 10.00. You gave it 2.00 units.\n"
        "- Round 3: you owned 12.00 units, and 1_3 owned 12.00. You knew that in round 2 1_3 gave "
        "14.29 % of its resources to 1_1. You knew that in round 1 1_1 gave 20.00 % of its "
        "resources to 1_2. You gave it 2.00 units."
    )


def negotiated(out: Path, blue: list[int]) -> Run:
    sets = {
        "protocol.games": 1,
        "protocol.contexts": [{"counts": [1, 2, 3], "red": [6, 2, 0], "blue": blue}],
        "protocol.generator": {},
        "seed": 3,
    }
    return reciting("negotiation/semi_competitive", out, probes=[ASK], **sets)


def test_a_negotiator_is_shown_its_games_as_it_saw_them(tmp_path: Path) -> None:
    """The partner's proposal, and what the things are worth to it, it has never seen."""
    run = negotiated(tmp_path, [1, 3, 1])
    lines = account(run, "red").splitlines()
    assert lines[0] == "This is what you have lived so far."
    assert lines[2:4] == [
        "You shared these things out with a partner, as the red player: 1 book (6 points each for "
        "you), 2 hat (2 points each for you), 3 ball (0 points each for you).",
        "Your reward was the number of your points.",
    ]
    dialogue = [
        "You: Let us share.",
        "Your partner: Let us share.",
        "You proposed in private to get: 1 book, 0 hat, 0 ball.",
        "Your partner made its proposal in private.",
    ]
    assert set(lines[4:]) <= set(dialogue)
    assert "You proposed in private to get: 1 book, 0 hat, 0 ball." in lines


def test_a_debater_is_shown_its_questions_and_what_the_others_said(tmp_path: Path) -> None:
    sets = {"protocol.task.count": 1, "protocol.rounds": 2, "protocol.summaries_from": None}
    run = reciting("debate/symmetric", tmp_path, probes=[ASK], **sets)
    (question,) = run.table("questions").collect()["text"]
    assert account(run, "debater 1") == (
        "This is what you have lived so far.\n"
        f"\nYou were asked:\n{question}\n"
        "\nYou replied:\n\\boxed{4}\n"
        "\nAnother one had answered:\n\\boxed{4}\n"
        "\nAnother one had answered:\n\\boxed{4}\n"
        "\nYou replied:\n\\boxed{5}"
    )


def test_another_ones_private_values_change_no_byte_in_negotiations(tmp_path: Path) -> None:
    one, other = negotiated(tmp_path / "1", [1, 3, 1]), negotiated(tmp_path / "2", [4, 0, 2])
    assert shown(one, "red") == shown(other, "red")
    assert shown(one, "blue") != shown(other, "blue"), "its own values"


@pytest.mark.parametrize(
    ("given", "first", "second"),
    [("donor_game/demo", "1_1", "1_2"), ("debate/symmetric", "debater 1", "debater 2")],
)
def test_another_ones_persona_changes_no_byte(
    tmp_path: Path, given: str, first: str, second: str
) -> None:
    """Everybody acts the same, so that nothing but the persona could differ."""
    size = load(given, SCENARIOS[given])[0].population.size
    runs = []
    for text in ("You love cats.", "You love dogs."):
        people: list[dict[str, Any]] = [{"text": "You are yourself."} for _ in range(2 * size)]
        people[1]["text"] = text
        population = {"size": size, "people": people, "repeat": True}
        sets = {**SCENARIOS[given], "population": population, "probes": [ASK]}
        runs.append(reciting(given, tmp_path / text, **sets))
    assert shown(runs[0], first) == shown(runs[1], first)
    assert shown(runs[0], second) != shown(runs[1], second), "its own persona"


@pytest.mark.parametrize("given", SCENARIOS)
def test_what_is_shown_depends_on_no_order_of_replies(tmp_path: Path, given: str) -> None:
    probes = [ASK, {"name": "now", "ask": ["And now?"], "every": 3, "context": "conversations"}]
    run = societies.run(given, out=tmp_path, sets={**SCENARIOS[given], "probes": probes})
    check_determinism(run, in_flight=(1, 16))
    check_secrets(run)
    assert societies.replay(run.path).status == "finished"


def changed(run: Run) -> dict[str, Any]:
    table = change.before_after(run, "before", "after")
    assert table["trait"].to_list() == ["agreeableness"]
    return table.row(0, named=True)


@pytest.mark.parametrize("given", ["donor_game/demo", "negotiation/demo", "debate/symmetric"])
def test_a_mind_that_changes_with_experience_is_measured(tmp_path: Path, given: str) -> None:
    """The mind that does not change was shown as much: its change is zero, with an interval."""
    for experience in (0.1, 0.0):
        options = {"respondent": {"noise": 0.2, "insensitivity": 1.0, "experience": experience}}
        sets = {**SCENARIOS[given], "population.groups": [], "model.options": options}
        out = tmp_path / str(experience)
        row = changed(societies.run(given, out=out, sets={**sets, "probes": [KIND]}))
        assert row["shown"] == row["pairs"] > 2
        if experience:
            assert row["low"] > 0.1, row
        else:
            assert row["low"] < 0 < row["high"], row


def test_in_a_fresh_context_nothing_is_shown_or_measured(run_small: Small) -> None:
    options = {"respondent": {"experience": 0.1}}
    fresh = {**KIND, "context": "fresh"}
    row = changed(run_small(**{"model.options": options, "population.groups": []}, probes=[fresh]))
    assert (row["shown"], row["difference"], row["t_p"], row["note"]) == (0, None, None, NOTHING)


def test_conversations_are_shown_all_or_the_last_or_one_by_topic(tmp_path: Path) -> None:
    probes = [
        {**ASK, "name": name, "context": "conversations", "topic": topic}
        for name, topic in {"all": "", "last": "last", "second": "game 2", "none": "game 9"}.items()
    ]
    sets = {"protocol.games": 3, "protocol.generator": {}, "probes": probes}
    run = reciting("negotiation/semi_competitive", tmp_path, **sets)
    told = {each["name"]: shown(run, "red", probe=each["name"]) for each in probes}
    with run.journal() as journal:
        games = [
            [run.call(key).messages for key in journal.keys() if key.startswith(start)]  # noqa: SIM118
            for start in (f"game{number:04}#red#" for number in (1, 2, 3))
        ]
    assert told["none"] == shown(run, "red", "before", "all") == [("user", "How was it?")]
    assert told["all"][:-1] == [*told_in(games[0]), *told_in(games[1]), *told_in(games[2])]
    assert told["last"][:-1] == told_in(games[2])
    assert told["second"][:-1] == told_in(games[1])


def told_in(game: list[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Return a game as a conversation: its rules stand above the first question."""
    (_, rules), (_, first), *rest = game[-1]
    replies = [("assistant", "[propose] book: 1, hat: 0, ball: 0 [END]")]
    return [("user", f"{rules}\n\n{first}"), *rest, *replies]


def test_questions_asked_again_stand_behind_all_that_was_shown(run_small: Small) -> None:
    run = run_small(probes=[{**KIND, "name": "mood", "reask": True}])
    first, again = (list(run.call(f"probe/mood/after/1_1#1_1#{n}").messages) for n in (1, 2))
    assert again[: len(first)] == first
    assert [role for role, _ in again[len(first) :]] == ["assistant", "user"]
    assert again[-1][1] == shown(run, "1_1", "before")[-1][1], "the question alone"


def test_a_scenario_without_an_account_of_its_own_tells_its_questions(tmp_path: Path) -> None:
    write_scenario("pot", tmp_path / "pot")
    run = societies.run(tmp_path / "pot" / "demo.yaml", out=tmp_path, sets={"probes": [ASK]})
    asked = run.table("calls").filter(pl.col("agent") == "player 1", prompt="give").collect()
    text = account(run, "player 1")
    assert text.startswith("This is what you were asked so far, and what you answered.\n")
    for key in asked["key"]:
        call = run.call(key)
        assert f"You were asked:\n{call.messages[-1][1]}\n\nYou answered:\n" in text
        assert call.completion.text.strip() in text


def test_a_run_keeps_the_account_that_it_used(run_small: Small) -> None:
    own = "You were asked {{ lived | length }} questions."
    run = run_small(prompts={"experience": own}, probes=[ASK])
    assert account(run, "1_1").startswith("You were asked ")
    kept = yaml.safe_load((run.path / "scenario.yaml").read_text(encoding="utf-8"))
    assert (run.path / kept["prompts"]["experience"]).read_text(encoding="utf-8") == own
    assert kept["probes"][0]["context"] == "experience"
    assert societies.replay(run.path).status == "finished"


def test_validate_warns_of_what_shows_nothing() -> None:
    fresh = {**KIND, "context": "fresh"}
    once = {**fresh, "before": False}
    early, late = ({**once, "name": "early"}, {**once, "name": "late"})
    warned = "context: fresh shows nothing of the run, so that each later question is the same"
    for probes, expected in (
        ([fresh], f"warning: probe 'mini_markers': {warned}"),
        ([early, late], f"warning: probe 'early', 'late': {warned}"),
        ([KIND], ""),
        ([once], ""),
    ):
        found = CliRunner().invoke(
            app, ["validate", "donor_game/demo", "--set", f"probes={yaml.safe_dump(probes)}"]
        )
        assert found.exit_code == 0
        assert expected in found.output
        assert bool(expected) == ("warning" in found.output)


@pytest.mark.parametrize(
    ("given", "key", "value", "told"),
    [
        ("donor_game/demo", "probes", [{**KIND, "context": "fresh", "topic": "x"}], "shows none"),
        (
            "interview/demo",
            "protocol.questionnaires",
            [{"instrument": "tipi", "context": "experience"}],
            "context: experience is for probes",
        ),
    ],
)
def test_contexts_that_cannot_be_are_refused(given: str, key: str, value: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        load(given, {key: value})
