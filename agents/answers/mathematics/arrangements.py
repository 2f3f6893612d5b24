"""How a mathematical answer is put together: a relation, a list, a set, a tuple, a matrix."""

import re
from itertools import accumulate
from typing import NamedTuple

COMMA = re.compile(",")
UNION = re.compile(r"\\cup(?![A-Za-z])|\u222a")
RELATION = re.compile(
    r"\\(?:leq?(?:slant)?|geq?(?:slant)?|neq?|lt|gt)(?![A-Za-z])|[<>]=?|=|[\u2264\u2265\u2260]"
)
SIGNS = {
    **dict.fromkeys((r"\le", r"\leq", r"\leqslant", "\u2264"), "<="),
    **dict.fromkeys((r"\ge", r"\geq", r"\geqslant", "\u2265"), ">="),
    **dict.fromkeys((r"\ne", r"\neq", "\u2260"), "!="),
    r"\lt": "<",
    r"\gt": ">",
}
TURNED = str.maketrans("<>", "><")
ASSIGNED = re.compile(r"^\s*([A-Za-z])\s*(?:=|\\in(?![A-Za-z]))|=\s*([A-Za-z])\s*$")
MATRIX = re.compile(r"\\begin\{([pbv]?matrix)\}((?:(?!\\begin\{).)*)\\end\{\1\}", re.DOTALL)
LETTERS = re.compile(r"[^\W\d_]+|\\text\{[^{}]*\}")


class Arrangement(NamedTuple):
    """The parts of an answer and how they belong together."""

    kind: str
    """The brackets, or the signs between the parts; arrangements of two kinds are never equal."""
    parts: tuple[str, ...]
    ordered: bool = True
    """Whether the parts mean something else in another order."""


def arrangement(text: str) -> Arrangement | None:
    """Return how an answer is put together; None if it is one expression."""
    text = text.strip()
    return _matrix(text) or _list(text) or _relation(text) or _union(text) or _bracketed(text)


def assigned(text: str) -> tuple[str, str] | None:
    r"""Return the letter and the values of `x = 1`, `x=1, x=2` or `x \in (0,1)`; else None."""
    found = ASSIGNED.search(text)
    if found is None:
        return None
    letter = found[1] or found[2]
    if found[1]:
        values = re.sub(rf"(?:^|(,))\s*{letter}\s*(?:=|\\in(?![A-Za-z]))", r"\1", text)
    else:
        values = text[: found.start()]
    return None if RELATION.search(values) else (letter, values.strip())


def split(text: str, separator: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """Return the parts of a text and the separators between them, outside of all brackets.

    Any closing bracket closes any opening one, as in a half-open interval; a text in which they
    do not balance is one part.
    """
    depths = _depths(text)
    if min(depths, default=0) < 0 or (depths and depths[-1]):
        return [text], []
    found = [match for match in separator.finditer(text) if not depths[match.start()]]
    starts = [0, *(match.end() for match in found)]
    ends = [*(match.start() for match in found), len(text)]
    parts = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return parts, [match[0] for match in found]


def _depths(text: str) -> list[int]:
    return list(accumulate((letter in "([{") - (letter in ")]}") for letter in text))


def _matrix(text: str) -> Arrangement | None:
    found = MATRIX.fullmatch(text)
    if found is None:
        return None
    rows = [row.split("&") for row in found[2].strip().removesuffix("\\\\").split("\\\\")]
    widths = ",".join(str(len(row)) for row in rows)
    name = "determinant" if found[1] == "vmatrix" else "matrix"
    return Arrangement(f"{name} {widths}", tuple(cell.strip() for row in rows for cell in row))


def _list(text: str) -> Arrangement | None:
    """Return the values between commas: in any order, but for words, which may be a ranking."""
    parts, commas = split(text, COMMA)
    if not commas:
        return None
    return Arrangement(",", tuple(parts), ordered=any(LETTERS.fullmatch(part) for part in parts))


def _relation(text: str) -> Arrangement | None:
    """Return the sides of an equation or an inequality, from the smallest to the largest."""
    sides, found = split(text, RELATION)
    if not found:
        return None
    signs = [SIGNS.get(sign, sign) for sign in found]
    if any(sign.startswith(">") for sign in signs):
        sides, signs = sides[::-1], [sign.translate(TURNED) for sign in reversed(signs)]
    return Arrangement(" ".join(signs), tuple(sides), ordered=signs not in (["="], ["!="]))


def _union(text: str) -> Arrangement | None:
    parts, found = split(text, UNION)
    return Arrangement("union", tuple(parts), ordered=r"\cap" in text) if found else None


def _bracketed(text: str) -> Arrangement | None:
    """Return a set, or a tuple or an interval of two parts at least."""
    is_set = text.startswith("\\{") and text.endswith("\\}")
    if not is_set and not (text[:1] in set("([") and text[-1:] in set(")]")):
        return None
    width, depths = 1 + is_set, _depths(text)
    if depths[-1] or 0 in depths[width - 1 : -1]:
        return None
    parts, _ = split(text[width:-width], COMMA)
    if is_set:
        return Arrangement("set", tuple(parts), ordered=False)
    return Arrangement(text[0] + text[-1], tuple(parts)) if len(parts) > 1 else None
