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
    protocol = cast(DonorProtocol, run.config.protocol)
    games: dict[tuple[int, int], Hands] = {}
    for row in run.table("donations").sort("seq").collect().iter_rows(named=True):
        hands = games.setdefault((row["generation"], row["game"]), {})
        for who, role in ((row["agent"], "donor"), (row["recipient"], "recipient")):
            owned, logged = hands.get(who, protocol.endowment), row[f"{role}_before"]
            if logged != owned:
                yield f"{row['scope']}: {who} owned {owned!r} units and has {logged!r}"
            hands[who] = row[f"{role}_after"]
        yield from _unlike(row, protocol)
    yield from _unscored(run.table("scores").sort("seq").collect(), games, protocol)


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
    scores: pl.DataFrame, games: dict[tuple[int, int], Hands], protocol: DonorProtocol
) -> Iterator[str]:
    """Yield whose final resources are not those of its last donation."""
    for row in scores.iter_rows(named=True):
        played = [
            games[row["generation"], game].get(row["agent"], protocol.endowment)
            for game in range(1, protocol.games + 1)
        ]
        if row["resources"] != played:
            yield f"{row['scope']}: {row['agent']} ends with {played}, and {row['resources']} count"
