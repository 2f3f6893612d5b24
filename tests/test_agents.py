"""Agents: asked in interactions only, with their own memory, model and random streams."""

from collections.abc import Mapping
from typing import Any, Self

import polars as pl
import pytest
from pydantic import Field

from societies.agents import Answer, AnswerError, Conversation, LLMAgent, Text
from societies.agents.errors import ModelError, OutsideInteractionError, PromptError
from societies.agents.templates.prompts import Prompts
from societies.loading.load import load
from societies.society import Society
from tests.conftest import SMALL

TEMPLATES = {"system": "{{ persona }}", "strategy": "{{ text }}", "donate": "{{ text }}"}


class Number(Answer):
    """A number, as the scripted reply's last word."""

    value: int = Field(ge=0)

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        last = text.split()[-1] if text.split() else ""
        if not last.lstrip("-").isdigit():
            raise AnswerError(f"{last!r} is no number")
        return cls(value=int(last))


class Parlour(Society):
    """A society whose play is given by a test: a list of interactions of its one agent."""

    work: Any = None
    memory: Conversation | None = None

    async def play(self):
        self.ann = self.enroll("ann", memory=self.memory)
        self.schedule(self.work(self.ann), agents=[self.ann], scope="parlour")
        yield
        await self.settle()


def parlour(work, replies: list[str], memory: Conversation | None = None) -> Parlour:
    """Play one interaction with an agent whose model gives these replies, in order."""
    config, _ = load("donor_game/demo", {**SMALL, "prompts": TEMPLATES})
    society = Parlour(config)
    society.work, society.memory = work, memory
    rest = iter(replies)
    seen: list[list[tuple[str, str]]] = []
    society.requests = []

    class Told:
        spec = config.model

        async def complete(self, request, key):
            from societies.agents.models.base import Completion

            seen.append([(m.role, m.content) for m in request.messages])
            society.requests.append(request)
            return Completion(next(rest), prompt_tokens=3, completion_tokens=2, cost=0.5)

    society.calls.open_model = lambda spec: Told()
    society.seen = seen
    society.run()
    return society


def test_an_answer_that_can_be_read_is_clean():
    async def work(ann: LLMAgent):
        answer = await ann.ask("strategy", Number, text="How many?")
        assert (answer.value, answer.outcome) == (7, "clean")

    society = parlour(work, ["I say 7"])
    assert society.seen[0][1:] == [("user", "How many?")]
    row = society.log.table("answers").collect().row(0, named=True)
    assert (row["scope"], row["agent"], row["outcome"], row["calls"]) == (
        "parlour",
        "ann",
        "clean",
        1,
    )
    call = society.log.table("calls").collect().row(0, named=True)
    assert (call["key"], call["cost"], call["readable"]) == ("parlour#ann#1", 0.5, True)


def test_template_mind_and_reader_are_given_the_same():
    read: list[Mapping[str, Any]] = []

    class Kept(Text):
        @classmethod
        def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
            read.append(situation)
            return cls(text=text)

    async def work(ann: LLMAgent):
        await ann.ask("strategy", Kept, text="{{ agent }}", others=[1, 2])

    society = parlour(work, ["fine"])
    assert sorted(read[0]) == sorted(society.requests[0].situation)
    assert sorted(read[0]) == ["agent", "others", "protocol", "text"]
    assert read[0]["protocol"] is society.protocol
    assert read[0]["agent"] is society.requests[0].situation["agent"]


def test_an_unreadable_answer_is_asked_again_with_the_problem():
    async def work(ann: LLMAgent):
        answer = await ann.ask("strategy", Number, text="How many?")
        assert (answer.value, answer.outcome) == (2, "repaired")

    society = parlour(work, ["none", "-3", "2"])
    assert society.seen[2][1:4] == [
        ("user", "How many?"),
        ("assistant", "none"),
        ("user", society.seen[1][3][1]),
    ]
    assert "'none' is no number" in society.seen[1][3][1]
    assert "greater than or equal to 0" in society.seen[2][5][1]
    calls = society.log.table("calls").collect()
    assert calls["readable"].to_list() == [False, False, True]
    assert calls["attempt"].to_list() == [1, 2, 3]


def test_the_identical_question_is_asked_where_the_protocol_says_so():
    async def work(ann: LLMAgent):
        await ann.ask("strategy", Number, explain=False, text="How many?")

    society = parlour(work, ["none", "2"])
    assert society.seen[0] == society.seen[1]


def test_a_fallback_is_marked_as_defaulted_and_stays_unmarked_itself():
    fallback = Number(value=0)

    async def work(ann: LLMAgent):
        answer = await ann.ask("strategy", Number, fallback=fallback, attempts=2, text="?")
        assert (answer.value, answer.outcome) == (0, "defaulted")

    society = parlour(work, ["none", "nothing"])
    assert fallback.outcome == "clean"
    row = society.log.table("answers").collect().row(0, named=True)
    assert (row["outcome"], row["calls"], row["problem"]) == (
        "defaulted",
        2,
        "'nothing' is no number",
    )


def test_without_a_fallback_the_run_stops_and_says_who_and_where():
    async def work(ann: LLMAgent):
        await ann.ask("strategy", Number, attempts=1, text="?")

    with pytest.raises(ModelError, match=r"agent ann .* 'strategy' .*parlour#ann#1"):
        parlour(work, ["none"])


