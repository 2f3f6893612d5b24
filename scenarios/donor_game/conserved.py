"""What cannot change in a donor game: resources move by logged donations only, in exact units."""

from collections.abc import Iterator
from typing import Any, cast

import polars as pl

from societies.run_directory import Run
from societies.scenarios.donor_game.protocol import DonorProtocol

Hands = dict[str, float]
"""What everybody owns in one game, by name; the endowment until they act."""


def violations(run: Run) -> Iterator[str]:
    """Play every game over from its logged donations (core protocol, 1.1 and 1.5).

    Every agent starts each game with the endowment; from one donation to the next it keeps what it
    had; a donation moves exactly what the protocol says; what is left is what is scored.

    Yields:
        A sentence for each donation or score that does not fit.
    """
    course = Course(run)
    games: dict[tuple[int, int], Hands] = {}
    for row in run.table("donations").sort("seq").collect().iter_rows(named=True):
        hands = games.setdefault((row["generation"], row["game"]), {})
        for who, role in ((row["agent"], "donor"), (row["recipient"], "recipient")):
            owned = hands.get(who, course.endowment(row["generation"]))
            logged = row[f"{role}_before"]
            if logged != owned:
                yield f"{row['scope']}: {who} owned {owned!r} units and has {logged!r}"
            hands[who] = row[f"{role}_after"]
        yield from _unlike(row, course.protocol(row["seq"]))
    yield from _unscored(run.table("scores").sort("seq").collect(), games, course)


class Course:
    """The rules of a run, as its interventions changed them on the way.

    Rows and interventions are numbered in program order: what stands behind an intervention was
    scheduled behind it.
    """

    def __init__(self, run: Run) -> None:
        config = run.config
        self._changes = [(-1, cast(DonorProtocol, config.protocol))]
        applied = run.table("interventions").filter(pl.col("applied"), kind="set").sort("seq")
        rows = applied.unique("number", keep="first", maintain_order=True).collect()
        for row in rows.iter_rows(named=True):
            config = config.with_values(config.interventions[row["number"]].set or {})
            self._changes.append((row["seq"], cast(DonorProtocol, config.protocol)))
        first = run.table("donations").group_by("generation").agg(pl.col("step").min() - 1)
        began = first.join(run.table("steps"), on="step").select("generation", "seq").collect()
        self._began: dict[int, int] = dict(began.iter_rows())

    def protocol(self, seq: int) -> DonorProtocol:
        """Return the rules of a row."""
        return next(protocol for at, protocol in reversed(self._changes) if at < seq)

    def endowment(self, generation: int) -> float:
        """Return what everybody starts a game with: it is read before a generation's games."""
        return self.protocol(self._began[generation]).endowment


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


def _unscored(
    scores: pl.DataFrame, games: dict[tuple[int, int], Hands], course: Course
) -> Iterator[str]:
    """Yield whose final resources are not those of its last donation."""
    played: dict[int, list[Hands]] = {}
    for (generation, _), hands in sorted(games.items(), key=lambda game: game[0]):
        played.setdefault(generation, []).append(hands)
    for row in scores.iter_rows(named=True):
        endowment = course.endowment(row["generation"])
        left = [hands.get(row["agent"], endowment) for hands in played[row["generation"]]]
        if row["resources"] != left:
            yield f"{row['scope']}: {row['agent']} ends with {left}, and {row['resources']} count"
