"""How a debate is told: who changes its mind, and whose answer it takes on."""

from societies.config.schema import RunConfig
from societies.kit import Record, Teller
from societies.scenarios.debate.exchange import Exchange
from societies.scenarios.debate.records import Posed, Statement


class DebateTeller(Teller):
    """Keeps in mind what is held in the question that is debated."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        self._exchange: Exchange | None = None

    def tell(self, record: Record, agent: str) -> str:
        """Tell a position beside the one that it takes the place of."""
        if isinstance(record, Posed):
            self._exchange = Exchange(record, in_turns=self.config.protocol.kind == "judged")
        if isinstance(record, Statement) and record.round > 0 and self._exchange is not None:
            turn = self._exchange.take(agent, record)
            if turn is not None and turn.changed:
                return record.change(agent, turn.before, turn.yielded_to)
        return record.story(agent)
