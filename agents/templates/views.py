"""Views: the frozen, plain copies of what templates and scripted minds are given.

Scenario files are shared between people, so that a template is untrusted: it is given texts,
numbers, lists, mappings and views, and never an object that could act, or be changed by it.
A view holds the declared fields of a record (pydantic model, dataclass), and those properties that
its class names in `template_properties`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from numbers import Integral, Real
from operator import attrgetter
from types import NoneType
from typing import Any, ClassVar, NoReturn

from pydantic import BaseModel


class FrozenList(list[Any]):
    """A list that stays as it is."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("what a template or a scripted mind is given cannot be changed: copy it")

    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse


class FrozenDict(dict[Any, Any]):
    """A mapping that stays as it is."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("what a template or a scripted mind is given cannot be changed: copy it")

    update = setdefault = pop = popitem = clear = _refuse
    __setitem__ = __delitem__ = __ior__ = _refuse


class View:
    """What may be known of a record: its declared fields, as plain data.

    Args:
        kind: what it is a view of, for messages.
        data: the fields, all of them plain.
        text: how it is written out; by default its fields, and an error where it has none.
    """

    __slots__ = ("_data", "_kind", "_text")
    _methods: ClassVar[frozenset[str]] = frozenset()
    """Methods that templates may call: pure ones, which subclasses declare."""

    _data: dict[str, Any]
    _kind: str
    _text: str | None

    def __init__(self, kind: str, data: dict[str, Any], text: str | None = None) -> None:
        _set_kind(self, kind)
        _set_data(self, data)
        _set_text(self, text)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._data[name]
        except KeyError:
            raise AttributeError(lacking(self, name)) from None

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a view of {self._kind} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a view of {self._kind} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and (self._kind, self._data) == (other._kind, other._data)

    def __hash__(self) -> int:
        return hash((self._kind, tuple(self._data)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self._data.items())
        return f"{self._kind}({inside})"

    def __str__(self) -> str:
        if self._text is not None:
            return self._text
        if not self._data:
            raise TypeError(f"{self._kind} cannot be written out: give its text or number instead")
        return repr(self)


def lacking(given: View, name: str) -> str:
    """Say that a view does not show something, and what it shows."""
    shown = ", ".join([*given._data, *sorted(given._methods)]) or "nothing"
    return f"{given._kind} shows no '{name}' to templates and minds; it shows: {shown}"


def altered(given: View, **data: Any) -> View:
    """Return a view with other data under some of its names."""
    return type(given)(given._kind, {**given._data, **data}, given._text)


_set_kind = View.__dict__["_kind"].__set__
_set_data = View.__dict__["_data"].__set__
_set_text = View.__dict__["_text"].__set__

ATOMS: frozenset[type] = frozenset({str, int, float, bool, NoneType})
PLAIN: set[type] = {*ATOMS, complex, Decimal, Fraction, range, FrozenList, FrozenDict, View}
"""Types that are shown as they are."""


def view(value: Any) -> Any:
    """Return the plain, frozen view of a value.

    Of a class that has a method `as_view`, that view is taken.
    """
    kind = type(value)
    return value if kind in PLAIN else _VIEWERS[kind](value)


def views(variables: Mapping[str, Any]) -> FrozenDict:
    """Return the views of a template's variables.

    Raises:
        TypeError: one holds itself.
    """
    try:
        return FrozenDict(
            {
                name: value if type(value) in PLAIN else _VIEWERS[type(value)](value)
                for name, value in variables.items()
            }
        )
    except RecursionError as error:
        names = ", ".join(variables)
        raise TypeError(f"one of the variables {names} holds itself, and has no view") from error


class _Viewers(dict[type, Callable[[Any], Any]]):
    """What makes the views of each type's values, found when the first one comes."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        self[kind] = found = _viewer(kind)
        return found


_VIEWERS = _Viewers()


def _viewer(kind: type) -> Callable[[Any], Any]:
    """Return what makes the view of a type's values."""
    if hasattr(kind, "as_view"):
        return lambda value: value.as_view()
    if issubclass(kind, View):
        return lambda value: value
    if issubclass(kind, Enum) and not issubclass(kind, str | int):
        return _of_enum
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return lambda value: kind(*map(view, value))
    for base, viewer in _BASES:
        if issubclass(kind, base):
            return viewer
    return _recorder(kind)


def _recorder(kind: type) -> Callable[[Any], View]:
    """Return what copies the declared fields of a record, and its visible properties."""
    names = [name for name in (*_declared(kind), *_visible(kind)) if not name.startswith("_")]
    plain: tuple[Any, ...] = (object.__str__, BaseModel.__str__)
    worded = kind.__str__ not in plain

    is_frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    read = attrgetter(*names) if len(names) > 1 else _getter(names)

    def record(value: Any) -> View:
        kept = _KEPT.get(id(value))
        if kept is not None and kept[0] is value:
            return kept[1]
        given: tuple[Any, ...] = read(value)
        atomic = ATOMS.issuperset(map(type, given))
        data = dict(zip(names, given if atomic else map(view, given), strict=True))
        made = View(kind.__name__, data, str(value) if worded else None)
        if is_frozen and (atomic or all(map(_is_fixed, given))):
            _keep(value, made)
        return made

    return record


_KEPT: dict[int, tuple[Any, View]] = {}
"""Views of records that can never change, by identity; the record is kept, so that its id is."""
KEPT = 200
"""How many of them are kept: few, so that they stay in the processor's cache."""


def _keep(value: Any, made: View) -> None:
    if len(_KEPT) >= KEPT:
        _KEPT.clear()
    _KEPT[id(value)] = (value, made)


def _is_fixed(value: Any) -> bool:
    """Whether a value can never change: a text, a number, a frozen record, a tuple of such."""
    if type(value) in ATOMS:
        return True
    if type(value) is tuple:
        return all(map(_is_fixed, value))
    kept = _KEPT.get(id(value))
    return kept is not None and kept[0] is value


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads one name or none, as `attrgetter` reads several."""
    return lambda value: tuple(getattr(value, name) for name in names)


def _declared(kind: type) -> Iterable[str]:
    if issubclass(kind, BaseModel):
        return (*kind.model_fields, *kind.model_computed_fields)
    return [field.name for field in fields(kind)] if is_dataclass(kind) else []


def _visible(kind: type) -> Iterable[str]:
    return getattr(kind, "template_properties", ())


def _of_enum(value: Enum) -> View:
    return View(type(value).__name__, {"name": value.name, "value": view(value.value)}, str(value))


def _of_tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([item if type(item) in PLAIN else _VIEWERS[type(item)](item) for item in value])


def _of_list(value: Iterable[Any]) -> FrozenList:
    return FrozenList(map(view, value))


def _of_mapping(value: Mapping[Any, Any]) -> FrozenDict:
    return FrozenDict({view(key): view(item) for key, item in value.items()})


def _of_set(value: Set[Any]) -> frozenset[Any]:
    return frozenset(map(view, value))


_BASES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (str, str.__str__),
    (bool, bool),
    (Integral, int),
    (Real, float),
    (tuple, _of_tuple),
    (Mapping, _of_mapping),
    (Set, _of_set),
    ((bytes, bytearray, memoryview), lambda value: View(type(value).__name__, {})),
    ((Sequence, deque), _of_list),
)
"""What values of other types become: the first that fits."""
