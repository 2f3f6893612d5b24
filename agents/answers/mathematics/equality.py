"""When two answers are the same: numbers by value, mathematics by form and then by value.

Nothing is ever evaluated as program text (see `expressions`).
"""

import cmath
import re
from decimal import Decimal
from functools import lru_cache
from math import gcd

from societies.agents.answers.mathematics.arrangements import Arrangement, arrangement, assigned
from societies.agents.answers.mathematics.expressions import LONGEST, POINTS, evaluate

NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,^])[-+\u2212]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+|(?<=[0-9]))"
    r"(?![0-9^]|[.,][0-9]|[eE][-+]?[0-9])"
)
UNITS = {
    "degree": r"degrees?|\^\s*\{?\s*\\circ\s*\}?|\u00b0",
    "cm": "cm|centimet(?:er|re)s?",
    "km": "km|kilomet(?:er|re)s?",
    "metre": "met(?:er|re)s?",
    "mile": "miles?",
    "foot": "feet|foot",
    "inch": "inch(?:es)?",
    "yard": "yards?",
    "unit": "units?",
    "square": "square",
    "cubic": "cubic",
    "hour": "hours?",
    "minute": "minutes?",
    "second": "seconds?",
    "day": "days?",
    "week": "weeks?",
    "month": "months?",
    "year": "years?",
    "dollar": r"dollars?|\\?\$",
    "cent": "cents?|ct",
    "euro": "euros?|\u20ac",
    "point": "points?",
    "percent": r"per ?cent|\\?%",
}
"""Spellings of units, by the name under which they are compared."""
UNIT = re.compile(
    r"(?<![A-Za-z\\])(?:"
    + "|".join(f"(?P<{name}>{spelling})" for name, spelling in UNITS.items())
    + r")(?![A-Za-z])(?:\s*\^\{?(?P<power>[23])\}?)?",
    re.IGNORECASE,
)
FRACTION = re.compile(r"(-?[0-9]+)/([0-9]+)")
MIXED = re.compile(
    r"(?<![\d.])(-?)(\d+)(?:\s*\\frac\s*\{(\d+)\}\s*\{(\d+)\}|\s+(\d+)\s*/\s*(\d+)(?![\d.]))"
)
BEFORE = re.compile(rf"(?:{UNIT.pattern})?", re.IGNORECASE)
AFTERWARDS = re.compile(
    r"\s*(?:\\?%|\u00b0|\u20ac)|(?:\s+(?!(?:hundred|thousand|(?:m|b|tr)illion|dozen|half|quarter|or|and"
    r"|to|by|times|plus|minus|per)s?\b)[A-Za-z]{2,}){0,2}\s*",
    re.IGNORECASE,
)
"""What may follow the number of a quantity: a sign, or at most two words that multiply nothing."""
TEXT = re.compile(r"\\(?:text|mbox|mathrm|textbf|mathbf)\s*\{([^{}]*)\}")
COMMAND = re.compile(r"\\[A-Za-z]+")
WORD = re.compile(r"[A-Za-z]{2,}")
BRACKETS = re.compile(r"[()\[\]]|\\\{")
APART = "\x01"
"""Stands between figures that blanks part: they are no product."""
LARGEST = 500
"""Characters of a mathematical answer beyond which it equals only the same text."""
MOST_NESTED = 5
"""Arrangements within each other that are looked into."""
MOST_PARTS = 30
"""Parts beyond which those of a set are compared in their order."""


