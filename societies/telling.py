"""How the transcript tells a run: where a scenario says more than a line of each record."""

from societies.config.schema import RunConfig
from societies.record.types import Record


class Teller:
    """Tells the rows of one run, in program order.

    A scenario whose lines need what came before (who sits where, who held what) has a subclass in
    its `transcript.py`, which keeps that in mind.

    Args:
        config: the run's configuration.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    def tell(self, record: Record, agent: str) -> str:
        """Return the line, or the lines, of a row.

        Args:
            record: the row.
            agent: the name of who acted; `(the society)` for the society itself.
        """
        return record.story(agent)
