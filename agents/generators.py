"""NumPy's generators, guarded as `streams` guards Python's."""

from collections.abc import Callable
from typing import Any

from numpy.random import Generator


class GuardedGenerator(Generator):
    """A NumPy generator that asks before every use whether it may be drawn from.

    NumPy draws in C, past every method of Python's: that a method is looked up is all that is seen.
    A method that was looked up before is not.

    Args:
        generator: whose draws it makes.
        check: raises if it may not be drawn from.
    """

    def __init__(self, generator: Generator, check: Callable[[], None]) -> None:
        super().__init__(generator.bit_generator)
        self._check = check

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            super().__getattribute__("_check")()
        return super().__getattribute__(name)
