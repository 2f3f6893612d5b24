"""What was made of runs already, so that a page of pictures makes each table once."""

from collections.abc import Callable, Hashable
from copy import copy
from typing import Any, Self, TypeVar

Made = TypeVar("Made")


class Memory:
    """Runs that may remember what was made of them; they do not unless they are told to."""

    _made: dict[Hashable, Any] | None = None

    @property
    def remembers(self) -> bool:
        """Whether what is made is kept."""
        return self._made is not None

    def remembering(self) -> Self:
        """Return the same, as it is now: what is made of it is made once and kept."""
        if self._made is not None:
            return self
        one = copy(self)
        one._made = {}
        return one

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what is kept under a key, and make it if nothing is."""
        if self._made is None or not _is_hashable(key):
            return make()
        if key not in self._made:
            self._made[key] = make()
        kept: Made = self._made[key]
        return kept


def _is_hashable(key: Hashable) -> bool:
    """Return whether a key can be looked up: a tuple with a list in it cannot."""
    try:
        hash(key)
    except TypeError:
        return False
    return True
