"""Short plays that together put nearly every prompt of every scenario to a real model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Play:
    """A shipped file, and what makes it another play than it is."""

    file: str
    sets: Mapping[str, Any] = field(default_factory=dict)
    is_structured: bool = False
    """Whether replies are to be JSON objects, where the answer type has a schema."""
    seat: str = "model"
    """Whose model is the real one: `model`, or a role's."""

    def settings(self, address: str) -> dict[str, Any]:
        """Return what is set over the file, with the model behind an address."""
        structured = "always" if self.is_structured else "never"
        served = {f"{self.seat}.api_base": address, f"{self.seat}.structured": structured}
        return {**self.sets, **served}


def debate(kind: str, task: str, **sets: Any) -> Play:
    """Return one question of a debate."""
    given = {"protocol.task": {"kind": task, "count": 1}, "protocol.kind": kind, **sets}
    return Play("debate/small_model", given)


def judged(task: str) -> Play:
    """Return two sides and a judge, and at the end a fresh judge."""
    sizes = {"population.size": 2, "protocol.rounds": 2, "protocol.judge_attempts": 2}
    return debate("judged", task, **sizes)


def rated(instrument: str, items: list[str], size: int = 2, **design: Any) -> Play:
    """Return a few items of an instrument, asked of a few people."""
    asked = {"instrument": instrument, "items": items, **design}
    sets = {"population.size": size, "protocol.questionnaires": [asked]}
    return Play("interview/small_model", sets)


def people(size: int, written_as: str | None = None, max_tokens: int = 400) -> Play:
    """Return whole persons who describe themselves, or are described by the model."""
    model = {"model.name": "openai/local", "model.temperature": 0.7, "model.roles": {}}
    limits = {"limits.in_flight": 2, "limits.max_invalid_share": None}
    sets = {
        "population.size": size,
        "population.written_as": written_as,
        "protocol.ablations": [] if written_as else ["SPC"],
        "protocol.twenty_statements": not written_as,
        "protocol.attempts": 2,
    }
    return Play("interview/who_am_i", {**model, "model.max_tokens": max_tokens, **limits, **sets})


SMALL = {
    name: Play(f"{name}/small_model")
    for name in ("debate", "donor_game", "interview", "negotiation")
}
"""The shipped files for small models, as they are."""

GIVEN_ONCE = {"protocol.generations": 1}
REAL = {"name": "openai/local", "temperature": 0.7, "max_tokens": 400}
"""In the seat of a judge of what scripted minds say: a small model gives it nothing to judge."""
ADJECTIVES = ["kind", "bold", "shy"]
SITUATIONS = ["situation_suggested", "situation_announced", "situation_bare"]

MORE = {
    "punishment": Play(
        "donor_game/small_model", {"protocol.costly_punishment": True, **GIVEN_ONCE}
    ),
    "released": Play(
        "donor_game/small_model",
        {"protocol.fidelity": "released", "protocol.games": 2, "population.size": 2, **GIVEN_ONCE},
    ),
    "judged": judged("math"),
    "judged choice": judged("choice"),
    "translation": judged("translation"),
    "reflection": debate("self_reflection", "gsm", **{"population.size": 1}),
    "thoughts": debate("chain_of_thought", "choice", **{"population.size": 1}),
    "summaries": debate("symmetric", "gsm", **{"protocol.summaries_from": 3}),
    "judged deals": Play(
        "negotiation/small_model",
        {
            "protocol.judge": True,
            "protocol.games": 2,
            "model": {"name": "scripted/liar", "roles": {"judge": REAL}},
        },
        seat="model.roles.judge",
    ),
    "ratings": rated("mini_markers", ADJECTIVES, label_styles=["numbers", "letters", "words"]),
    "scales": rated("mini_markers", ADJECTIVES, templates=["rate_number", "rate_comparison"]),
    "form": rated("mini_markers", ADJECTIVES, 4, batch="form"),
    "situations": rated("everyday_choices", ["o1"], templates=SITUATIONS),
    "deeds": rated("words_and_deeds", ["o1.say", "o1.do", "a1.do"], reask=True),
    "who am I": people(2),
    "doubles": Play(
        "interview/who_am_i",
        {
            "population.size": 2,
            "protocol.ablations": ["SPC"],
            "protocol.guess_who": False,
            "model.roles": {"judge": REAL},
            "limits.max_invalid_share": None,
        },
        seat="model.roles.judge",
    ),
    "portraits": people(2, "prose"),
    "summed up": people(1, "spectrum", max_tokens=500),
}
"""What the four leave out: other protocols, templates and kinds of answers."""

PLAYS = {**SMALL, **MORE}
