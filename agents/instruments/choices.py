"""Which option a reply states: the one that a careful person reads in it, or none.

A reply states an option if a line of it is nothing but its label, its words or both, or if it
announces it ("my answer is B"); and if it names no other option anywhere. What repeats the list,
contradicts itself or holds an option's words in a sentence states none.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from societies.agents.instruments.design import Option

MARKUP = re.compile(r"[*_`\"\u201c\u201d$\\]|^\s*[-\u2022]\s+", re.MULTILINE)
AROUND = " \t\r.!:"
ANNOUNCED = re.compile(
    r"(?:(?:so|thus|therefore|hence|overall|finally|and|but|yet)\b,?\s*)?"
    r"(?:(?:(?:my|the|your)\s+)?(?:(?:final|best|correct|honest|own|chosen)\s+)*"
    r"(?:answer|rating|option|choice|response|letter|number)\b"
    r"(?:\s+(?:is|would\s+be|will\s+be)\b)?(?:\s*[:=]|\s+-)?"
    r"|i(?:'d|'ll|\s+would|\s+will)?\s+(?:choose|pick|select|take|say|answer|go\s+with|go\s+for)\b)"
    r"\s*(?:(?:the\s+)?(?:option|letter|number|answer)\b)?\s*[:=]?\s*",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
CLAUSE_END = re.compile(r"[,;:\u2013\u2014]\s+|\s-\s+")
REASON = re.compile(r"[,;]?\s*because\b", re.IGNORECASE)
ARTICLE = r"(?<![\w'])A(?=\s*(?:[,.;:/)\]]|$)|\s+(?:or|and|nor)\b)"
PRONOUN = r"[(\[]I[)\]]|^I[.):]|\b(?:option|letter|answer)\s+I\b"


def find_option(text: str, options: Sequence[Option]) -> tuple[int | None, bool]:
    """Return the value of the option that a reply states, and whether its form is not the asked.

    None if it states none, or names more than one.
    """
    bare = text.strip()
    for option in options:
        if bare == option.label:
            return option.value, False
    reader = _reader(tuple(options))
    plain = MARKUP.sub("", bare.replace("\u2019", "'"))
    stated = reader.stated(plain)
    if len(stated) != 1 or len(stated | reader.named(plain)) != 1:
        return None, False
    return stated.pop(), True


def names_none(text: str, options: Sequence[Option]) -> bool:
    """Whether no option is named in a reply, be it in passing."""
    return not _reader(tuple(options)).named(MARKUP.sub("", text))


def is_label(text: str, options: Sequence[Option]) -> bool:
    """Whether a text is one option's label, and could not go on to be another's."""
    found = text.lstrip().casefold()
    begun = [each.label for each in options if found and each.label.casefold().startswith(found)]
    return len(begun) == 1 and begun[0].casefold() == found


class _Reader:
    """The patterns of one list of options."""

    def __init__(self, options: Sequence[Option]) -> None:
        self._labels = {each.label.casefold(): each.value for each in options}
        self._words = {_normal(each.text): each.value for each in options}
        labels = "|".join(map(re.escape, sorted(self._labels, key=len, reverse=True)))
        self._led = re.compile(
            rf"[(\[{{]?({labels})[)\]}}]?(?:\s*[.:=,\u2013-]+\s*|\s+|$)(.*)", re.I
        )
        self._followed = re.compile(rf"(.+?)\s*[(\[]({labels})[)\]]", re.IGNORECASE)
        self._mentions = [(_mention(each.label), each.value) for each in options]

    def stated(self, text: str) -> set[int]:
        """Return the options that lines are, and those that sentences announce."""
        found: set[int] = set()
        for line in filter(str.strip, text.splitlines()):
            value = self._option(line) or self._announced(line)
            values = [value] if value else map(self._announced, SENTENCE_END.split(line))
            found.update(filter(None, values))
        return found

    def named(self, text: str) -> set[int]:
        """Return the options that are named anywhere, in words or by their labels."""
        remaining, found = " ".join(text.casefold().split()), set()
        for words in sorted(self._words, key=len, reverse=True):
            remaining, times = re.subn(rf"\b{re.escape(words)}(?!\w)", " ", remaining)
            if times:
                found.add(self._words[words])
        return found | {value for label, value in self._mentions if label and label.search(text)}

    def _announced(self, sentence: str) -> int | None:
        """Return the option that a sentence announces, whatever clause it begins with."""
        starts = [0, *(clause.end() for clause in CLAUSE_END.finditer(sentence))]
        for start in starts:
            announced = ANNOUNCED.match(sentence, start)
            if announced and (value := self._option(sentence[announced.end() :])):
                return value
        return None

    def _option(self, text: str) -> int | None:
        """Return the option that a text is: its label, its words, or both."""
        text = " ".join(text.split()).strip(AROUND)
        if followed := self._followed.fullmatch(text):
            value = self._labels[followed[2].casefold()]
            return value if self._words.get(_normal(followed[1])) == value else None
        led = self._led.fullmatch(text)
        if led is None:
            return self._words.get(_normal(text))
        value, rest = self._labels[led[1].casefold()], _normal(led[2])
        if not rest or REASON.match(rest) or self._begun(rest) == {value}:
            return value
        return self._words.get(_normal(text))

    def _begun(self, text: str) -> set[int]:
        """Return the options whose words a text is, or begins, or begins with before a reason."""
        if text in self._words:
            return {self._words[text]}
        begun = {value for words, value in self._words.items() if words.startswith(f"{text} ")}
        whole = {
            value
            for words, value in self._words.items()
            if text.startswith(words) and REASON.match(text[len(words) :])
        }
        return begun or whole


_reader = lru_cache(maxsize=4096)(_Reader)


def _normal(text: str) -> str:
    """Return words without case, brackets, and marks around them."""
    return " ".join(text.casefold().split()).strip(" .!:()[]{}")


def _mention(label: str) -> re.Pattern[str] | None:
    """Return how a label is named in passing; none for labels that are the options' own words."""
    if label.isdecimal():
        return re.compile(rf"(?<![\w.,/-]){label}(?![\w%]|[.,/-]\d)")
    if len(label) > 1:
        return None
    passing = {"A": ARTICLE, "I": PRONOUN}.get(label, rf"(?<![\w']){re.escape(label)}(?![\w'])")
    return re.compile(passing, re.MULTILINE)
