"""The results of a donor game, as its plots need them."""

from dataclasses import dataclass
from operator import mul

import polars as pl

from societies.runs.run import Run
from societies.scenarios.donor_game import measures as measured


@dataclass(frozen=True)
class Results:
    """What the plots of one run are drawn from."""

    measures: pl.DataFrame
    """One row per generation."""
    players: pl.DataFrame
    """One row per agent and generation: `resources`, `rank`, `survived`, `fraction`."""
    lineage: pl.DataFrame
    endowments: pl.DataFrame
    """One row per generation."""
    footer: str
    """The run's name and how its answers came about, for below every figure."""

    @classmethod
    def of(cls, run: Run) -> "Results":
        """Compute them from a run."""
        table = measured.measures(run)
        fractions = measured.donation_fractions(run)
        players = fractions.join(
            measured.population(run), on=measured.WHO, how="full", coalesce=True
        )
        return cls(
            measures=table,
            players=players.sort("generation", "agent"),
            lineage=measured.lineage(run),
            endowments=measured.endowments(run),
            footer=_footer(table, run),
        )

    @property
    def punished(self) -> bool:
        """Whether the protocol has costly punishment."""
        return bool(self.measures["punishment_share"].is_not_null().any())


def _footer(table: pl.DataFrame, run: Run) -> str:
    answers = table["answers"].to_list()
    parts = ", ".join(
        f"{sum(map(mul, table[how], answers)) / max(1, sum(answers)):.1%} {how}"
        for how in ("lenient", "invalid", "repaired", "defaulted")
    )
    path = run.path.resolve()
    return f"run {path.parent.name}/{path.name} · {sum(answers):,} answers: {parts}"
