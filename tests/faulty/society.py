"""The ring, and what may be wrong with it."""

import random
import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from societies.agents import Answer, AnswerError, LLMAgent
from societies.agents.errors import ModelError
from societies.agents.templates.prompts import Prompts
from societies.record.types import Record
from societies.society import Society
from tests.faulty import SECRETS


class Coins(Answer):
    """How many coins, and what was said with them."""

    coins: int
    said: str = ""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        found = re.search(r"I give (-?\d+) coins", text)
        if found is None:
            raise AnswerError("say: I give ... coins")
        if not 0 <= int(found[1]) <= situation["coins"]:
            raise AnswerError(f"{found[1]} is not between 0 and {situation['coins']}")
        return cls(coins=int(found[1]), said=text)


class Gift(Record):
    """Somebody gave coins to somebody."""

    table: ClassVar[str] = "gifts"

    round: int
    receiver: str
    coins: int
    giver_after: int
    receiver_after: int
    luck: float
    outcome: Literal["clean", "lenient", "repaired", "defaulted"]


class Ring(Society):
    """Right in every way."""

    records = (Gift,)
    answer: ClassVar[type[Coins]] = Coins

    async def play(self):
        self.coins: dict[str, int] = {}
        self.heard: dict[str, str] = {}
        self.begin()
        people = [self.enroll(name, brief={"secret": SECRETS[name]}) for name in self.people()]
        self.coins = {person.name: self.protocol.coins for person in people}
        for number in range(1, self.protocol.rounds + 1):
            ring = people[number % 2 :] + people[: number % 2]
            for giver, receiver in zip(ring[::2], ring[1::2], strict=True):
                self.schedule(
                    self.give(number, giver, receiver),
                    agents=[giver, receiver],
                    scope=f"r{number}/{giver.name}>{receiver.name}",
                )
            yield
            await self.end_round()

    def begin(self) -> None:
        """Prepare whatever a version needs."""

    def people(self) -> list[str]:
        return list(SECRETS)

    async def end_round(self) -> None:
        await self.settle()

    async def give(self, number: int, giver: LLMAgent, receiver: LLMAgent) -> None:
        answer = await giver.ask(
            "give",
            self.answer,
            fallback=self.answer(coins=0) if self.protocol.fallback else None,
            attempts=2,
            coins=self.coins[giver.name],
            receiver=receiver.name,
            heard=self.heard_by(giver, receiver),
        )
        self.move(answer.coins, giver, receiver)
        giver.say(answer.said, to=[receiver])
        self.heard[receiver.name] = answer.said
        self.write(
            Gift(
                round=number,
                receiver=receiver.name,
                coins=answer.coins,
                giver_after=self.coins[giver.name],
                receiver_after=self.coins[receiver.name],
                luck=self.luck(giver),
                outcome=self.outcome(answer),
            ),
            giver,
        )

    def heard_by(self, giver: LLMAgent, receiver: LLMAgent) -> str:
        return self.heard.get(giver.name, "")

    def move(self, coins: int, giver: LLMAgent, receiver: LLMAgent) -> None:
        self.coins[giver.name] -= coins
        self.coins[receiver.name] += coins

    def luck(self, giver: LLMAgent) -> float:
        return giver.random.random()

    def outcome(self, answer: Coins) -> str:
        return answer.outcome

    def write(self, gift: Gift, giver: LLMAgent) -> None:
        self.record(gift, giver)


def violations(run):
    """Coins only change hands, and nobody owes any."""
    owned = dict.fromkeys(SECRETS, run.config.protocol.coins)
    for gift in run.table("gifts").sort("seq").collect().iter_rows(named=True):
        if gift["coins"] < 0:
            yield f"{gift['scope']}: {gift['agent']} gives {gift['coins']} coins"
        owned[gift["agent"]] -= gift["coins"]
        owned[gift["receiver"]] += gift["coins"]
        for name, logged in (
            (gift["agent"], gift["giver_after"]),
            (gift["receiver"], gift["receiver_after"]),
        ):
            if logged != owned[name] or logged < 0:
                yield f"{gift['scope']}: {name} has {logged} coins, and should have {owned[name]}"


