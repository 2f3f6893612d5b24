"""How much a template may make: bounds on sizes and turns, so that rendering always ends.

A template is untrusted input (`views.py`), and a line of it could ask for more text than there is
memory, or never end. Whatever makes something larger is measured here, before or right after.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from time import thread_time
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedFormatter
from jinja2.utils import Namespace

from societies.agents.templates.views import ATOMS, FrozenDict, FrozenList, View

CHARACTERS = 1_000_000
"""Characters of a rendered text, and of everything that a template makes on the way."""
TURNS = 100_000
"""Turns of all loops of one rendering."""
INCLUDES = 300
"""Templates that one rendering includes or imports."""
SECONDS = 2.0
"""Processor time of one rendering."""
DIGITS = 1_000
"""Largest width or precision of a number or text that is formatted."""
DEPTH = 20
"""How deep lists and mappings may be nested in each other."""
PIECES = 64
"""Pieces of a text that are made before it is measured."""
STEPS_PER_LOOK = 64
"""How many calls, filters and comparisons there are from one look at the clock to the next."""

MAPPINGS: frozenset[type] = frozenset({dict, FrozenDict})
CONTAINERS: frozenset[type] = frozenset({list, tuple, frozenset, FrozenList}) | MAPPINGS

WIDTH = re.compile(r"\d+")
PERCENT = re.compile(r"%(?:\([^)]*\))?([^a-zA-Z%]*)")


class TooMuch(SecurityError):  # noqa: N818 - a SecurityError of Jinja's
    """A template makes more than it may."""


class Bounds:
    """What one rendering has used so far."""

    __slots__ = ("_deadline", "_includes", "_steps", "_turns")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin a rendering."""
        self._turns = self._steps = self._includes = 0
        self._deadline = 0.0

    def tick(self) -> None:
        """Count one step; now and then look at the clock."""
        self._steps += 1
        if self._steps % STEPS_PER_LOOK == 0:
            self.look()

    def look(self) -> None:
        """Stop if the time is up, which runs from the first look on."""
        now = thread_time()
        if not self._deadline:
            self._deadline = now + SECONDS
        elif now > self._deadline:
            raise TooMuch(f"it takes more than {SECONDS:g} seconds of processor time; loop less")

    def turn(self, turns: int = 1) -> None:
        """Count turns of a loop."""
        self._turns += turns
        if self._turns > TURNS:
            raise TooMuch(f"its loops take more than {TURNS:,} turns; loop over less")
        self.tick()

    def include(self) -> None:
        """Count a template that is included or imported."""
        self._includes += 1
        if self._includes > INCLUDES:
            raise TooMuch(f"it includes more than {INCLUDES} templates, or itself without end")
        self.tick()

    def loop(self, items: Iterable[Any]) -> Iterable[Any]:
        """Return what a loop goes over, its turns counted."""
        if type(items) in CONTAINERS or type(items) is str:
            self.turn(len(items))  # type: ignore[arg-type]
            return items
        return self._counted(items)

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.turn()
            yield item

    def compared(self, found: Any) -> Any:
        """Count a comparison."""
        self.tick()
        return found

    def made(self, value: Any) -> Any:
        """Return what a template has made, if it is not too large."""
        self._steps += 1
        if self._steps % STEPS_PER_LOOK == 0:
            self.look()
        kind = type(value)
        if kind is str:
            if len(value) > CHARACTERS:
                raise _too_large()
        elif kind in CONTAINERS:
            weight(value)
        elif kind is int:
            if value.bit_length() > 4 * DIGITS:
                raise TooMuch(f"it makes a number of more than {DIGITS:,} digits")
        elif kind not in ATOMS and isinstance(value, Iterator):
            return self._metered(value)
        return value

    def _metered(self, items: Iterator[Any]) -> Iterator[Any]:
        """Yield items, as long as all of them together are not too large."""
        total = 0
        for item in items:
            self.tick()
            total += weight(item)
            if total > CHARACTERS:
                raise _too_large()
            yield item

    def concat(self, pieces: Iterable[str]) -> str:
        """Put the pieces of a text together, as long as they are not too long."""
        if not isinstance(pieces, list):
            return self.written(iter(pieces))
        if sum(map(len, pieces)) > CHARACTERS:
            raise _too_large()
        return "".join(pieces)

    def written(self, pieces: Iterator[str]) -> str:
        """Return a text whose pieces are still being made."""
        text = "".join(some := list(islice(pieces, PIECES)))
        if len(some) < PIECES and len(text) <= CHARACTERS:
            return text
        while some := list(islice(pieces, PIECES)):
            text = self.concat([text, *some])
        return text

    def joined(self, pieces: Iterable[Any], separator: str = "") -> str:
        """Join texts, as long as they are not too long."""
        texts, total = [], 0
        for piece in pieces:
            text = str(piece)
            total += len(text) + len(separator)
            if total - len(separator) > CHARACTERS:
                raise _too_large()
            texts.append(text)
        return separator.join(texts)


def _too_large() -> TooMuch:
    return TooMuch(f"it makes more than {CHARACTERS:,} characters; write less")


def weight(value: Any, depth: int = 0) -> int:
    """Return about how many characters a value takes when it is written out.

    Raises:
        TooMuch: more than a template may make.
    """
    kind = type(value)
    if kind is str:
        return len(value) + 2
    if isinstance(value, View):
        return 2 + _total(value._data.values(), depth)
    if kind in MAPPINGS:
        return 2 + _total(value, depth) + _total(value.values(), depth)
    if isinstance(value, tuple) or kind in CONTAINERS:
        return 2 + _total(value, depth)
    if isinstance(value, Namespace):
        raise TooMuch("a namespace cannot be put into something else: set its attributes")
    return value.bit_length() // 3 + 2 if kind is int else 8


def _total(items: Iterable[Any], depth: int) -> int:
    if depth > DEPTH:
        raise TooMuch(f"it nests lists more than {DEPTH} deep")
    total = 0
    for item in items:
        total += weight(item, depth + 1)
        if total > CHARACTERS:
            raise _too_large()
    return total


# -- texts that are formatted ------------------------------------------------------------------


def narrow(specification: str) -> None:
    """Refuse widths and precisions that nobody writes."""
    if any(int(digits[:9]) > DIGITS for digits in WIDTH.findall(specification)):
        raise TooMuch(f"it formats something more than {DIGITS:,} characters wide")


def modulo(text: str, given: Any) -> str:
    """Return `text % given`, within bounds."""
    wanted = places(text)
    if type(given) is not float:
        longest = weight(given if isinstance(given, tuple | Mapping) else (given,))
        if wanted * longest > 2 * CHARACTERS:
            raise _too_large()
    return str(text % given)


@lru_cache(maxsize=1_000)
def places(text: str) -> int:
    """Return how many places for values a text has at most; refuse wide ones."""
    for specification in PERCENT.findall(text):
        if "*" in specification:
            raise TooMuch("it takes a width from a variable ('*'): write the width out")
        narrow(specification)
    return text.count("%")


class BoundedFormatter(SandboxedFormatter):
    """Python's `str.format`, reading what templates may read, within bounds."""

    _total = 0

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one field."""
        narrow(format_spec)
        text = str(format(value, format_spec))
        self._total += len(text)
        if self._total > CHARACTERS:
            raise _too_large()
        return text
