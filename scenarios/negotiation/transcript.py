"""How a negotiation is told: everybody with its seat, which is another in the next game."""

from societies.config.schema import RunConfig
from societies.kit import Record, Teller
from societies.scenarios.negotiation.records import ContextRecord, seated


class NegotiationTeller(Teller):
    """Keeps in mind who sits where in the game that is told."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        self._seats: dict[str, str] = {}

    def tell(self, record: Record, agent: str) -> str:
        """Tell what a player does with its seat behind its name."""
        if isinstance(record, ContextRecord):
            self._seats = {record.red: "red", record.blue: "blue"}
        seat = self._seats.get(agent)
        return record.story(agent if seat is None else seated(agent, seat))
