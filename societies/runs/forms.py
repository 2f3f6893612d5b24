"""What questionnaires asked, as a form per agent: each question once, with all its answers."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

import polars as pl

ADMINISTRATION = (
    *("template", "wording", "option_order", "scale_direction", "label_style", "repeat"),
    "asking",
)
"""Columns that tell the administrations of a question apart."""
WIDTH = 100
"""Letters of a line in which answers stand side by side."""
LONGEST = 24
"""Letters of a question that may stand beside others."""
REFUSED, UNREAD, LENIENT, REPAIRED, UNASKED = SIGNS = "x?~*."
"""What a form has for an answer that is no number, or behind one."""
MEANINGS = (
    "refuses to answer",
    "no answer that can be read",
    "read leniently",
    "repaired",
    "not asked so",
)
MARKS = {"lenient": LENIENT, "repaired": REPAIRED}

Row = dict[str, Any]
Key = tuple[Any, ...]


def forms(asked: pl.DataFrame, width: int = WIDTH) -> Iterator[str]:
    """Yield the form of every agent, and above them what they have in common.

    Args:
        asked: rows of table `responses` that belong together, in program order.
        width: of lines, in letters.
    """
    kinds = _grouped(asked.iter_rows(named=True), lambda row: (row["instrument"], row["kind"]))
    for (instrument, kind), rows in kinds.items():
        orders = list(_grouped(rows, _administration))
        yield from _legend(instrument, rows, orders) if kind == "rate" else [f"  {instrument}"]
        for agent, own in _grouped(rows, lambda row: row["agent"]).items():
            yield f"  {agent}"
            questions = list(_grouped(own, lambda row: (row["item"], row["question"])).values())
            if kind == "rate":
                yield from _ratings(questions, orders, width)
            else:
                yield from _answers(questions, dict(zip(orders, _called(orders), strict=True)))


def _grouped(rows: Iterable[Row], by: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Return rows by a key, in the order in which each is first met."""
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    return groups


def _administration(row: Row) -> Key:
    return tuple(row[name] for name in ADMINISTRATION)


def _called(orders: Sequence[Key]) -> list[str]:
    """Return what administrations are called, by what is not the same in all of them."""
    differ = [place for place in range(len(ADMINISTRATION)) if len({o[place] for o in orders}) > 1]
    return [", ".join(_word(place, order[place]) for place in differ) for order in orders]


def _word(place: int, value: Any) -> str:
    if ADMINISTRATION[place] == "asking":
        return "at first" if value == 1 else "asked again"
    return f"time {value}" if ADMINISTRATION[place] == "repeat" else str(value)


def _legend(instrument: str, rows: Sequence[Row], orders: Sequence[Key]) -> Iterator[str]:
    """Yield what the numbers and signs of ratings mean, and in which order they stand."""
    words = {row["value"]: row["answer"] for row in reversed(rows) if row["value"] is not None}
    scale = ", ".join(f"{value} {words[value]}" for value in sorted(words))
    yield f"  {instrument}, 1 to {rows[0]['points']}" + (f": {scale}" if scale else "")
    if len(orders) > 1:
        yield f"  answers stand in this order: {'; '.join(_called(orders))}"
    there = set("".join(map(_sign, rows)))
    asked = _grouped(rows, lambda row: (row["agent"], row["item"], row["question"])).values()
    if any(len(each) < len(orders) for each in asked):
        there.add(UNASKED)
    if met := [f"{s} {meant}" for s, meant in zip(SIGNS, MEANINGS, strict=True) if s in there]:
        yield f"  {', '.join(met)}"


def _sign(row: Row) -> str:
    """Return an answer in a letter or two."""
    read = UNREAD if row["value"] is None else str(row["value"])
    return (REFUSED if row["refused"] else read) + MARKS.get(row["outcome"], "")


def _title(row: Row) -> str:
    item, question = row["item"], row["question"]
    return f"{question}" if item == question else f"{item} {question}"


def _ratings(
    questions: Sequence[Sequence[Row]], orders: Sequence[Key], width: int
) -> Iterator[str]:
    """Yield ratings: as many short questions in a line as fit, and long ones by themselves."""
    cells, widest = [], max(len(_sign(row)) for rows in questions for row in rows)
    for rows in questions:
        given = {_administration(row): _sign(row) for row in rows}
        signs = [given.get(order, UNASKED).ljust(widest) for order in orders]
        cells.append((_title(rows[0]), " ".join(signs).rstrip()))
    longest = max((len(title) for title, _ in cells if len(title) <= LONGEST), default=0)
    column = longest + max(len(values) for _, values in cells) + 4
    line = ""
    for title, values in cells:
        alone = len(title) > LONGEST
        if line and (alone or len(line) + column > width):
            yield line.rstrip()
            line = ""
        if alone:
            yield f"    {title}: {values}"
        else:
            line = (line or "    ") + f"{title:{longest}} {values}".ljust(column)
    if line:
        yield line.rstrip()


def _answers(questions: Sequence[Sequence[Row]], called: dict[Key, str]) -> Iterator[str]:
    """Yield questions that are answered in words: each with its answers below it."""
    for rows in questions:
        yield f"    {_title(rows[0])}"
        for row in rows:
            how = called[_administration(row)]
            yield "    -> " + (f"({how}) " if how else "") + _words(row)


def _words(row: Row) -> str:
    mark = f" [{row['outcome']}]" if row["outcome"] in MARKS else ""
    if row["refused"]:
        return f"refuses to answer{mark}"
    if row["outcome"] == "defaulted":
        return "no answer that can be read"
    told: str = row["reply"] if row["kind"] == "open" else row["answer"]
    return told.replace("\n", "\n      ") + mark