class SharedRandom(Ring):
    """All draw from one generator, in the order in which replies arrive."""

    def begin(self):
        self.lottery = random.Random(self.seed)

    def luck(self, giver):
        return self.lottery.random()


class GlobalRandom(Ring):
    """Draws from Python's global generator."""

    def luck(self, giver):
        return random.random()


class FinishingOrder(Ring):
    """Collects what happens as it happens, and records it at the end of the round."""

    def begin(self):
        self.finished = []

    def write(self, gift, giver):
        self.finished.append((gift, giver))

    async def end_round(self):
        await self.settle()
        for gift, giver in self.finished:
            self.record(gift, giver)
        self.finished.clear()


class WallTime(Ring):
    """Writes the clock into a column that should not measure it."""

    def luck(self, giver):
        return time.time()


class SetOrder(Ring):
    """Seats people in the order of a set of names."""

    def people(self):
        return list(set(SECRETS))


class Unsettled(Ring):
    """Looks at the coins while they are changing hands."""

    async def end_round(self):
        richest = max(self.coins, key=self.coins.get)
        agent = next(agent for agent in self.agents if agent.name == richest)
        agent.say(f"I am the richest, with {self.coins[richest]}", to=[], channel="public")


class Leak(Ring):
    """Shows givers what their receiver hides."""

    def heard_by(self, giver, receiver):
        return f"{receiver.name} hides {SECRETS[receiver.name]}"


class MoneyFromNowhere(Ring):
    """Now and then a coin more arrives than was given."""

    def move(self, coins, giver, receiver):
        super().move(coins, giver, receiver)
        self.coins[receiver.name] += coins > 5


class Swallow(Ring):
    """What cannot be read is nothing, and looks as if it had been meant."""

    class answer(Coins):  # noqa: N801 - stands for the attribute `answer`
        @classmethod
        def read(cls, text, situation):
            try:
                return super().read(text, situation)
            except AnswerError:
                return cls(coins=0, said="I give nothing.")


class Trusting(Ring):
    """Takes any number of coins."""

    class answer(Coins):  # noqa: N801
        @classmethod
        def read(cls, text, situation):
            return super().read(text, {"coins": float("inf")})


class Owing(Ring):
    """Takes numbers of coins below nothing."""

    class answer(Coins):  # noqa: N801
        @classmethod
        def read(cls, text, situation):
            answer = super().read(text.replace("-", ""), situation)
            return cls(coins=-answer.coins if "-" in text else answer.coins, said=text)


class OwnStep(Ring):
    """Has a `step()` of its own, as models for Mesa have, which `run()` does not call."""

    def step(self):
        super().step()
        self.coins["ann"] += 1


class Crash(Ring):
    """Trusts replies to have numbers in them."""

    class answer(Coins):  # noqa: N801
        @classmethod
        def read(cls, text, situation):
            return cls(coins=int(text.split()[2]), said=text)


class Nameless(Ring):
    """Stops without saying who could not be understood."""

    class answer(Coins):  # noqa: N801
        @classmethod
        def read(cls, text, situation):
            try:
                return super().read(text, situation)
            except AnswerError as error:
                raise ModelError("somebody cannot be understood") from error


class HiddenDefault(Ring):
    """Says of every answer that it was clean."""

    def outcome(self, answer):
        return "clean"


class Template(Ring):
    """Takes what agents say for a template."""

    def heard_by(self, giver, receiver):
        said = self.heard.get(giver.name, "").replace("{% raw %}", "")
        return Prompts([], {"said": said}).render("said", {})


class TwoRows(Ring):
    """Records every gift twice."""

    def write(self, gift, giver):
        super().write(gift, giver)
        super().write(gift, giver)


class TwoAsked(Ring):
    """Asks again for the fun of it where a journal is kept, which no dry play foretells."""

    async def give(self, number, giver, receiver):
        if self.calls.journal is not None:
            nothing = Coins(coins=0)
            await giver.aside("give", Coins, coins=0, receiver="?", heard="", fallback=nothing)
        await super().give(number, giver, receiver)


class Infinite(Ring):
    """Divides by what may be nothing."""

    def luck(self, giver):
        return self.coins[giver.name] / 1.0 or float("inf")
