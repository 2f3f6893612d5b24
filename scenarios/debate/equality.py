"""When two answers are the same: numbers by value, mathematics by form and then by value.

Nothing is ever evaluated as program text: a small reader of LaTeX-like expressions computes with
floating-point numbers only, so that no answer can take long or do harm.
"""

import cmath
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

LONGEST = 100
"""Characters of an expression beyond which only equal texts count as equal."""
NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,^])[-+\u2212]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+|(?<=[0-9]))"
    r"(?![0-9^]|[.,][0-9]|[eE][-+]?[0-9])"
)
TOKEN = re.compile(r"\\[A-Za-z]+|[0-9]+(?:\.[0-9]*)?|\.[0-9]+|[A-Za-z]|[-+*/^()\[\]{}|!]")
POINTS: tuple[tuple[complex, complex], ...] = (
    (0.7391 + 0.2113j, 0.1937),
    (1.6180 - 0.5772j, 0.3119),
    (2.7446 + 0.1234j, -0.2718),
)
"""Where letters are evaluated: the k-th letter of the alphabet at start + k * step."""
FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "\\sin": cmath.sin,
    "\\cos": cmath.cos,
    "\\tan": cmath.tan,
    "\\ln": cmath.log,
    "\\log": cmath.log10,
    "\\exp": cmath.exp,
}
UNITS = (
    "degrees?|cm|centimeters?|meters?|metres?|km|miles?|feet|foot|inch(?:es)?|yards?|units?|"
    "square|cubic|hours?|minutes?|seconds?|days?|weeks?|months?|years?|dollars?|cents?|points?"
)
UNIT = re.compile(rf"(?<=[0-9)}} ])\s*(?:\\?(?:{UNITS})\b)(?:\^\{{?[23]\}}?)?", re.IGNORECASE)
FRACTION = re.compile(r"-?[0-9]+/[0-9]+")


def number(text: str) -> str | None:
    """Return a plain number's canonical text (`1,200.50` is `1200.5`), or None if it is not one."""
    found = NUMBER.fullmatch(text.strip())
    if found is None or len(found[0]) > LONGEST:
        return None
    value = Decimal(found[0].replace(",", "").replace("\u2212", "-"))
    plain = format(value, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in {"-0", ""} else plain


def last_number(text: str) -> str | None:
    """Return the last number that stands in a text, in canonical form."""
    found = [match[0] for match in NUMBER.finditer(text) if match[0]]
    return number(found[-1]) if found else None


def same_number(given: str, reference: str) -> bool:
    """Whether two numbers are equal as floats; anything else is equal to nothing."""
    first, second = number(given), number(reference)
    return first is not None and second is not None and float(first) == float(second)


def quantity(text: str) -> str | None:
    """Return the number of an answer that holds exactly one, whatever its unit (`5 cents`)."""
    found = [match[0] for match in NUMBER.finditer(text) if match[0]]
    return number(found[0]) if len(found) == 1 else None


def same_text(given: str, reference: str) -> bool:
    """Whether two texts agree but for case, blanks, articles and the marks around them."""
    return plain_words(given) == plain_words(reference)


def plain_words(text: str) -> str:
    """Return a text in lower case, without articles and marks around its words."""
    words = (word.strip(".,;:!?\"'()$*`") for word in text.casefold().split())
    return " ".join(word for word in words if word and word not in {"a", "an", "the"})


def boxed(text: str) -> str | None:
    r"""Return what stands in the last `\boxed{...}` or `\fbox{...}` whose braces balance.

    None if there is no box, or if the last one is never closed.
    """
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return None
    opening = text.index("{", start)
    depth, position = 0, opening
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            position += 1
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if not depth:
                return text[opening + 1 : position].strip()
        position += 1
    return None


@lru_cache(maxsize=4096)
def normal_form(text: str) -> str:
    r"""Return an answer's normal form: one spelling of fractions, no units, dollars or commas.

    `\dfrac12 \text{ cm}` is `1/2`, `1,200\%` is `1200`; case is folded.
    """
    form = text.strip().rstrip(".").replace("\u2212", "-")
    form = re.sub(r"\\(?:text|mbox|mathrm|textbf)\s*\{([^{}]*)\}", r" \1", form)
    form = re.sub(r"\\left|\\right|\\[!,;: ]|\^\s*\{?\s*\\circ\s*\}?|\\?%|\\?\$", "", form)
    form = UNIT.sub("", form)
    form = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", form)
    form = re.sub(r"\\[dt]frac", r"\\frac", form)
    form = re.sub(r"\\frac\s*([0-9])\s*([0-9])", r"\\frac{\1}{\2}", form)
    form = re.sub(r"\\sqrt\s*([0-9A-Za-z])", r"\\sqrt{\1}", form)
    form = re.sub(r"\\frac\s*\{(-?[0-9]+)\}\s*\{([0-9]+)\}", r"\1/\2", form)
    form = re.sub(r"(?<![0-9])\.(?=[0-9])", "0.", form)
    form = re.sub(r"^[A-Za-z]\s*=\s*", "", form.strip())
    form = re.sub(r"([0-9]+\.[0-9]*?)0+(?![0-9])", r"\1", form)
    form = re.sub(r"\.(?![0-9])", "", form)
    form = re.sub(r"(\\[A-Za-z]+)\s+(?=[A-Za-z])", "\\1\0", form)
    return re.sub(r"\s+", "", form).replace("\0", " ").casefold()


def same_mathematics(given: str, reference: str) -> bool:
    """Whether two mathematical answers are equal (the rules are in the order they are tried).

    Equal normal forms are equal. Tuples and intervals are compared element by element, with the
    same brackets. Two fractions of integers must be the same fraction, so that an unreduced one is
    wrong. An integer is equal only to an integer. The rest is equal when its values agree at
    several points (an identity of analytic expressions that holds at random points holds).
    """
    first, second = normal_form(given), normal_form(reference)
    if first == second:
        return bool(first)
    left, right = _elements(first), _elements(second)
    if len(left) != len(right) or (
        len(left) > 1 and (first[0], first[-1]) != (second[0], second[-1])
    ):
        return False
    return all(_same_element(one, other) for one, other in zip(left, right, strict=True))


def _same_element(first: str, second: str) -> bool:
    if first == second:
        return True
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
        if not cmath.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12):
            return False
        compared += 1
    return compared > 0