def test_memory_keeps_exchanges_and_asides_stay_out_of_it():
    async def work(ann: LLMAgent):
        await ann.ask("strategy", Text, text="one?")
        await ann.aside("donate", Text, text="between us?")
        await ann.aside("donate", Text, context="fresh", text="afresh?")
        await ann.ask("strategy", Text, text="two?")

    seen = parlour(work, ["one", "aside", "fresh", "two"], Conversation()).seen
    assert [content for _, content in seen[1][1:]] == ["one?", "one", "between us?"]
    assert [content for _, content in seen[2][1:]] == ["afresh?"]
    assert [content for _, content in seen[3][1:]] == ["one?", "one", "two?"]


def test_a_window_forgets_the_oldest_exchange():
    async def work(ann: LLMAgent):
        for number in range(4):
            await ann.ask("strategy", Text, text=str(number))

    seen = parlour(work, list("abcd"), Conversation(window=2)).seen
    assert [content for _, content in seen[3][1:]] == ["1", "b", "2", "c", "3"]


def test_agents_act_in_interactions_that_name_them_only():
    config, _ = load("donor_game/demo", {**SMALL, "prompts": TEMPLATES})

    class Rude(Parlour):
        async def play(self):
            self.ann, self.bob = self.enroll("ann"), self.enroll("bob")
            await self.misuse()
            yield

        async def ask(self, agent: LLMAgent):
            await agent.ask("strategy", Text, text="?")

    class AsksInPlay(Rude):
        async def misuse(self):
            await self.ask(self.ann)

    class AsksAStranger(Rude):
        async def misuse(self):
            self.schedule(self.ask(self.bob), agents=[self.ann], scope="s")
            await self.settle()

    class DrawsFromTheSociety(Rude):
        async def draw(self):
            self.random.random()

        async def misuse(self):
            self.schedule(self.draw(), agents=[self.ann], scope="s")
            await self.settle()

    class DrawsWhileBusy(Rude):
        async def misuse(self):
            self.schedule(self.ask(self.ann), agents=[self.ann], scope="s")
            self.ann.random.random()

    for kind, told in [
        (AsksInPlay, "in play.. to ask: schedule"),
        (AsksAStranger, "agent bob is used in interaction s, which does not name it"),
        (DrawsFromTheSociety, "draws from the society's random"),
        (DrawsWhileBusy, "settle.. first"),
    ]:
        with pytest.raises(OutsideInteractionError, match=told):
            kind(config).run()


def test_half_an_emoji_is_no_reason_to_fail():
    """Python reads lone surrogates from JSON, and cannot write them."""

    async def work(ann: LLMAgent):
        answer = await ann.ask("strategy", Text, text="How are you?")
        assert answer.text == "fine 😀 ?"

    parlour(work, ["fine 😀 \ud83d"])


def test_names_are_unique():
    config, _ = load("donor_game/demo", SMALL)
    society = Parlour(config)
    society.enroll("ann")
    for name in ("ann", "", "a#b"):
        with pytest.raises(ValueError, match="agent name"):
            society.enroll(name)


def test_random_streams_belong_to_seed_and_name():
    def draws(seed: int, name: str) -> tuple[float, float]:
        config, _ = load("donor_game/demo", {**SMALL, "seed": seed})
        agent = Parlour(config).enroll(name)
        return agent.random.random(), agent.rng.random()

    assert draws(1, "ann") == draws(1, "ann")
    assert len({*draws(1, "ann"), *draws(2, "ann"), *draws(1, "bob")}) == 6


def test_prompts_are_sandboxed_and_strict():
    prompts = Prompts(
        [], {"a": "{{ nobody }}", "b": "{{ ''.__class__.__mro__ }}", "c": "{{ x.y }}"}
    )
    for name, told in [
        ("a", "'nobody' is undefined"),
        ("b", "may not use '__class__'"),
        ("c", "object shows no 'y'"),
    ]:
        with pytest.raises(PromptError, match=told):
            prompts.render(name, {"x": object()})
    with pytest.raises(PromptError, match="no prompt template is called 'd'; there are: a, "):
        prompts.render("d", {})


@pytest.mark.parametrize(
    "template",
    [
        "{{ society.remove_all_agents() }}",
        "{{ agent.random.random() }}",
        "{{ agent.rng.random() }}",
        "{{ agent.remove() }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
    ],
)
def test_templates_read_and_do_not_act(template):
    config, _ = load("donor_game/demo", SMALL)
    society = Parlour(config)
    agent = society.enroll("ann")
    with pytest.raises(PromptError):
        Prompts([], {"a": template}).render("a", {"society": society, "agent": agent})
    assert len(society.agents) == 1


def test_agent_text_is_data_in_prompts():
    prompts = Prompts([], {"a": "You said: {{ text }}"})
    assert prompts.render("a", {"text": "{{ 7 * 7 }} <b>"}) == "You said: {{ 7 * 7 }} <b>"


def test_counts_of_answers_are_in_log_and_summary(run_small):
    from societies.runs.results import answer_counts

    noisy = {"name": "scripted/noisy", "options": {"malformed": 0.9}}
    run = run_small(**{"population.groups": [], "model": noisy, "protocol.attempts": 2})
    counts = answer_counts(run, ["model"]).row(0, named=True)
    answers = run.table("answers").collect()
    assert counts["answers"] == answers.height == 38
    assert counts["defaulted"] == answers.filter(pl.col("outcome") == "defaulted").height > 0
    assert counts["repaired"] == answers.filter(pl.col("outcome") == "repaired").height
    assert counts["unreadable"] == run.table("calls").filter(~pl.col("readable")).collect().height
    by_agent = answer_counts(run, ["agent"])
    assert by_agent["defaulted"].sum() == counts["defaulted"]
    defaulted = run.table("donations").filter(pl.col("outcome") == "defaulted").collect()
    assert (defaulted["amount"] == 0).all()
    assert defaulted.height > 0
