"""Versions, threads and values that agents share: each stays its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import societies
from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import Answer, AnswerError, Text
from societies.agents.models.base import Completion
from societies.loading.load import load
from societies.runs.run import Run
from societies.society import Society
from tests.conftest import SMALL

PROMPTS = {"system": "{{ persona }}", "strategy": "{{ text }}"}


def portrayed(
    tmp_path: Path, *interventions: dict[str, Any], knows: Any = None, **protocol: Any
) -> Run:
    """Interview three drawn people in three versions each; judges may know some by what is told."""
    judge = {"name": "scripted/steady", "options": {"knows": knows or {}}}
    levels = dict.fromkeys(["openness", "extraversion", "neuroticism"], "random")
    data = {
        "scenario": "interview",
        "name": "versions",
        "seed": 3,
        "model": {"name": "scripted/steady", "roles": {"judge": judge}},
        "population": {
            "size": 3,
            "persona": {"social": {"residence": "a hill town"}, "big_five": levels},
            "attributes": {"age": {"between": [20, 90]}},
        },
        "protocol": {"ablations": ["P", "SP", "SPC"], **protocol},
        "interventions": list(interventions),
    }
    return societies.run(data, out=tmp_path)


def test_versions_of_a_drawn_person_are_one_suspect(tmp_path: Path) -> None:
    drawn = portrayed(tmp_path / "drawn", twenty_statements=True).table("agents").collect()
    told = {
        name: text for name, text in drawn.select("agent", "persona").iter_rows() if "-P" in name
    }
    knows = {name.removesuffix("-P"): [text.strip()] for name, text in told.items()}
    run = portrayed(tmp_path, knows=knows, twenty_statements=True, guess_who=True)
    guesses = run.table("guesses").collect()
    assert set(guesses["identity"]) == {"p0000", "p0001", "p0002"}
    assert set(run.table("judgements").collect()["identity"]) == {"p0000", "p0001", "p0002"}
    assert guesses["correct"].all(), "every profile fits one person alone"
    assert guesses.height == 9


def test_a_version_stays_one_when_the_population_is_set(tmp_path: Path) -> None:
    change = {
        "at": "1-mini_markers",
        "set": {"population.persona.social": {"residence": "a harbour"}},
    }
    questionnaire = [{"instrument": "mini_markers", "items": ["bold"]}]
    run = portrayed(tmp_path, change, questionnaires=questionnaire)
    told = {
        key.partition("#")[2].partition("#")[0]: run.call(key).messages[0][1]
        for key in run.table("calls").collect()["key"]
    }
    assert "Residence: a harbour" not in told["p0000-P"]
    assert "Residence" not in told["p0000-P"]
    assert "anxious" in told["p0000-P"] or "calm" in told["p0000-P"] or "neither" in told["p0000-P"]
    assert "Residence: a harbour" in told["p0000-SP"]
    assert "Your age" not in told["p0000-SP"], "no version has attributes"
    changed = run.table("interventions").collect()
    assert set(changed["agent"].drop_nulls()) == {
        f"p000{n}-{version}" for n in range(3) for version in ("SP", "SPC")
    }


class Games(Society):
    """A game a day, in a new thread of whoever plays it."""

    days: ClassVar[list[list[str]]] = [["ann"], ["ann"], ["bob", "ann"], ["ann", "bob"], ["bob"]]

    async def play(self):
        people = {name: self.enroll(name) for name in ("ann", "bob")}
        for day, names in enumerate(self.days, start=1):
            for name in names:
                thread = people[name].thread(f"game {day}")
                scope = f"d{day}/{name}"
                self.schedule(self.talk(thread), agents=[thread], scope=scope)
            yield

    async def talk(self, thread: LLMAgent) -> None:
        await thread.ask("strategy", Text, text="Well?")
        await thread.ask("strategy", Text, text="And?")


def heard_in(*said: dict[str, Any], days: list[list[str]] | None = None) -> dict[str, list[str]]:
    """Play games, and return which questions of which scopes an announcement stands above."""
    heard: dict[str, list[str]] = {}

    class Listener:
        async def complete(self, request, key):
            for each in request.situation.get("announced", ()):
                heard.setdefault(each.text, []).append(key)
            return Completion("yes")

    config, _ = load("donor_game/demo", {**SMALL, "prompts": PROMPTS, "interventions": list(said)})
    kind = type("Played", (Games,), {"days": days or Games.days})
    kind(config, open_model=lambda spec: Listener()).run()
    return {text: sorted(keys) for text, keys in heard.items()}


def test_a_passing_announcement_is_heard_once_by_agents_whose_every_game_is_a_thread() -> None:
    passing = {"at": "d2", "say": {"text": "Hark!"}}
    lasting = {"at": "d3", "say": {"text": "War!", "to": ["ann"], "lasting": True}}
    found = heard_in(passing, lasting)
    assert found["Hark!"] == ["d2/ann#ann#1", "d3/bob#bob#1"], "bob's next game is on day 3"
    assert found["War!"] == [f"d{day}/ann#ann#{n}" for day in (3, 4) for n in (1, 2)]


def test_two_passing_announcements_are_each_heard_once() -> None:
    said = [{"at": f"d{day}", "say": {"text": f"Day {day}!"}} for day in (2, 4)]
    assert heard_in(*said) == {
        "Day 2!": ["d2/ann#ann#1", "d3/bob#bob#1"],
        "Day 4!": ["d4/ann#ann#1", "d4/bob#bob#1"],
    }


class Word(Answer):
    """One of few words, of which each is kept once."""

    word: str
    known: ClassVar[dict[str, "Word"]] = {}

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Return the one value that stands for a word."""
        if text not in ("yes", "no"):
            raise AnswerError("say yes or no")
        return cls.known.setdefault(text, cls(word=text))  # type: ignore[return-value]


def test_a_repaired_answer_marks_nobody_who_shares_its_value() -> None:
    answers: list[Word] = []

    class Vote(Society):
        async def play(self):
            for name in ("ann", "bob", "cleo"):
                agent = self.enroll(name)
                self.schedule(self.vote(agent), agents=[agent], scope=name)
                await self.settle()
            yield

        async def vote(self, agent: LLMAgent) -> None:
            fallback = Word.known.get("yes") if agent.name == "cleo" else None
            answer = await agent.ask("strategy", Word, text="Well?", fallback=fallback, attempts=2)
            answers.append(answer)

    class Slow:
        async def complete(self, request, key):
            said = {"ann": "yes", "bob": "yes" if request.attempt > 1 else "er", "cleo": "hm"}
            return Completion(said[request.agent])

    config, _ = load("donor_game/demo", {**SMALL, "prompts": PROMPTS})
    society = Vote(config, open_model=lambda spec: Slow())
    society.run()
    assert [answer.outcome for answer in answers] == ["clean", "repaired", "defaulted"]
    assert len({id(answer) for answer in answers}) == 3
    assert answers[0] == answers[1], "how it came about is no part of what it is compared by"
