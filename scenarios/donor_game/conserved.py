"""What cannot change in a donor game: resources move by logged donations only, in exact units."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from societies.runs.course import Course
from societies.runs.run import Run
from societies.scenarios.donor_game.protocol import DonorProtocol

Games = dict[int, dict[int, dict[str, float]]]
"""What everybody owns: by generation, game and name; the endowment until they act."""


def violations(run: Run) -> Iterator[str]:
    """Play every game over from its logged donations (Vallinder & Hughes 2024, section 3).

    Every agent starts each game with the endowment; from one donation to the next it keeps what it
    had; a donation moves exactly what the protocol says; what is left is what is scored.

    Yields:
        A sentence for each donation or score that does not fit.
    """
    course, endowment = Course(run), endowments(run)
    games: Games = {}
    for row in run.table("donations").sort("seq").collect().iter_rows(named=True):
        hands = games.setdefault(row["generation"], {}).setdefault(row["game"], {})
        for who, role in ((row["agent"], "donor"), (row["recipient"], "recipient")):
            owned = hands.get(who, endowment[row["generation"]])
            logged = row[f"{role}_before"]
            if logged != owned:
                yield f"{row['scope']}: {who} owned {owned!r} units and has {logged!r}"
            hands[who] = row[f"{role}_after"]
        yield from _unlike(row, course.protocol(row["seq"]))
    yield from _unscored(run.table("scores").sort("seq").collect(), games, endowment)


def endowments(run: Run) -> dict[int, float]:
    """Return what everybody started a game with, by generation: it is read before the games."""
    course = Course(run)
    first = run.rows("donations").group_by("generation").agg(pl.col("seq", "step").min())
    before = run.rows("steps").select(pl.col("step") + 1, began="seq")
    began = first.join(before, on="step", how="left").sort("generation").collect()
    return {
        row["generation"]: course.protocol(
            row["seq"] if row["began"] is None else row["began"]
        ).endowment
        for row in began.iter_rows(named=True)
    }


def _unlike(row: dict[str, Any], protocol: DonorProtocol) -> Iterator[str]:
    """Yield how a donation differs from what its amount does to the two."""
    amount, donor, recipient = row["amount"], row["donor_before"], row["recipient_before"]
    if row["action"] == "donate":
        after = donor - amount, recipient + protocol.multiplier * amount
    elif row["action"] == "punish":
        after = donor - amount, max(0.0, recipient - protocol.punishment_multiplier * amount)
    else:
        after = donor, recipient
    if row["action"] != "invalid" and not 0 <= amount <= donor:
        yield f"{row['scope']}: {row['agent']} owns {donor!r} units and uses {amount!r}"
    if (row["donor_after"], row["recipient_after"]) != after:
        yield (
            f"{row['scope']}: to {row['action']} {amount!r} makes {after[0]!r} and {after[1]!r}, "
            f"not {row['donor_after']!r} and {row['recipient_after']!r}"
        )


def _unscored(scores: pl.DataFrame, games: Games, endowment: dict[int, float]) -> Iterator[str]:
    """Yield whose final resources are not those of its last donation."""
    for row in scores.iter_rows(named=True):
        agent, start = row["agent"], endowment[row["generation"]]
        left = [hands.get(agent, start) for hands in games[row["generation"]].values()]
        if row["resources"] != left:
            yield f"{row['scope']}: {agent} ends with {left}, and {row['resources']} count"
