"""Personas written by a model: in any scenario, before anything else, and told instead."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import societies
from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import AnswerError, Text
from societies.agents.errors import OutsideInteractionError
from societies.agents.models.base import Completion
from societies.agents.persona.persona import Persona
from societies.agents.persona.portraits import Summary, commissions, portrayed
from societies.execute.estimate import estimate
from societies.loading.load import load
from societies.runs.run import Run
from societies.society import Society
from societies.testing import check_dry_play, check_resume, check_rows, check_scenario
from tests.conftest import SMALL, assert_same_record, record

STILL = "You are still waters."
PROSE = {"population.written_as": "prose"}
SPECTRUM = {"population.written_as": "spectrum"}
PAIR = {
    "population": {
        "size": 2,
        "people": [
            {
                "text": "You whistle.",
                "big_five": {"openness": "high"},
                "secrets": ["You cannot swim."],
            },
            {"social": {"age": 40}, "values": {"power": "low"}},
        ],
    },
    "protocol.generations": 1,
    "protocol.rounds": 2,
    "protocol.survivors": 0,
}
"""Two people who play for one generation."""


def prompts(run: Run, where: Any = True) -> dict[str, str]:
    """Return everything that was asked, by key."""
    keys = run.table("calls").filter(where).collect()["key"]
    return {key: "\n".join(text for _, text in run.call(key).messages) for key in keys}


def personas(run: Run) -> dict[str, str]:
    """Return how everybody of the population is told who it is."""
    agents = run.table("agents").filter(pl.col("person") >= 0).collect()
    return dict(agents.select("agent", "persona").iter_rows())


def test_a_text_is_written_and_told_instead_of_what_was_drawn(
    run_small: Callable[..., Run],
) -> None:
    run = run_small(**PAIR, **PROSE)
    first, second = prompts(run, pl.col("scope").str.starts_with("persona/")).items()
    assert first[0] == "persona/1_1#persona writer#1"
    assert "You are rather curious and imaginative.\nYou whistle." in first[1]
    assert "swim" not in first[1]
    assert second[0] == "persona/1_2#persona writer#1"
    assert "Age: 40\nTo you, being in charge" in second[1]
    assert "You are rather curious" not in second[1]
    assert personas(run) == {
        "1_1": "A secret that nobody else knows: You cannot swim.\n"
        "This is a portrait of you. You are rather curious and imaginative. You whistle.",
        "1_2": "This is a portrait of you. Age: 40 To you, being in charge and being looked up to "
        "for it matters little.",
    }
    asked = prompts(run, ~pl.col("scope").str.starts_with("persona/"))
    for key, text in asked.items():
        assert personas(run)[key.split("#")[1]] in text
        assert "Write a portrait" not in text
    agents = run.table("agents").collect()
    assert agents["written"].to_list() == [None, "clean", "clean"]
    assert agents.row(0, named=True)["role"] == "writer"
    assert agents["big_five"].to_list() == ["{}", '{"openness":"high"}', "{}"]


def test_the_game_goes_on_as_if_nobody_had_written(run_small: Callable[..., Run]) -> None:
    plain, written = run_small(), run_small(**PROSE)
    for table in ("donations", "strategies", "scores", "messages"):
        one, other = (run.table(table).drop("seq", "run").collect() for run in (plain, written))
        assert one.equals(other, null_equal=True), table
    calls = [run.about["totals"]["calls"] for run in (plain, written)]
    assert calls == [39, 39 + 6]


def test_a_text_depends_on_its_own_person_only(run_small: Callable[..., Run]) -> None:
    few = run_small(**PROSE, **{"protocol.generations": 1})
    more = run_small(**PROSE, **{"protocol.generations": 1, "population.size": 6})
    calls = [
        run.table("calls")
        .filter(pl.col("agent") == "persona writer")
        .select("key", "request")
        .collect()
        for run in (few, more)
    ]
    assert calls[0].equals(calls[1][:4])


@pytest.mark.parametrize(
    ("given", "sets"),
    [
        ("donor_game/demo", {**SMALL, "protocol.rounds": 2}),
        ("negotiation/demo", {"population.size": 3, "population.groups": [], "protocol.games": 4}),
        ("debate/demo", {"protocol.task.count": 2}),
    ],
)
@pytest.mark.parametrize("style", ["prose", "spectrum"])
@pytest.mark.filterwarnings("ignore::societies.testing.ConformanceAdvice")
def test_every_promise_holds_with_written_personas(
    given: str, sets: dict[str, Any], style: str
) -> None:
    described = {
        "population.persona.big_five": {"openness": "random"},
        "population.persona.values": {"power": "high"},
    }
    check_scenario(
        given,
        sets={**sets, **described, "population.written_as": style},
        in_flight=(1, 8),
        wrong_answers=4,
        other_process=False,
    )


def test_threads_wait_for_the_persona_that_they_share(tmp_path: Path) -> None:
    slow = {"name": "scripted/solver", "options": {"latency": 0.1, "latency_sigma": 1.0}}
    sets = {
        "protocol.task.count": 5,
        "population.persona.text": "You are stubborn.",
        "model.roles": {"writer": slow},
        **PROSE,
    }
    run = societies.run("debate/demo", out=tmp_path, sets=sets)
    asked = prompts(run, pl.col("agent") != "persona writer")
    assert len(asked) == 5 * 3 * 2
    assert all("This is a portrait of you. You are stubborn." in text for text in asked.values())
    check_rows(run)
    check_dry_play(run)
    check_resume(run)


def interviewed(tmp_path: Path, **sets: Any) -> Run:
    """Interview one person, who is described in full."""
    person = {
        "social": {"age": 24},
        "big_five": {"openness": "high"},
        "values": {"power": "low"},
        "summary": "You hide your doubts.",
        "life": {"loves": ["hills"]},
        "identity": "Teo",
    }
    data = {
        "scenario": "interview",
        "name": "teo",
        "model": {"name": "scripted/steady"},
        "population": {"size": 1, "people": [person], "written_as": "spectrum"},
        "protocol": {"questionnaires": [{"instrument": "mini_markers", "items": ["bold"]}]},
    }
    return societies.run(data, out=tmp_path, sets=sets)


def test_spectrum_summarises_personality_and_values_by_chains(tmp_path: Path) -> None:
    run = interviewed(tmp_path)
    traits, values = prompts(run, pl.col("agent") == "persona writer").values()
    for step in ("1. characteristics", "2. facets", "3. reading", "4. everyday"):
        assert step in traits
    assert "ten sentences" in traits
    assert "You are rather curious and imaginative." in traits
    assert "being in charge" not in traits
    for step in ("1. characteristics", "2. reading", "3. everyday"):
        assert step in values
    assert "five sentences" in values
    assert "To you, being in charge and being looked up to for it matters little." in values
    assert "Age" not in traits + values
    assert personas(run)["p0000"].splitlines() == [
        "Age: 24",
        "You hide your doubts.",
        "As reading: You are rather curious and imaginative.",
        "As everyday: You are rather curious and imaginative.",
        "As reading: To you, being in charge and being looked up to for it matters little.",
        "As everyday: To you, being in charge and being looked up to for it matters little.",
        "You love hills.",
    ]
    assert run.table("agents").collect()["big_five"][1] == '{"openness":"high"}'


def test_versions_of_a_person_share_one_summary(tmp_path: Path) -> None:
    run = interviewed(tmp_path, **{"protocol.ablations": ["S", "P", "SP", "SPC"]})
    written = prompts(run, pl.col("agent") == "persona writer")
    assert {key.partition("#")[0] for key in written} == {"persona/p0000-P"}
    told = personas(run)
    assert told["p0000-S"] == "Age: 24"
    assert told["p0000-SP"] == f"Age: 24\n{told['p0000-P']}"
    assert told["p0000-SPC"] == f"Age: 24\n{told['p0000-P']}\nYou love hills."
    check_rows(run)
    check_dry_play(run)


def test_a_reply_that_cannot_be_read_leaves_the_description_and_says_so(tmp_path: Path) -> None:
    babbler = {"name": "scripted/steady", "options": {"malformed": 1.0}}
    run = interviewed(tmp_path, **{"model.roles": {"writer": babbler}})
    assert "You are rather curious and imaginative." in personas(run)["p0000"]
    assert run.table("agents").collect()["written"].to_list() == [None, "defaulted"]
    answers = run.table("answers").filter(agent="persona writer").collect()
    assert answers.select("prompt", "calls", "outcome").rows() == [
        ("summarise_personality", 3, "defaulted"),
        ("summarise_values", 3, "defaulted"),
    ]


def test_a_persona_that_is_changed_is_written_anew(run_small: Callable[..., Run]) -> None:
    change = {"at": "g2/game1", "set": {"population.persona.attributes": {"trade": "baker"}}}
    run = run_small(**PROSE, interventions=[change])
    again = run.table("calls").filter(pl.col("key").str.contains("/2#")).collect()["key"].to_list()
    living = ["1_1", "1_3", "2_1", "2_2"]
    assert sorted(again) == [f"persona/{name}/2#persona writer#1" for name in living]
    for key, text in prompts(run, pl.col("agent") != "persona writer").items():
        assert "This is a portrait of you." in text, key
        assert ("Your trade: baker." in text) == key.startswith(("g2/game1", "g2/game2")), key
    rows = run.table("interventions").filter(pl.col("agent").is_not_null()).collect()
    assert sorted(rows["agent"]) == living
    assert all(text.startswith("This is a portrait of you.") for text in rows["persona"])
    check_rows(run)
    assert societies.replay(run.path).status == "finished"
    at_once = run_small(**PROSE, interventions=[change], **{"limits.in_flight": 1})
    assert_same_record(record(run), record(at_once))


def test_a_fork_takes_the_written_personas_over(
    run_small: Callable[..., Run], tmp_path: Path
) -> None:
    parent = run_small(**PROSE)
    fork = societies.fork(parent.path, "g2/game1", sets={"protocol.multiplier": 3}, out=tmp_path)
    assert personas(fork) == personas(parent)
    assert fork.about["totals"]["calls"] == parent.about["totals"]["calls"]


def test_whoever_writes_has_a_line_of_the_estimate() -> None:
    writer = {"writer": {"name": "openai/gpt-4o-mini", "max_tokens": 300}}
    found = estimate(*load("donor_game/demo", {**SMALL, **PROSE, "model.roles": writer}))
    [line] = [line for line in found.lines if line.role == "writer"]
    assert (line.model, line.calls[0]) == ("openai/gpt-4o-mini", 6)
    assert line.completion_tokens[1] == 300 * line.calls[1]
    assert sum(line.calls[0] for line in found.lines) == 45


TEMPLATES = {"system": "{{ persona }}", "strategy": "{{ text }}", "persona": "{{ persona.text }}"}


class Stage(Society):
    """A society whose play is given by a test."""

    scene: Callable[["Stage"], Any]

    async def play(self):
        await type(self).scene(self)
        yield

    async def speak(self, agent: LLMAgent) -> None:
        await agent.ask("strategy", Text, text="Speak.")


def staged(scene: Callable[[Stage], Any], kind: type[Stage] = Stage) -> tuple[Stage, Mapping]:
    """Play a scene with people who are told to be calm; return what each call was asked."""
    sets = {**SMALL, "prompts": TEMPLATES, "population.persona": {"text": "You are calm."}, **PROSE}
    config, _ = load("donor_game/demo", {**sets, "population.groups": []})
    asked: dict[str, list[tuple[str, str]]] = {}

    class Told:
        async def complete(self, request, key):
            asked[key] = [(message.role, message.content) for message in request.messages]
            return Completion(STILL if "writer" in key else "Yes.")

    kind.scene = scene
    society = kind(config, open_model=lambda spec: Told())
    society.run()
    return society, asked


def test_the_writer_is_told_nothing_of_the_scenario_and_is_nobody_in_it() -> None:
    async def scene(stage: Stage) -> None:
        ann = stage.enroll("ann")
        assert [agent.name for agent in stage.agents] == ["ann"]
        stage.schedule(stage.speak(ann), agents=[ann], scope="day")

    stage, asked = staged(scene)
    assert [role for role, _ in asked["persona/ann#persona writer#1"]] == ["user"]
    assert asked["day#ann#1"] == [("system", STILL), ("user", "Speak.")]
    assert stage.roles == {"ann": "", "persona writer": "writer"}


def test_who_joins_before_the_run_is_written_when_it_begins() -> None:
    class Early(Stage):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            self.ann = self.enroll("ann")

    async def scene(stage: Early) -> None:
        stage.schedule(stage.speak(stage.ann), agents=[stage.ann], scope="day")

    stage, asked = staged(scene, Early)
    assert list(asked) == ["persona/ann#persona writer#1", "day#ann#1"]
    assert stage.log.table("agents").collect()["agent"].to_list() == ["persona writer", "ann"]


def test_who_never_acts_is_written_too() -> None:
    async def scene(stage: Stage) -> None:
        stage.enroll("ann").remove()

    stage, asked = staged(scene)
    assert list(asked) == ["persona/ann#persona writer#1"]
    assert stage.log.table("agents").collect()["persona"].to_list() == [
        "None",
        STILL,
    ]


def test_a_persona_cannot_be_read_before_it_is_written() -> None:
    async def scene(stage: Stage) -> None:
        ann = stage.enroll("ann")
        with pytest.raises(OutsideInteractionError, match="ann's persona is still being written"):
            _ = ann.persona_text
        await stage.settle()
        assert ann.persona_text == STILL
        assert ann.persona.text == "You are calm."

    staged(scene)


def test_nobody_to_be_written_joins_in_an_interaction() -> None:
    async def join(stage: Stage) -> None:
        stage.enroll("bob")

    async def scene(stage: Stage) -> None:
        ann = stage.enroll("ann")
        stage.schedule(join(stage), agents=[ann], scope="day")
        await stage.settle()

    with pytest.raises(OutsideInteractionError, match="day lets 'bob' join"):
        staged(scene)


def test_a_summary_needs_every_step_and_keeps_the_last_two() -> None:
    steps = {"steps": ("characteristics", "reading", "everyday")}
    reply = '{"characteristics": ["calm"], "reading": " You wait. ", "everyday": "You sit."}'
    assert Summary.read(reply, steps).text == "You wait.\nYou sit."
    assert Summary.read(f"Here: {reply}", steps).outcome == "lenient"
    for wrong, told in (
        (reply.replace("reading", "reeding"), "no key 'reading'"),
        (reply.replace('"You sit."', '["You sit."]'), "'everyday' should be one text"),
        (reply.replace('["calm"]', '""'), "'characteristics', or nothing under it"),
        ("I would rather not say.", "no JSON object"),
    ):
        with pytest.raises(AnswerError, match=told):
            Summary.read(wrong, steps)


def test_nothing_is_written_where_nothing_is_said() -> None:
    nobody = Persona(identity="Nils")
    quiet = Persona.model_validate({"secrets": ["You cannot swim."], "life": {}})
    assert commissions(nobody, "prose") == commissions(quiet, "prose") == []
    assert commissions(Persona(text="You whistle."), "spectrum") == []
    assert commissions(Persona(text="You whistle."), None) == []
    open_minded = Persona(big_five={"openness": "high"}, values={"power": "low"})
    one = portrayed(open_minded, "spectrum", {"summarise_personality": "", "summarise_values": "V"})
    assert (one.big_five, one.values, one.summary) == ({"openness": "high"}, {}, "V")
