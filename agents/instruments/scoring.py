"""Exact scores: keys, reversed items, missing answers by the instrument's own rule."""

from collections.abc import Mapping, Sequence
from math import floor
from statistics import fmean
from typing import Literal

from societies.agents.instruments.instrument import Question

SPECTRUM_LEVELS = (
    "very low",
    "low",
    "slightly below average",
    "slightly above average",
    "high",
    "very high",
    "very high",
)


def trait_scores(
    questions: Sequence[Question],
    values: Mapping[str, int | None],
    *,
    scoring: Literal["mean", "sum", "share", "centred"] = "mean",
    missing: float = 0.25,
) -> dict[str, float | None]:
    """Return each trait's score from one respondent's values.

    Args:
        questions: the instrument's questions.
        values: item id to canonical value; None, or no entry, is a missing answer.
        scoring: mean of the keyed answers, their sum (a missing answer counts as the mean of the
            others), the share of high choices in percent, or `centred`: the mean less the
            respondent's own mean over all scored items, as values are compared.
        missing: part of a trait's items that may be missing; beyond it the score is None.
    """
    keyed: dict[str, list[float | None]] = {}
    for question in questions:
        if question.trait:
            keyed.setdefault(question.trait, []).append(question.score(values.get(question.id)))
    found = {trait: _score(scores, scoring, missing) for trait, scores in keyed.items()}
    if scoring != "centred":
        return found
    answered = [score for scores in keyed.values() for score in scores if score is not None]
    own = fmean(answered) if answered else 0.0
    return {trait: None if score is None else score - own for trait, score in found.items()}


def _score(scores: Sequence[float | None], scoring: str, missing: float) -> float | None:
    answered = [score for score in scores if score is not None]
    if not answered or 1 - len(answered) / len(scores) > missing:
        return None
    mean = sum(answered) / len(answered)
    if scoring == "sum":
        return sum(answered) if len(answered) == len(scores) else mean * len(scores)
    return 100 * mean if scoring == "share" else mean


def choice_outcome(forward: Sequence[float], reversed_: Sequence[float]) -> bool:
    """Return whether an item counts as high, from the options' probabilities in both orders.

    Args:
        forward: probabilities of high 1, low 1, high 2, low 2 when listed in that order.
        reversed_: probabilities of the same options when listed low 1, high 1, low 2, high 2.

    TRAIT's rule (Lee et al. 2024, arXiv 2406.14703): the largest of the averaged probabilities
    decides, and a tie resolves towards high.
    """
    means = [(one + other) / 2 for one, other in zip(forward, reversed_, strict=True)]
    return max(means[0], means[2]) >= max(means[1], means[3])


def spectrum_level(score: float, rounding: Literal["floor", "round"] = "round") -> str:
    """Return SPeCtrum's words for a domain's mean on the scale 1 to 7 (Lee et al. 2025).

    The released code floors, which discards up to 0.99 of a point; rounding is the default here.
    """
    whole = floor(score) if rounding == "floor" else floor(score + 0.5)
    return SPECTRUM_LEVELS[min(7, max(1, whole)) - 1]