def _is_integer(form: str) -> bool:
    return re.fullmatch(r"-?[0-9]+", form) is not None


def _elements(form: str) -> list[str]:
    """Split a tuple or an interval at the commas outside of inner brackets."""
    if len(form) < 2 or form[0] not in "([" or form[-1] not in ")]":
        return [form]
    parts, depth = [""], 0
    for letter in form[1:-1]:
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            return [form]
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts if len(parts) > 1 else [form]


def value_of(text: str) -> float | None:
    """Return the real value of an expression without letters, or None."""
    if re.search(r"(?<!\\)(?<![A-Za-z])[A-Za-z]", normal_form(text)):
        return None
    try:
        value = evaluate(normal_form(text))
    except (ArithmeticError, ValueError):
        return None
    return value.real if abs(value.imag) < 1e-12 else None


def evaluate(text: str, point: tuple[complex, complex] = POINTS[0]) -> complex:
    """Return the value of a LaTeX-like expression.

    Args:
        text: numbers, single letters, + - * / ^ !, brackets, fractions, roots, common functions.
        point: where letters are evaluated (see `POINTS`); `i` is the imaginary unit.

    Raises:
        ValueError: the text is no such expression, or too long.
        ArithmeticError: it has no finite value there.
    """
    if len(text) > LONGEST:
        raise ValueError(f"an expression of {len(text)} characters is too long")
    reader = _Expression(text, point)
    value = reader.sum()
    if reader.tokens:
        raise ValueError(f"{reader.tokens[-1]!r} is not expected there")
    if not cmath.isfinite(value):
        raise ArithmeticError("the value is not finite")
    return value


class _Expression:
    """A recursive-descent reader that computes as it reads; tokens are taken from the end."""

    def __init__(self, text: str, point: tuple[complex, complex]) -> None:
        if TOKEN.sub("", text).strip():
            raise ValueError(f"{text!r} is not an expression")
        self.tokens = TOKEN.findall(text)[::-1]
        self.point = point

    def peek(self) -> str:
        return self.tokens[-1] if self.tokens else ""

    def take(self, *expected: str) -> str:
        if not self.tokens or (expected and self.tokens[-1] not in expected):
            raise ValueError(f"{self.peek()!r} is not expected there")
        token: str = self.tokens.pop()
        return token

    def sum(self) -> complex:
        value = self.product()
        while self.peek() in {"+", "-"}:
            sign = self.take()
            other = self.product()
            value = value + other if sign == "+" else value - other
        return value

    def product(self) -> complex:
        value = self.signed()
        while True:
            token = self.peek()
            if token in {"*", "\\cdot", "\\times"}:
                self.take()
                value *= self.signed()
            elif token in {"/", "\\div"}:
                self.take()
                value /= self.signed()
            elif token and token not in {"+", "-", ")", "]", "}", "|", "^", "!"}:
                value *= self.power()
            else:
                return value

    def signed(self) -> complex:
        if self.peek() in {"+", "-"}:
            return self.signed() if self.take() == "+" else -self.signed()
        return self.power()

    def power(self) -> complex:
        value = self.atom()
        if self.peek() == "^":
            self.take()
            exponent = self.group() if self.peek() == "{" else self.signed()
            value = value**exponent
        return value

    def group(self) -> complex:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def atom(self) -> complex:
        symbol = self.take()
        if symbol[0].isdigit() or symbol[0] == ".":
            return complex(float(symbol))
        if symbol.isalpha():
            start, step = self.point
            return 1j if symbol == "i" else start + (ord(symbol.lower()) - 96) * step
        if symbol in {"(", "[", "{"}:
            value = self.sum()
            self.take({"(": ")", "[": "]", "{": "}"}[symbol])
            return value
        if symbol == "|":
            value = self.sum()
            self.take("|")
            return complex(abs(value))
        return self.command(symbol)

    def command(self, symbol: str) -> complex:
        if symbol == "\\pi":
            return complex(cmath.pi)
        if symbol == "\\frac":
            return self.group() / self.group()
        if symbol == "\\sqrt":
            return self.root()
        if symbol in FUNCTIONS:
            return FUNCTIONS[symbol](self.power())
        raise ValueError(f"{symbol!r} is not known")

    def root(self) -> complex:
        degree: complex = 2
        if self.peek() == "[":
            self.take()
            degree = self.sum()
            self.take("]")
        radicand = self.group()
        if radicand.imag == 0 and radicand.real < 0 and degree.imag == 0 and degree.real % 2 == 1:
            return complex(-((-radicand.real) ** (1 / degree.real)))
        return radicand ** (1 / degree)
