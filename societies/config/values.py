"""Setting values over a configuration, by dotted key."""

from copy import deepcopy
from typing import Any

from societies.errors import InputError
from societies.words import Place


def set_value(data: dict[str, Any], key: str, value: Any, origin: str) -> Place:
    """Set `a.b.c` to a value, and return its place; mappings on the way are made if absent.

    Args:
        data: what is changed.
        key: names with a dot between; a number is a position in a list.
        value: what is set; a copy of it.
        origin: how to name the change in errors.

    Raises:
        InputError: the key leads through something that is not a mapping or list.
    """
    if not all(key.split(".")):
        raise InputError(f"{origin}: write names with a dot between, as in limits.max_calls")
    place: list[str | int] = []
    holder: Any = data
    *way, last = key.split(".")
    for part in way:
        step = _step(holder, part, key, origin)
        place.append(step)
        if isinstance(holder, dict):
            if holder.get(part) is None:
                holder[part] = {}
            holder = holder[part]
        else:
            holder = holder[step]
    step = _step(holder, last, key, origin)
    holder[step] = deepcopy(value)
    return (*place, step)


def _step(holder: Any, part: str, key: str, origin: str) -> str | int:
    """Return the dictionary key or list position that `part` means in `holder`."""
    if isinstance(holder, dict):
        return part
    if isinstance(holder, list) and part.isascii() and part.isdecimal() and int(part) < len(holder):
        return int(part)
    raise InputError(f"{origin}: {key} leads nowhere: there is no {part!r} in {holder!r}")