def number(text: str) -> str | None:
    """Return a plain number's canonical text (`1,200.50` is `1200.5`), or None if it is not one."""
    found = NUMBER.fullmatch(text.strip())
    if found is None or len(found[0]) > LONGEST:
        return None
    value = Decimal(found[0].replace(",", "").replace("\u2212", "-"))
    plain = format(value, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in {"-0", ""} else plain


def same_number(given: str, reference: str) -> bool:
    """Whether two numbers are equal as floats; anything else is equal to nothing."""
    first, second = number(given), number(reference)
    return first is not None and second is not None and float(first) == float(second)


def fraction(text: str) -> str | None:
    """Return the value of a fraction or a mixed number (`5 1/2` is `5.5`), or None."""
    found = FRACTION.fullmatch(normal_form(text)) if len(text) <= LONGEST else None
    if found is None or not int(found[2]):
        return None
    return number(f"{int(found[1]) / int(found[2]):.12g}")


def quantity(text: str) -> tuple[str, str] | None:
    """Return the number and the unit of an answer that is one number and at most two words."""
    words = text.strip().rstrip(".")
    found = [match for match in NUMBER.finditer(words) if match[0]]
    if len(found) != 1:
        return None
    before, after = words[: found[0].start()].strip(), words[found[0].end() :]
    value = number(found[0][0])
    if value is None or not (BEFORE.fullmatch(before) and AFTERWARDS.fullmatch(after)):
        return None
    units = units_of(f"{before} {after}")
    return value, " ".join(units) if units else plain_words(after)


def same_quantity(given: str, reference: str) -> bool:
    """Whether two answers are one number each, the same, and in no different units."""
    first, second = quantity(given), quantity(reference)
    if first is None or second is None or first[0] != second[0]:
        return False
    return first[1] == second[1] or not (first[1] and second[1])


def units_of(text: str) -> tuple[str, ...]:
    """Return the names of the units in a text, in alphabetical order."""
    found = []
    for match in UNIT.finditer(unwrapped(text)):
        power = {"2": ("square",), "3": ("cubic",)}.get(match["power"] or "", ())
        found += [*power, next(name for name in UNITS if match[name])]
    return tuple(sorted(found))


def same_text(given: str, reference: str) -> bool:
    """Whether two texts agree but for case, blanks, articles and the marks around them."""
    return plain_words(given) == plain_words(reference)


def plain_words(text: str) -> str:
    """Return a text in lower case, without articles and marks around its words."""
    words = (word.strip(".,;:!?\"'()$*`") for word in text.casefold().split())
    return " ".join(word for word in words if word and word not in {"a", "an", "the"})


def unwrapped(text: str) -> str:
    r"""Return a text without `\text{...}` and the like around its words, and blanks folded."""
    return " ".join(TEXT.sub(r" \1 ", text).split())


@lru_cache(maxsize=4096)
def normal_form(text: str) -> str:
    r"""Return an answer's normal form: one spelling of fractions, no units, dollars or commas.

    `\dfrac12 \text{ cm}` is `1/2`, `1,200\%` is `1200`; case is folded.
    """
    form = UNIT.sub("", TEXT.sub(r" \1", cleaned(text))).strip()
    form = re.sub(r"\\[dt]frac", r"\\frac", form)
    form = re.sub(r"\\frac\s*([0-9])\s*([0-9])", r"\\frac{\1}{\2}", form)
    form = re.sub(r"\\sqrt\s*([0-9A-Za-z])", r"\\sqrt{\1}", form)
    form = MIXED.sub(_improper, form)
    form = re.sub(r"\\frac\s*\{(-?[0-9]+)\}\s*\{([0-9]+)\}", r"(\1/\2)", form)
    form = re.sub(r"(?<![0-9])\.(?=[0-9])", "0.", form)
    form = re.sub(r"^[A-Za-z]\s*=\s*|^\+", "", form.strip())
    form = re.sub(r"([0-9]+\.[0-9]*?)0+(?![0-9])", r"\1", form)
    form = re.sub(r"\.(?![0-9])", "", form)
    form = re.sub(r"(\\[A-Za-z]+)\s+(?=[A-Za-z])", "\\1\0", form)
    form = re.sub(r"(?<=[0-9])\s+(?=[0-9])", APART, form)
    return _bare_fraction(re.sub(r"\s+", "", form).replace("\0", " ").casefold())


def cleaned(text: str) -> str:
    """Return an answer without marks that change nothing: spacing, sizes, thousands commas."""
    form = text.strip().rstrip(".").replace("\u2212", "-")
    form = re.sub(r"\\(?:left|right)(?![A-Za-z])|(?<!\\)\\[!,;: ]", "", form)
    form = re.sub(r"(?<!\\)\\q?quad(?![A-Za-z])", " ", form)
    form = re.sub(r"\\[lr]vert(?![A-Za-z])", "|", form)
    form = re.sub(r"(?<=[0-9])\{,\}(?=[0-9]{3}(?![0-9]))", "", form)
    if not BRACKETS.search(form):
        form = re.sub(r"(?<![0-9,])([0-9]{1,3}(?:,[0-9]{3})+)(?![0-9,])", _ungrouped, form)
    return form.strip()


def _ungrouped(number: re.Match[str]) -> str:
    return number[0].replace(",", "")


def _improper(mixed: re.Match[str]) -> str:
    """Return a mixed number as one fraction; what is none stays a product of nothing."""
    sign, whole, *parts = mixed.groups()
    top, bottom = (int(part) for part in parts if part)
    if top >= bottom:
        return f"{sign}{whole}{APART}{top}/{bottom}"
    return f"{sign}{int(whole) * bottom + top}/{bottom}"


def _bare_fraction(form: str) -> str:
    return re.sub(r"^(-?)\((\d+/\d+)\)$|^\((-\d+/\d+)\)$", r"\1\2\3", form)


def same_mathematics(given: str, reference: str) -> bool:
    """Whether two mathematical answers are equal (the rules are in the order they are tried).

    Different units are different; an answer without a unit may mean any. An answer may name what
    it is the value of, or not (`x = 7`). Sets, unions, equations and mere lists are equal in any
    order, inequalities turned round; tuples, intervals and matrices part by part, with the same
    brackets. Words are compared as words, never as products of letters. Equal normal forms are
    equal. Two fractions of integers must be the same fraction, so that an unreduced one is wrong.
    An integer is equal only to an integer. The rest is equal when its values agree at several
    points (an identity of analytic expressions that holds at random points holds).
    """
    first, second = cleaned(given), cleaned(reference)
    if first == second or max(len(first), len(second)) > LARGEST:
        return bool(first) and first == second
    units = units_of(given), units_of(reference)
    if all(units) and units[0] != units[1]:
        return False
    one, other = assigned(first), assigned(second)
    if one and other and one[0] == other[0]:
        return _same(one[1], other[1])
    if one and other:
        return _same(first, second)
    return _same(one[1] if one else first, other[1] if other else second)


def _same(first: str, second: str, depth: int = 0) -> bool:
    """Whether two answers are put together in the same way, of the same parts."""
    one, other = arrangement(first), arrangement(second)
    if not (one or other) or depth > MOST_NESTED:
        return _same_expression(first, second)
    if not (one and other) or one.kind != other.kind or len(one.parts) != len(other.parts):
        return False
    if one.ordered or other.ordered or len(one.parts) > MOST_PARTS:
        pairs = zip(one.parts, other.parts, strict=True)
        return all(_same(left, right, depth + 1) for left, right in pairs)
    return _same_in_any_order(one, other, depth)


def _same_in_any_order(one: Arrangement, other: Arrangement, depth: int) -> bool:
    """Whether each part of an arrangement has an equal one of its own in the other."""
    left_over = list(other.parts)
    for part in one.parts:
        found = next((same for same in left_over if _same(part, same, depth + 1)), None)
        if found is None:
            return False
        left_over.remove(found)
    return True


def _same_expression(first: str, second: str) -> bool:
    """Whether two expressions are equal: as words if they have any, else by form and value."""
    forms = normal_form(first), normal_form(second)
    if _has_words(first) or _has_words(second):
        written = "\\" in first and "\\" in second and forms[0] == forms[1]
        return written or same_text(unwrapped(first), unwrapped(second))
    return _same_element(*forms)


def _has_words(text: str) -> bool:
    """Whether letters of an expression can be a word: three in a row, or nothing but letters."""
    bare = COMMAND.sub(" ", UNIT.sub(" ", unwrapped(text)))
    longest = max(map(len, WORD.findall(bare)), default=0)
    apart = re.search(r"[0-9]\s+[A-Za-z]{2}", bare) is not None
    return longest > 2 or (longest > 1 and (apart or not re.search(r"[0-9+*/^=-]", text)))


def _same_element(first: str, second: str) -> bool:
    first, second = _bare_fraction(first), _bare_fraction(second)
    if first == second:
        return True
    one, other = number(first), number(second)
    if one is not None and other is not None:
        return one == other
    if _is_unreduced(first) or _is_unreduced(second):
        return False
    if FRACTION.fullmatch(first) and FRACTION.fullmatch(second):
        return False
    if _is_integer(first) or _is_integer(second):
        return False
    return _same_value(first, second)


def _same_value(first: str, second: str) -> bool:
    """Whether two expressions agree wherever both are defined, at one point at least."""
    compared = 0
    for point in POINTS:
        try:
            one, other = evaluate(first, point), evaluate(second, point)
        except (ArithmeticError, ValueError):
            continue
        if not cmath.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12):
            return False
        compared += 1
    return compared > 0


def _is_unreduced(form: str) -> bool:
    """Whether a form is a fraction of integers that could be reduced: it equals only itself."""
    found = FRACTION.fullmatch(form)
    return found is not None and gcd(int(found[1]), int(found[2])) != 1


def _is_integer(form: str) -> bool:
    return re.fullmatch(r"[-+]?[0-9]+", form) is not None
