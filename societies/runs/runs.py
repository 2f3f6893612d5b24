"""Several runs as one: a sweep, repetitions, whatever lies in a folder."""

from collections.abc import Iterable, Iterator, Sequence
from glob import has_magic
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any, Self, overload

import polars as pl
from pydantic_core import to_json

from societies.errors import InputError
from societies.loading.inputs import settings
from societies.runs.comparison import flat
from societies.runs.memory import Memory
from societies.runs.run import Run
from societies.scenario import resolve

Place = Run | str | PathLike[str]
"""A run, or where there are runs: its directory, a folder that holds several, a pattern."""

Given = Place | Iterable[Place]
"""What `Runs` can be made of; `Runs` themselves are runs that follow each other."""


class Runs(Memory, Sequence[Run]):
    """Runs in a fixed order, each with a label that tells it apart.

    Args:
        given: a run, the directory of one, a folder in which there are runs (however deep), a
            pattern such as `runs/sweep/*`, or several of these. Runs of a folder or a pattern come
            in the order of their paths, numbers by their size.

    Raises:
        InputError: there is no run, or one of them twice.
    """

    def __init__(self, given: Given) -> None:
        places = [given] if isinstance(given, Run | str | PathLike) else list(given)
        self._runs = tuple(chain.from_iterable(map(_found, places)))
        labels = next(filter(_distinct, self._names()), [])
        if not labels:
            paths = [str(run.path.resolve()) for run in self._runs]
            problem = f"{max(paths, key=paths.count)} is given twice" if paths else "none is given"
            raise InputError(f"give runs, and each of them once: {problem}")
        self.labels = tuple(labels)
        """The runs' names, such as `donor_game-demo/3@1f3a9c2b`, as in their own tables.

        Where two have the same name (the same was run twice, or by an earlier version), their
        places stand instead: the last two folders, or the whole path.
        """

    def _names(self) -> Iterator[list[str]]:
        """Yield what the runs may be called, the shortest first."""
        paths = [run.path.resolve() for run in self._runs]
        yield [run.name for run in self._runs]
        yield [f"{path.parent.name}/{path.name}" for path in paths]
        yield [str(path) for path in paths]

    @classmethod
    def of(cls, given: Given) -> "Runs":
        """Return runs as they are, and make them of anything else; a run that remembers does."""
        if isinstance(given, Runs):
            return given
        if isinstance(given, Run) and given.remembers:
            return given.once(cls, lambda: cls(given).remembering())
        return cls(given)

    @overload
    def __getitem__(self, place: int) -> Run: ...

    @overload
    def __getitem__(self, place: slice) -> "Runs": ...

    def __getitem__(self, place: int | slice) -> "Run | Runs":
        """Return a run, or some of them."""
        return Runs(self._runs[place]) if isinstance(place, slice) else self._runs[place]

    def __len__(self) -> int:
        """Return how many runs there are."""
        return len(self._runs)

    def __repr__(self) -> str:
        return f"Runs({', '.join(self.labels)})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        told: str = resolve("societies.runs.html:runs_html")(self)  # by name: it reads runs
        return told

    @property
    def only(self) -> Run:
        """The run, where one is asked for.

        Raises:
            InputError: there are several.
        """
        if len(self) > 1:
            raise InputError(f"this is about one run, and {len(self)} are given: {self!r}")
        return self[0]

    def remembering(self) -> Self:
        """Return the same runs, as they are now: what is made of them is made once and kept."""
        if self._made is not None:
            return self
        runs = super().remembering()
        runs._runs = tuple(run.remembering() for run in self._runs)
        return runs

    def labelled(self) -> Iterator[tuple[str, Run]]:
        """Yield every run with its label."""
        return zip(self.labels, self._runs, strict=True)

    def rows(self, name: str) -> pl.LazyFrame:
        """Return a table of all runs, in program order; column `run` holds the runs' labels.

        What an earlier version of a run did not record is null.

        Raises:
            InputError: a run has no such table.
        """
        return pl.concat(
            [run.rows(name).with_columns(run=pl.lit(label)) for label, run in self.labelled()],
            how="diagonal_relaxed",
        )

    def table(self, name: str) -> pl.LazyFrame:
        """Return a table as `rows`, and behind it a column for every parameter that differs.

        Raises:
            InputError: a run has no such table.
        """
        rows = self.rows(name)
        own = set(rows.collect_schema().names()) - {"run"}
        told = self.parameters.rename({key: f"scenario.{key}" for key in own}, strict=False)
        return rows.join(told.lazy(), on="run", how="left", maintain_order="left")

    @property
    def parameters(self) -> pl.DataFrame:
        """What is not the same in all runs: `run`, and a column per dotted key of `scenario.yaml`.

        Lists and mappings are told as JSON; null is what a run does not have.
        """
        found = [flat(settings(run.config, run.scenario)) for run in self]
        keys = dict.fromkeys(chain.from_iterable(found))
        groups = {key for key in keys if any(other.startswith(f"{key}.") for other in keys)}
        columns = {key: [each.get(key) for each in found] for key in keys if key not in groups}
        apart = {
            key: column_of(told)
            for key, told in columns.items()
            if len(set(map(to_json, told))) > 1
        }
        return pl.DataFrame({"run": self.labels, **apart})


def _distinct(names: Sequence[str]) -> bool:
    """Return whether there are names, and each of them once."""
    return 0 < len(names) == len(set(names))


def _found(place: Place) -> Iterator[Run]:
    """Yield the runs that a place stands for.

    Raises:
        InputError: there is none.
    """
    if isinstance(place, Run):
        yield place
        return
    given = str(place)
    paths = [Path(given)]
    if has_magic(given) and not paths[0].exists():
        root, pattern = Path(paths[0].anchor), paths[0]
        paths = sorted(root.glob(str(pattern.relative_to(root))), key=_order)
    found = list(chain.from_iterable(map(_below, paths)))
    if not found:
        what = "holds no run" if Path(given).is_dir() else "is neither a run nor a folder of runs"
        raise InputError(f"{given} {what}: a run's directory has a run.json in it")
    yield from found


def _below(path: Path) -> Iterator[Run]:
    """Yield the run of a directory, or the runs somewhere in it."""
    if not path.is_dir():
        return
    try:
        yield Run(path)
    except InputError:
        for inner in sorted(path.iterdir(), key=_order):
            yield from _below(inner)


def _order(path: Path) -> list[tuple[int, str]]:
    """Return what paths are ordered by: `demo/2` comes before `demo/10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in path.parts]


def column_of(told: Sequence[Any]) -> pl.Series:
    """Return values of a parameter as a column; what is no single value, or mixed, as JSON."""
    kinds = {type(value) for value in told if value is not None}
    if kinds == {int, float}:
        return pl.Series(told, dtype=pl.Float64)
    if len(kinds) == 1 and kinds <= {int, float, bool, str}:
        return pl.Series(told)
    return pl.Series([None if value is None else to_json(value).decode() for value in told])
