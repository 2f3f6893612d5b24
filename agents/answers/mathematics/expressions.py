"""The value of an expression as LaTeX writes it, by floating-point numbers only.

Nothing is ever evaluated as program text, and no answer can take long or do harm: symbolic algebra
may compute for ever on a tower of powers, a factorial or an expansion that fits into a line.
"""

import cmath
import re
from collections.abc import Callable

LONGEST = 100
"""Characters of an expression beyond which only equal texts count as equal."""
TOKEN = re.compile(r"\\[A-Za-z]+|[0-9]+(?:\.[0-9]*)?|\.[0-9]+|[A-Za-z]|[-+*/^_()\[\]{}|!]")
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
}


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
            elif token and token not in {"+", "-", ")", "]", "}", "|", "^", "_", "!"}:
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
            return self.letter(symbol)
        if symbol in {"(", "[", "{"}:
            value = self.sum()
            self.take({"(": ")", "[": "]", "{": "}"}[symbol])
            return value
        if symbol == "|":
            value = self.sum()
            self.take("|")
            return complex(abs(value))
        return self.command(symbol)

    def letter(self, symbol: str) -> complex:
        start, step = self.point
        return 1j if symbol == "i" else start + (ord(symbol.lower()) - 96) * step

    def command(self, symbol: str) -> complex:
        if symbol == "\\pi":
            return complex(cmath.pi)
        if symbol == "\\frac":
            return self.group() / self.group()
        if symbol == "\\exp":
            return self.letter("e") ** self.power()
        if symbol == "\\sqrt":
            return self.root()
        if symbol in FUNCTIONS:
            return self.function(symbol)
        raise ValueError(f"{symbol!r} is not known")

    def function(self, symbol: str) -> complex:
        r"""Return the value of a function, perhaps of `\sin^2 x` or of `\log_2 x`."""
        base: complex = 0
        exponent: complex = 1
        if self.peek() == "_" and symbol == "\\log":
            self.take()
            base = self.group() if self.peek() == "{" else self.atom()
        if self.peek() == "^":
            self.take()
            exponent = self.group() if self.peek() == "{" else self.atom()
            if exponent not in {2, 3}:
                raise ValueError("another exponent of a function may mean its inverse")
        argument = self.power()
        value = cmath.log(argument, base) if base else FUNCTIONS[symbol](argument)
        return complex(value**exponent)

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
