"""What the stages of one turn cost, each measured on its own."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, TypeVar, cast

from benchmarks.timing import per_call
from societies.agents.agent import Call
from societies.agents.models.base import Completion, Message, Request
from societies.agents.models.scripted import ScriptedModel, open_mind
from societies.registry import find
from societies.scenarios.donor_game.answers import GiftAnswer
from societies.scenarios.donor_game.records import Donation
from societies.scenarios.donor_game.society import DonorGame, Link
from societies.scheduler import CURRENT, Interaction, Row, Scheduler
from societies.society import Society

T = TypeVar("T")
TURNS = 500
SCOPE = "g1/game1/r04/1_1>1_2"


class Turn:
    """A turn taken apart: one donor, one recipient, a full chain of past actions."""

    def __init__(self, society: Society) -> None:
        self.society = society
        self.donor, self.recipient = society.enroll("1_1"), society.enroll("1_2")
        link = Link(round=3, donor="1_3", recipient="1_4", action="donate", share=0.5)
        self.situation = {
            "protocol": cast(DonorGame, society).protocol,
            "strategy": "My strategy will be to give about 50% of what I have.",
            "generation": 1,
            "round": 4,
            "recipient": self.recipient.name,
            "recipient_resources": 12.5,
            "trace": (link, link, link),
            "resources": 33.25,
        }
        spec = self.donor.model_spec
        mind = open_mind(spec, find("donor_game").minds)
        self.model = ScriptedModel(spec, mind, society.seed)
        self.interaction = Interaction(None, (self.donor, self.recipient), SCOPE, 1)
        self.number = count(1)
        self.request = self.make_request(self.render())
        self.completion = self.reply()

    def render(self) -> str:
        """Word the question."""
        return self.society.render("donate", agent=self.donor, **self.situation)

    def make_request(self, question: str) -> Request:
        """Return the request that carries a question, hashed."""
        messages = (self.donor.system_message, Message("user", question))
        shown = self.society.show({"agent": self.donor, **self.situation})
        request = Request(messages, self.donor.name, "donate", shown, shown["agent"].persona)
        request.digest(self.donor.model_spec.fingerprint)
        return request

    def reply(self) -> Completion:
        """Hash the request and let the mind answer."""
        request = self.make_request(self.request.messages[-1].content)
        return finish(self.model.complete(request, f"{SCOPE}#1_1#{next(self.number)}"))

    def parse(self) -> GiftAnswer:
        """Read the reply."""
        return GiftAnswer.read(self.completion.text, self.situation)

    def journal(self) -> None:
        """Write the completion and the question, which no earlier turn has asked."""
        number = next(self.number)
        journal = self.society.calls.journal
        if journal is None:
            raise ValueError("the society keeps no journal")
        question = Message("user", f"{self.request.messages[-1].content}{number}")
        request = Request((self.donor.system_message, question), self.donor.name, "donate")
        key = f"{SCOPE}#1_1#{number}"
        journal.append(key, "0" * 32, request, self.donor.model_spec, self.completion)

    def log(self) -> None:
        """Make a turn's three records and hand them to the log."""
        token = CURRENT.set(self.interaction)
        call = Call(f"{SCOPE}#1_1#1", "0" * 32, self.request, self.completion)
        self.society.record_call(self.donor, call, None)
        self.society.record_answer(self.donor, call, "clean", None)
        self.society.record(self.donation(), self.donor)
        CURRENT.reset(token)
        for row in self.interaction.rows:
            self.society.log.write(row.record, row.step, row.scope, row.agent)
        self.interaction.rows.clear()

    def one_after_another(self) -> None:
        """Take all stages of a turn but its scheduling, as a run does: each evicts the others."""
        for stage in (self.render, self.reply, self.parse, self.journal, self.log):
            stage()

    def donation(self) -> Donation:
        """Return the record of the turn."""
        return Donation(
            generation=1,
            game=1,
            round=4,
            recipient=self.recipient.name,
            action="donate",
            amount=16.625,
            share=0.5,
            donor_before=33.25,
            donor_after=16.625,
            recipient_before=12.5,
            recipient_after=45.75,
            links=3,
            justification="1_2 last gave 50% of what it had.",
            outcome="clean",
        )

    def stages(self) -> dict[str, Callable[[], float]]:
        """Return what measures each stage: mean processor seconds of one turn."""
        return {
            "render": per_call(self.render, TURNS),
            "ask the model": per_call(self.reply, TURNS),
            "parse": per_call(self.parse, TURNS),
            "journal": per_call(self.journal, TURNS),
            "log": per_call(self.log, TURNS),
            "scheduling": lambda: scheduling(TURNS),
        }


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("the coroutine waited")


def scheduling(interactions: int) -> float:
    """Schedule and run interactions of twelve agents in pairs; return the seconds of one."""

    def ignore(_: Row) -> None:
        return

    async def nothing() -> None:
        return

    async def play() -> float:
        scheduler = Scheduler(ignore)
        began = time.process_time()
        for number in range(interactions):
            donor, partner = number % 6, 6 + (number + number // 6) % 6
            scheduler.schedule(nothing(), (donor, partner), f"g1/r{number}/{donor}", 1)
        await scheduler.settle()
        return (time.process_time() - began) / interactions

    return asyncio.run(play())
