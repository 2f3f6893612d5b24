"""What an interaction may do: ask, and nothing that would depend on when replies arrive."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from societies.agents import LLMAgent, Text
from societies.agents.errors import ModelError, OutsideInteractionError
from societies.agents.models.base import Completion, Request
from societies.errors import RunFailedError
from societies.loading.load import load
from societies.record.journal import Journal
from societies.society import Society
from tests.conftest import SMALL

TEMPLATES = {"system": "{{ persona }}", "strategy": "{{ text }}"}


class Stage(Society):
    """A society whose play is one scene, given by a test; ann and bob are on the stage."""

    scene: Callable[["Stage"], Awaitable[None]]

    async def play(self):
        self.ann, self.bob = self.enroll("ann"), self.enroll("bob")
        await type(self).scene(self)
        yield

    async def speak(self, agent: LLMAgent, text: str = "Speak.") -> None:
        await agent.ask("strategy", Text, text=text)


def staged(
    scene: Callable[[Any], Awaitable[None]],
    journal: Journal | None = None,
    reply: Callable[[Request], Awaitable[Completion]] | None = None,
) -> Stage:
    """Play a scene; the model says yes, unless a test gives its replies."""
    config, _ = load("donor_game/demo", {**SMALL, "prompts": TEMPLATES})

    class Model:
        async def complete(self, request: Request, key: str) -> Completion:
            return await reply(request) if reply else Completion("yes")

    kind = type("Scene", (Stage,), {"scene": scene})
    stage = kind(config, journal=journal, open_model=lambda spec: Model())
    stage.run()
    return stage


def keys(path: Path) -> list[str]:
    """Return the keys of a journal."""
    with Journal(path, writable=False) as journal:
        return list(journal.keys())


async def paid(request: Request) -> Completion:
    """Answer bob after a while, and ann, sooner, not at all."""
    await asyncio.sleep(0.01)
    if request.agent == "ann":
        raise ModelError("ann's model has left")
    await asyncio.sleep(0.3)
    return Completion("paid for", cost=1.0)


def test_what_is_asked_at_the_same_time_as_what_fails_is_journalled(tmp_path):
    """Two asks in one interaction: one fails, and the other, which was paid for, is kept."""

    async def scene(stage: Stage) -> None:
        async def both() -> None:
            await asyncio.gather(stage.speak(stage.ann), stage.speak(stage.bob))

        stage.schedule(both(), agents=[stage.ann, stage.bob], scope="day")
        await stage.settle()

    path = tmp_path / "journal.ndjson"
    with Journal(path) as journal, pytest.raises(ModelError, match="has left"):
        staged(scene, journal, paid)
    assert keys(path) == ["day#bob#1"]


def test_an_interaction_awaits_what_it_asks():
    async def scene(stage: Stage) -> None:
        async def forgetful() -> None:
            stage.task = asyncio.create_task(stage.speak(stage.bob))
            await asyncio.sleep(0)

        stage.schedule(forgetful(), agents=[stage.bob], scope="day")
        await stage.settle()

    with pytest.raises(OutsideInteractionError, match="day ends while 1 of its calls"):
        staged(scene, reply=paid)


def test_a_scope_is_used_once(tmp_path):
    """Four interactions of one scope would share keys, and so one answer."""

    async def scene(stage: Stage) -> None:
        for number in range(4):
            text = f"Speak of {number}."
            stage.schedule(stage.speak(stage.ann, text), agents=[stage.ann], scope="day")

    path = tmp_path / "journal.ndjson"
    with (
        Journal(path) as journal,
        pytest.raises(RunFailedError, match=r"scope 'day' is used twice.* make it unique"),
    ):
        staged(scene, journal)


def test_a_journal_holds_a_key_once(tmp_path):
    async def scene(stage: Stage) -> None:
        stage.schedule(stage.speak(stage.ann), agents=[stage.ann], scope="day")

    with Journal(tmp_path / "journal.ndjson") as journal:
        staged(scene, journal)
        entry = journal.find("day#ann#1")
        request = Request((), "ann", "strategy")
        spec = load("donor_game/demo", SMALL)[0].model
        with pytest.raises(Exception, match="holds call 'day#ann#1' already"):
            journal.append("day#ann#1", entry.request, request, spec, entry.completion)


async def schedules(stage: Stage) -> None:
    stage.schedule(stage.speak(stage.bob), agents=[stage.bob], scope="night")


async def lets_join(stage: Stage) -> None:
    stage.enroll("cem")


async def lets_leave(stage: Stage) -> None:
    stage.bob.remove()


async def shuffles(stage: Stage) -> None:
    stage.agents.shuffle()


async def shuffles_those_of_a_kind(stage: Stage) -> None:
    stage.agents_by_type[LLMAgent].shuffle()


async def draws(stage: Stage) -> None:
    stage.drawn_from.random()


async def draws_a_number(stage: Stage) -> None:
    stage.drawn_from.getrandbits(3)


async def draws_from_numpy(stage: Stage) -> None:
    stage.rng.random()


async def draws_from_numpy_as_taken_before(stage: Stage) -> None:
    stage.numbers_from.integers(3)


@pytest.mark.parametrize(
    ("misuse", "told"),
    [
        (schedules, "day schedules 'night'.*: schedule it in play"),
        (lets_join, "day lets 'cem' join.*: enroll it in play"),
        (lets_leave, "day lets 'bob' leave.*: remove it in play"),
        (shuffles, "day draws from the society's random.*: draw from an agent's own"),
        (shuffles_those_of_a_kind, "day draws from the society's random"),
        (draws, "day draws from the society's random"),
        (draws_a_number, "day draws from the society's random"),
        (draws_from_numpy, "day draws from the society's rng"),
        (draws_from_numpy_as_taken_before, "day draws from the society's rng"),
    ],
)
def test_what_would_depend_on_latency_is_refused_in_an_interaction(misuse, told):
    async def scene(stage: Stage) -> None:
        stage.drawn_from, stage.numbers_from = stage.random, stage.rng
        stage.schedule(misuse(stage), agents=[stage.ann, stage.bob], scope="day")
        await stage.settle()

    with pytest.raises(OutsideInteractionError, match=told):
        staged(scene)


def test_the_societys_draws_are_those_of_its_seed():
    """The guard changes no draw: records of earlier versions stay reproducible."""
    from random import Random

    from numpy.random import default_rng

    async def scene(stage: Stage) -> None:
        assert stage.rng.random(3).tolist() == default_rng(stage.seed).random(3).tolist()
        assert default_rng(stage.rng) is stage.rng
        expected = Random(stage.seed)
        drawn = [stage.random.random(), stage.random.gauss(), stage.random.randrange(1000)]
        assert drawn == [expected.random(), expected.gauss(), expected.randrange(1000)]
        players = list("abcdef")
        stage.random.shuffle(players)
        others = list("abcdef")
        expected.shuffle(others)
        assert players == others

    staged(scene)
