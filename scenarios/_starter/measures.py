"""Measures of the public goods game, and what cannot change in it."""

from collections.abc import Iterator

from societies.analysis.kit import Column, Frame, Runs, means, measure, rules_at
from societies.runs.run import Run


@measure(
    amount=Column("mean contribution", "units"), payoff=Column("mean payoff", "units"), main=True
)
def summary(runs: Runs) -> Frame:
    """Return what was given and earned per round; intervals are over runs, or one run's players."""
    return means(runs, "contributions", by="round", of={"amount": "amount", "payoff": "payoff"})


def violations(run: Run) -> Iterator[str]:
    """Yield where more or less was paid out than the pot holds."""
    table = run.table("contributions").sort("seq").collect()
    for (number,), rows in table.group_by("round", maintain_order=True):
        rules = rules_at(run, rows["seq"][0])
        made = rows.height * rules.endowment + (rules.multiplier - 1) * rows["amount"].sum()
        if abs(rows["payoff"].sum() - made) > 1e-9 * made:
            yield f"round {number}: {rows['payoff'].sum()} units are paid out of {made}"
