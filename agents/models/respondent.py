"""How scripted minds fill in questionnaires: from persona traits, with settable flaws.

Every measure of consistency has a flaw here that should move it, and others that should not.
"""

from math import exp, log
from random import Random
from typing import TYPE_CHECKING

from pydantic import Field

from societies.agents.persona.persona import NOBODY, PersonaView
from societies.agents.streams import stream
from societies.agents.strict import Strict

if TYPE_CHECKING:
    from societies.agents.instruments.design import Form, Option
    from societies.agents.models.base import Request

INVERSE = {"emotional_stability": "neuroticism"}
SHARPNESS = 0.25
"""Width of the answer distribution that is told as log-probabilities, in half scales."""
REFUSALS = (
    "I would rather not answer that.",
    "As an AI, I do not have personal traits that I could rate.",
    "I can't really choose one of these.",
)


class Respondent(Strict):
    """Answers items from the persona's trait levels. Units: one is half of the answer scale."""

    noise: float = Field(default=0.1, ge=0)
    """Standard deviation of every answer."""
    acquiescence: float = 0.0
    """Pull towards agreeing, whatever is asked."""
    order_bias: float = Field(default=0.0, ge=0, le=1)
    """Probability of simply taking the option that is listed first."""
    template_sensitivity: float = Field(default=0.0, ge=0)
    """Standard deviation of a shift that belongs to each pair of item and template."""
    wording_sensitivity: float = Field(default=0.0, ge=0)
    """Standard deviation of a shift that belongs to each item's paraphrase."""
    drift: float = 0.0
    """Change of every trait per occasion (probe or repeat)."""
    experience: float = 0.0
    """Change of every trait per question of the scenario that it is shown to have answered."""
    refusal: float = Field(default=0.0, ge=0, le=1)
    """Probability of refusing to answer."""
    insensitivity: float = Field(default=0.0, ge=0, le=1)
    """Part of the persona that is ignored; at 1 everybody answers alike."""
    leanings: dict[str, dict[str, dict[str, float]]] = Field(default_factory=dict)
    """What an attribute adds to traits: attribute, its value, trait, shift."""
    hypocrisy: float = Field(default=0.0, ge=0, le=1)
    """Probability of acting against what one says of oneself."""
    yielding: float = Field(default=0.0, ge=0, le=1)
    """Probability of changing the answer when the same question is asked again."""
    logprobs: bool = False
    """Also tell the options' log-probabilities, as some hosted models do."""

    def fill_in(self, request: "Request", random: Random) -> str:
        """Answer one item, a whole form, or an open question, in words."""
        if "forms" in request.situation:
            lines = [
                f"({label}) {self.choose(form, request, random).label}"
                for label, form in zip(
                    request.situation["labels"], request.situation["forms"], strict=True
                )
            ]
            return REFUSALS[1] if random.random() < self.refusal else "\n".join(lines)
        form: Form = request.situation["form"]
        if random.random() < self.refusal:
            return random.choice(REFUSALS)
        if form.question.kind == "open":
            return self.describe_myself(request.persona or NOBODY)
        return self.choose(form, request, random).label

    def choose(self, form: "Form", request: "Request", random: Random) -> "Option":
        """Return the option that is taken."""
        earlier = request.situation.get("earlier")
        if earlier is not None and random.random() >= self.yielding:
            return next(option for option in form.options if option.value == earlier)
        if self.order_bias and random.random() < self.order_bias:
            return form.options[0]
        lean = self.lean(form, request) + random.gauss(0, self.noise)
        if form.question.kind == "act" and random.random() < self.hypocrisy:
            lean = -lean
        if form.question.kind == "choose":
            high = lean > 0 if lean else random.random() < 0.5
            value = random.choice((1, 3) if high else (2, 4))
        else:
            value = nearest(lean, len(form.options))
        if earlier is not None and value == earlier:
            value = value - 1 if value > 1 else value + 1
        return next(option for option in form.options if option.value == value)

    def lean(self, form: "Form", request: "Request") -> float:
        """Return where between the lowest (-1) and the highest answer (1) the agent stands."""
        question, persona = form.question, request.persona or NOBODY
        trait = INVERSE.get(question.trait, question.trait)
        level = persona.score(trait) + self.pull(persona, trait)
        level *= 1 - self.insensitivity
        occasion: int = request.situation.get("occasion", 0)
        level += self.drift * occasion
        level += self.experience * len(request.situation.get("lived", ()))
        if trait != question.trait:
            level = -level
        if question.reversed:
            level = -level
        shift = self.acquiescence if question.kind == "rate" else 0.0
        if self.template_sensitivity:
            own = stream(0, "template", form.template, question.id)
            shift += own.gauss(0, self.template_sensitivity)
        if self.wording_sensitivity and form.wording == "paraphrase":
            shift += stream(0, "wording", question.id).gauss(0, self.wording_sensitivity)
        return level + shift

    def pull(self, persona: PersonaView, trait: str) -> float:
        """Return how far the persona's attributes shift a trait."""
        if not self.leanings:
            return 0.0
        return sum(
            self.leanings.get(name, {}).get(str(value), {}).get(trait, 0.0)
            for name, value in persona.attributes.items()
        )

    def weigh(self, request: "Request") -> dict[str, float] | None:
        """Return the log-probability of each label, if they are told."""
        is_asked = self.logprobs and request.purpose == "questionnaire"
        form: Form | None = request.situation.get("form") if is_asked else None
        if form is None or form.question.kind == "open":
            return None
        lean, count = self.lean(form, request), len(form.options)
        weights = []
        for option in form.options:
            place = 2 * (option.value - 1) / (count - 1) - 1
            if form.question.kind == "choose":
                place = 1.0 if option.value in (1, 3) else -1.0
            weights.append(exp(-(((place - lean) / SHARPNESS) ** 2) / 2) + 1e-9)
        weights[0] += self.order_bias * sum(weights)
        total = sum(weights)
        return {
            option.label: log(weight / total)
            for option, weight in zip(form.options, weights, strict=True)
        }

    def describe_myself(self, persona: PersonaView) -> str:
        """Return a few sentences about oneself."""
        traits = [f"{persona.level(trait)} in {trait}" for trait in persona.big_five]
        known = {**persona.social, **persona.attributes}
        facts = [f"my {name.replace('_', ' ')} is {value}" for name, value in known.items()]
        told = ", and ".join([*facts, *(f"I am {trait}" for trait in traits)])
        return f"About me: {told or 'there is nothing special to say'}."


def nearest(lean: float, points: int) -> int:
    """Return the answer (1 to points) nearest to a place between -1 and 1."""
    place = 1 + (lean + 1) / 2 * (points - 1)
    return int(min(points, max(1, place + 0.5)))
