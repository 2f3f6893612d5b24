"""Reading the files of the classic release (Lewis et al. 2017), from a path the user gives.

None of that data is shipped. Types are item0, item1, item2 (book, hat, ball); an input is six
integers: count and value of each type in turn.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from societies.agents.files import documents
from societies.scenarios.negotiation.contexts import Context, Counts

Ending = Literal["agree", "disagree", "no_agreement", "disconnect"]

SIX = r"(?:\d+ ){5}\d+"
SHAPES = (
    re.compile(
        rf"<input> (?P<own>{SIX}) </input> <dialogue> (?P<talk>.*?) </dialogue> <output> "
        rf"(?P<end>.*?) </output> <partner_input> (?P<partner>{SIX}) </partner_input>(?P<word>)"
    ),
    re.compile(
        rf"(?P<own>{SIX}) (?P<talk>.*) (?:YOU|THEM): <selection> (?P<end>.*?)(?: <eos>)? "
        rf"reward=.*? (?P<word>agree|disagree) (?P<partner>{SIX})"
    ),
)
"""A line of the tagged files (train, val, test) and one of the plain file (data)."""
TURN = re.compile(r"(YOU|THEM): (.*?) <eos>")
ITEM = re.compile(r"item\d=(\d+)")
BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One seat's view of a human negotiation; its own values come first in the context."""

    context: Context
    turns: tuple[tuple[str, str], ...]
    """Who spoke, `YOU` or `THEM`, and what was said."""
    ending: Ending
    share: Counts | None
    """What it got, or in `disagree` of the plain files what it claimed; None where unknown."""
    partner_share: Counts | None
    """What the partner got; None without a deal."""

    def mirrored(self) -> tuple[object, ...]:
        """Return what the partner's view of the same dialogue has as its `identity`."""
        other = {"YOU": "THEM", "THEM": "YOU"}
        turns = tuple((other[speaker], text) for speaker, text in self.turns)
        return self.context.swapped(), turns

    def identity(self) -> tuple[object, ...]:
        """Return what identifies this view: the context and what was said by whom."""
        return self.context, self.turns


def read_contexts(path: str | Path) -> list[Context]:
    """Read the contexts of any classic file.

    The two lines of a context in the selfplay file give one context; every dialogue of the other
    files gives one.

    Raises:
        ValueError: a line has another shape; the text names it.
        OSError: the file cannot be read.
    """
    lines = _lines(path)
    if not lines or not re.fullmatch(SIX, lines[0]):
        return [dialogue.context for dialogue in read_dialogues(path)]
    wrong = [number for number, line in enumerate(lines, 1) if not re.fullmatch(SIX, line)]
    if wrong or len(lines) % 2:
        place = f"line {wrong[0]}" if wrong else f"the last of {len(lines)} lines"
        raise ValueError(f"{path}, {place}: two lines of six integers make a context")
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [_context(f"{path}, line {2 * n + 1}", *pair) for n, pair in enumerate(pairs)]


def read_dialogues(path: str | Path) -> list[Dialogue]:
    """Read the dialogues of a train, val, test (tagged) or data (plain) file.

    Raises:
        ValueError: a line has another shape; the text names it.
        OSError: the file cannot be read.
    """
    return [_dialogue(f"{path}, line {n}", line) for n, line in enumerate(_lines(path), 1)]


def match_mirrors(dialogues: Sequence[Dialogue]) -> list[tuple[int, int]]:
    """Pair the two seats' views of each dialogue, by content: they are seldom adjacent.

    Returns:
        the positions of each pair, every position at most once, in order of the first.
    """
    waiting: dict[tuple[object, ...], list[int]] = defaultdict(list)
    pairs: list[tuple[int, int]] = []
    for position, dialogue in enumerate(dialogues):
        partners = waiting[dialogue.mirrored()]
        if partners:
            pairs.append((partners.pop(0), position))
        else:
            waiting[dialogue.identity()].append(position)
    return sorted(pairs)


def _lines(path: str | Path) -> list[str]:
    lines = documents.lines(documents.text(Path(path)))
    return [BLANKS.sub(" ", line).strip(" ") for line in lines if line.strip()]


def _dialogue(place: str, line: str) -> Dialogue:
    found = next(filter(None, (shape.fullmatch(line) for shape in SHAPES)), None)
    if found is None:
        raise ValueError(f"{place} is no dialogue: {line[:60]!r}...")
    context = _context(place, found["own"], found["partner"])
    turns = tuple(TURN.findall(f"{found['talk']} "))
    items = tuple(map(int, ITEM.findall(found["end"])))
    if not items:
        return Dialogue(context, turns, _ending(place, found["end"]), None, None)
    if len(items) not in (3, 6):
        raise ValueError(f"{place}: {len(items)} items are shared out, where it should be 3 or 6")
    ending = _ending(place, found["word"] or "agree")
    partner = items[3:] or context.rest(items) if ending == "agree" else None
    return Dialogue(context, turns, ending, items[:3], partner)


def _ending(place: str, text: str) -> Ending:
    """Return how a dialogue ended; the tagged files say it once for every item."""
    word = text.partition("> <")[0].strip("<> ").replace(" ", "_")
    for ending in get_args(Ending):
        if word == ending:
            return ending  # type: ignore[no-any-return]
    raise ValueError(f"{place}: unknown ending {word!r}")


def _context(place: str, own: str, partner: str) -> Context:
    first, second = tuple(map(int, own.split())), tuple(map(int, partner.split()))
    if first[::2] != second[::2]:
        raise ValueError(f"{place}: the two seats have different counts")
    return Context(first[::2], (first[1::2], second[1::2]))
