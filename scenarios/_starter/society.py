"""The public goods game: rounds of simultaneous gifts to a pot."""

from societies.kit import Agent, Play, Society

from .answers import NOTHING, Gift
from .protocol import PublicGoodsProtocol
from .records import Contribution


class PublicGoods(Society[PublicGoodsProtocol]):
    """Everybody gives at the same time; the pot is multiplied and shared out equally."""

    records = (Contribution,)

    async def play(self) -> Play:
        """Play all rounds; one Mesa step is a round."""
        players = self.enroll_all("player")
        gave: dict[Agent, float] = {}
        for number in range(1, self.protocol.rounds + 1):
            gifts = await self.at_once(players, self.give, number, gave, scope=f"r{number:02}")
            self.share_out(number, gifts)
            gave = {player: gift.amount for player, gift in gifts.items()}
            yield

    async def give(self, player: Agent, number: int, gave: dict[Agent, float]) -> Gift:
        """Ask one player, who knows what the others gave in the round before."""
        others = [amount for other, amount in gave.items() if other is not player]
        return await player.ask("give", Gift, fallback=NOTHING, round=number, others=others)

    def share_out(self, number: int, gifts: dict[Agent, Gift]) -> None:
        """Multiply the pot, share it out, and log everybody's result."""
        pot = sum(gift.amount for gift in gifts.values())
        share = self.protocol.multiplier * pot / len(gifts)
        for player, gift in gifts.items():
            payoff = self.protocol.endowment - gift.amount + share
            row = Contribution.of(gift, round=number, amount=gift.amount, pot=pot, payoff=payoff)
            self.record(row, player, scope=f"r{number:02}")
