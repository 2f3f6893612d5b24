"""Reading the files of the classic release (Lewis et al. 2017), from a path the user gives.

None of that data is shipped. Types are item0, item1, item2 (book, hat, ball); an input is six
integers: count and value of each type in turn.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from societies.agents.files import documents
from societies.scenarios.negotiation.contexts import Context, Counts

Ending = Literal["agree", "disagree", "no_agreement", "disconnect"]

SIX = r"((?:\d+ ){5}\d+)"
TAGGED = re.compile(
    rf"<input> {SIX} </input> <dialogue> (.*?) </dialogue> "
    rf"<output> (.*?) </output> <partner_input> {SIX} </partner_input>"
)
PLAIN = re.compile(
    rf"{SIX} (.*) (?:YOU|THEM): <selection> (.*?)(?: <eos>)? reward=(.*?) (agree|disagree) {SIX}"
)
TURN = re.compile(r"(YOU|THEM): (.*?) <eos>")
ITEM = re.compile(r"item\d=(\d+)")
BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One seat's view of a human negotiation; its own values come first in the context."""

    context: Context
    turns: tuple[tuple[Literal["YOU", "THEM"], str], ...]
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
    if lines and re.fullmatch(SIX, lines[0]):
        return _selfplay(path, lines)
    return [dialogue.context for dialogue in _dialogues(path, lines)]


def read_dialogues(path: str | Path) -> list[Dialogue]:
    """Read the dialogues of a train, val, test (tagged) or data (plain) file.

    Raises:
        ValueError: a line has another shape; the text names it.
        OSError: the file cannot be read.
    """
    return _dialogues(path, _lines(path))


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


def _selfplay(path: str | Path, lines: Sequence[str]) -> list[Context]:
    wrong = [number for number, line in enumerate(lines, 1) if not re.fullmatch(SIX, line)]
    if wrong or len(lines) % 2:
        place = f"line {wrong[0]}" if wrong else f"the last of {len(lines)} lines"
        raise ValueError(f"{path}, {place}: two lines of six integers make a context")
    return [
        _context(path, 2 * number + 1, lines[2 * number], lines[2 * number + 1])
        for number in range(len(lines) // 2)
    ]


def _dialogues(path: str | Path, lines: Iterable[str]) -> list[Dialogue]:
    found = []
    for number, line in enumerate(lines, 1):
        tagged, plain = TAGGED.fullmatch(line), PLAIN.fullmatch(line)
        if tagged:
            found.append(_tagged(path, number, tagged))
        elif plain:
            found.append(_plain(path, number, plain))
        else:
            raise ValueError(f"{path}, line {number} is no dialogue: {line[:60]!r}...")
    return found


def _tagged(path: str | Path, number: int, found: re.Match[str]) -> Dialogue:
    context = _context(path, number, found[1], found[4])
    items = tuple(map(int, ITEM.findall(found[3])))
    own, partner = (items[:3], items[3:]) if len(items) == 6 else (None, None)
    word = found[3].split()[0].strip("<>")
    ending = _ending(path, number, "agree" if items else word)
    return Dialogue(context, _turns(found[2]), ending, own, partner)


def _plain(path: str | Path, number: int, found: re.Match[str]) -> Dialogue:
    context = _context(path, number, found[1], found[6])
    items = tuple(map(int, ITEM.findall(found[3])))
    if not items:
        word = found[3].strip("<> ").replace(" ", "_")
        return Dialogue(context, _turns(found[2]), _ending(path, number, word), None, None)
    partner = context.rest(items) if found[5] == "agree" else None
    return Dialogue(context, _turns(found[2]), _ending(path, number, found[5]), items, partner)


def _ending(path: str | Path, number: int, word: str) -> Ending:
    for ending in ("agree", "disagree", "no_agreement", "disconnect"):
        if word == ending:
            return ending
    raise ValueError(f"{path}, line {number}: unknown ending {word!r}")


def _turns(text: str) -> tuple[tuple[Literal["YOU", "THEM"], str], ...]:
    return tuple(
        ("YOU" if speaker == "YOU" else "THEM", said) for speaker, said in TURN.findall(f"{text} ")
    )


def _context(path: str | Path, number: int, own: str, partner: str) -> Context:
    first, second = tuple(map(int, own.split())), tuple(map(int, partner.split()))
    if first[::2] != second[::2]:
        raise ValueError(f"{path}, line {number}: the two seats have different counts")
    return Context(first[::2], (first[1::2], second[1::2]))
