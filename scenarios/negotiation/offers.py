"""How scripted minds put offers and values into sentences, and read them in what others say."""

import re
from collections.abc import Sequence
from functools import lru_cache

from societies.scenarios.negotiation.contexts import Counts

SENTENCE_END = re.compile(r"[.;!?]")


def list_words(parts: Sequence[str]) -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def word_share(share: Sequence[int], resources: Sequence[str]) -> str:
    """Return a share in words, such as `2 books, 1 hat and no balls`."""
    return list_words(
        [
            f"{number or 'no'} {name}{'' if number == 1 else 's'}"
            for number, name in zip(share, resources, strict=True)
        ]
    )


def word_offer(own: Sequence[int], other: Sequence[int], resources: Sequence[str]) -> str:
    """Return an offer as a sentence; `own` is what the speaker gets."""
    return f"I get {word_share(own, resources)}; you get {word_share(other, resources)}."


def word_values(values: Sequence[int], resources: Sequence[str]) -> str:
    """Return a sentence about what one piece of each resource is worth to the speaker."""
    parts = [f"{name} at {value}" for name, value in zip(resources, values, strict=True)]
    return f"Per piece I value {list_words(parts)}."


def read_offer(text: str, resources: Sequence[str], counts: Sequence[int]) -> Counts | None:
    """Return what the speaker would get by the last offer in a text; None if it makes none.

    Resources that the offer does not name go to the other side; so does what is not there.
    """
    found = _offer_pattern(tuple(resources)).findall(text)
    if not found:
        return None
    claim = SENTENCE_END.split(found[-1])[0]
    share = []
    for name, count in zip(resources, counts, strict=True):
        amount = re.search(
            rf"\b(\d+|no|all|the|an?)\s+(?:the\s+|of\s+)*{re.escape(name)}", claim, re.I
        )
        share.append(_number(amount[1], count) if amount else 0)
    return tuple(share) if all(n <= count for n, count in zip(share, counts, strict=True)) else None


def read_values(text: str, resources: Sequence[str]) -> Counts | None:
    """Return what the speaker says the resources are worth to it; None if it does not say."""
    values = []
    for name in resources:
        found = re.search(rf"{re.escape(name)}s? at (\d+)", text, re.IGNORECASE)
        if found is None:
            return None
        values.append(int(found[1]))
    return tuple(values)


@lru_cache(maxsize=100)
def _offer_pattern(resources: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern for what stands behind `I get` and the like, up to the sentence's end."""
    names = "|".join(map(re.escape, resources))
    return re.compile(
        rf"\bI(?:'d| would|'ll| will)? (?:get|take|keep|want|have)\b([^.;!?]*?(?:{names})[^.;!?]*)",
        re.IGNORECASE,
    )


def _number(word: str, count: int) -> int:
    """Return the number that a word stands for, of `count` pieces."""
    words = {"no": 0, "all": count, "the": count, "a": 1, "an": 1}
    return words[word.lower()] if word.lower() in words else int(word)
