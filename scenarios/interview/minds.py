"""Scripted minds for interviews: known flaws, and a judge of others."""

import json
from typing import ClassVar

from societies.agents.models.respondent import Respondent
from societies.agents.persona.persona import PersonaView
from societies.kit import Field, Mind, Random, Seen
from societies.scenarios.interview.answers import STATEMENTS


class Interviewee(Mind):
    """Answers from its persona; subclasses differ in how they fill in questionnaires."""

    called: ClassVar[str] = "steady"
    knows: dict[str, list[str]] = Field(default_factory=dict)
    """Whom it can recognise as a judge, as a language model knows those it has read about: names,
    each with words that give the person away."""

    def twenty_statements(self, seen: Seen, random: Random) -> str:  # noqa: ARG002 - a fixed policy
        """Describe itself."""
        told = statements(seen.persona)[: 2 * STATEMENTS]
        told += [f"I am a person like any other ({n})." for n in range(2 * STATEMENTS - len(told))]
        return json.dumps({"known": told[:STATEMENTS], "hidden": told[STATEMENTS:]})

    def verdicts(self, seen: Seen, random: Random) -> str:  # noqa: ARG002
        """Judge somebody's statements about itself."""
        true = set(statements(seen.person))
        said = ["yes" if statement in true else "no" for statement in seen.statements]
        verdicts = [{"true": word, "why": "I know the person."} for word in said]
        return json.dumps({"verdicts": verdicts})

    def guess_who(self, seen: Seen, random: Random) -> str:  # noqa: ARG002
        """Name the person it knows that most of a profile fits."""
        fitting = {
            name: sum(mark in seen.profile for mark in marks) for name, marks in self.knows.items()
        }
        best = max(fitting, key=lambda name: fitting[name], default="")
        found = {"name": best, "reason": "It fits best."}
        if not fitting.get(best):
            found = {"name": "nobody I know", "reason": "Nothing of it fits anybody I know."}
        return json.dumps(found)


class OrderBiased(Interviewee):
    """Often takes what is listed first."""

    respondent: Respondent = Respondent(order_bias=0.6)


class Drifting(Interviewee):
    """Moves up on every trait from one occasion to the next."""

    respondent: Respondent = Respondent(drift=0.25)


class Insensitive(Interviewee):
    """Ignores its persona."""

    respondent: Respondent = Respondent(insensitivity=1.0)


class Stubborn(Interviewee):
    """Ignores its persona and has no noise: always the same answer."""

    respondent: Respondent = Respondent(insensitivity=1.0, noise=0.0)


class TemplateBound(Interviewee):
    """Answers by the wording of the question."""

    respondent: Respondent = Respondent(template_sensitivity=0.8)


class Acquiescent(Interviewee):
    """Agrees with whatever is said of it."""

    respondent: Respondent = Respondent(acquiescence=0.5)


class Refusing(Interviewee):
    """Refuses every third question."""

    respondent: Respondent = Respondent(refusal=0.33)


class Hypocrite(Interviewee):
    """Acts against what it says of itself."""

    respondent: Respondent = Respondent(hypocrisy=0.9)


class WordingBound(Interviewee):
    """Answers a paraphrase otherwise than the question itself."""

    respondent: Respondent = Respondent(wording_sensitivity=0.8)


class Yielding(Interviewee):
    """Gives in when it is asked again."""

    respondent: Respondent = Respondent(yielding=0.8)


def statements(persona: PersonaView) -> list[str]:
    """Return what a persona can say of itself, one sentence per fact."""
    told = [f"My {name} is {value}." for name, value in persona.social.items()]
    told += [f"My {trait} is {persona.level(trait)}." for trait in persona.big_five]
    told += [f"The worth of {value} to me is {persona.level(value)}." for value in persona.values]
    if persona.summary:
        told.append(persona.summary)
    if persona.life:
        told += [f"I love {thing}." for thing in persona.life.loves]
        told += [f"I hate {thing}." for thing in persona.life.hates]
    return told
