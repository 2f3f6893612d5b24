"""Headings of a transcript: scopes in words."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

COUNTED = re.compile(r"([a-z]+)0*(\d+)")
"""A part of a scope that counts something, such as `g3` or `r01`."""
STEP = re.compile(r"step 0*(\d+)")
"""When a probe asked."""
POPULATION = "the population"
"""The heading above what has no scope: who joins."""


class Headings:
    """The headings that stand above the rows of a run, as their scopes change.

    Args:
        words: what the letters of counted parts of scopes, or whole parts, are called.
        names: of the agents: a part that names one (two, if one acts towards the other) says whose
            turn it is, and is no heading; it is never the first.
    """

    def __init__(self, words: Mapping[str, str], names: Collection[str]) -> None:
        self._words, self._names = words, names
        self._above: Sequence[str] | None = None

    def scene(self, row: Mapping[str, Any]) -> tuple[Sequence[str], bool]:
        """Return the parts of a row's scope that are told in headings, and whether it is of a form.

        Args:
            row: a row's `scope`, and `cell`, part of the name of a cell of a questionnaire's grid:
                how it was administered is told in the form.
        """
        cell = row["cell"]
        first, *parts = row["scope"].split("/")
        scene = [first] if first else []
        for part in parts:
            if all(name in self._names for name in part.split(">")):
                break
            if cell is None or cell not in part:
                scene.append(part)
        return scene, cell is not None

    def above(self, scene: Sequence[str]) -> Iterator[str]:
        """Yield the headings above the next row: of what is not the same as above the last one."""
        before, self._above = self._above, scene
        if scene == before:
            return
        depth = 3 if scene[:1] == ["probe"] else 1  # which probe, and when
        if before is None or scene[:depth] != before[:depth] or len(scene) == depth:
            yield self._line("==", scene[:depth], scene[:depth])
        if scene[depth:]:
            yield self._line("--", scene, scene[depth:])

    def _line(self, mark: str, scene: Sequence[str], parts: Sequence[str]) -> str:
        """Return a heading in words, and behind it the scope, if that is another."""
        words, scope = ", ".join(map(self._word, parts)) or POPULATION, "/".join(scene)
        return f"\n{mark} {words}" + (f" [{scope}]" if scope not in ("", words) else "")

    def _word(self, part: str) -> str:
        """Return a part of a scope in words, as the scenario has them."""
        counted = COUNTED.fullmatch(part)
        if counted and counted[1] in self._words:
            return f"{self._words[counted[1]]} {counted[2]}"
        step = STEP.fullmatch(part)
        return f"step {step[1]}" if step else self._words.get(part, part)
