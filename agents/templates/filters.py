"""What templates may call: methods of texts, lists and mappings, and filters, within bounds."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from jinja2 import filters as jinja
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import LoopContext
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.utils import Namespace, htmlsafe_json_dumps, pass_environment

from societies.agents.templates.bounds import CHARACTERS, DIGITS, Bounds, TooMuch, modulo
from societies.agents.templates.views import FrozenDict, FrozenList, View

Function = Callable[..., Any]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SEQUENCE = frozenset({"count", "index"})
MAPPING = frozenset({"get", "items", "keys", "values"})
NUMBER = frozenset({"is_integer"})
TEXT = _words(
    """capitalize casefold center count endswith find format index isalnum isalpha isascii
    isdecimal isdigit islower isnumeric isspace istitle isupper join ljust lower lstrip
    partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip
    split splitlines startswith strip swapcase title upper zfill"""
)
METHODS: dict[type, frozenset[str]] = {
    str: TEXT,
    list: SEQUENCE,
    FrozenList: SEQUENCE,
    tuple: SEQUENCE,
    dict: MAPPING,
    FrozenDict: MAPPING,
    int: frozenset(),
    float: NUMBER,
    LoopContext: _words(
        """changed cycle depth depth0 first index index0 last length nextitem previtem revindex
    revindex0"""
    ),
}
"""What templates may read and call, by type; of a view, what it shows."""

CALLED = TEXT | SEQUENCE | MAPPING | NUMBER | {"changed", "cycle"}
"""Everything that templates may call of them."""

FILTERS = _words(
    """abs batch capitalize center count d default dictsort first float format groupby indent int
    items join last length list lower map max min reject rejectattr replace reverse round select
    selectattr slice sort string sum title tojson trim truncate unique upper wordcount wordwrap"""
)
TESTS = frozenset(JINJA_TESTS) - {"callable", "escaped", "filter", "test"}

HARMLESS = _words(
    """abs boolean count d default defined even false first float integer last length mapping none
    number odd string true undefined"""
)
"""Filters and tests that take no time and make nothing larger."""
LONGEST = 20
"""Characters of a text that a filter repeats, such as between wrapped lines."""


class Group(Namespace):
    """A `namespace()`, which can hold anything but another one."""

    def __init__(self, *args: Any, **data: Any) -> None:
        super().__init__()
        for name, value in dict(*args, **data).items():
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, Namespace):
            raise TooMuch("a namespace cannot hold another one: set its attributes one by one")
        super().__setitem__(name, value)


def bounded_filters(bounds: Bounds) -> dict[str, Function]:
    """Return the filters that templates may use."""
    own: dict[str, Function] = {
        "center": _center,
        "format": _format,
        "indent": _indent,
        "join": _joiner(bounds),
        "replace": lambda text, *parts: replaced(str(text), *parts),
        "sum": _sum,
        "tojson": _tojson,
    }
    sized = {"batch", "round", "slice", "truncate", "wordwrap"}
    found: dict[str, Any] = {**JINJA_FILTERS, **own}
    guarded = {name: _sized(found[name]) if name in sized else found[name] for name in FILTERS}
    return {
        name: function if name in HARMLESS else _made(function, bounds)
        for name, function in guarded.items()
    }


def bounded_tests(bounds: Bounds) -> dict[str, Function]:
    """Return the tests that templates may use."""
    found: dict[str, Any] = {**JINJA_TESTS}
    return {name: found[name] if name in HARMLESS else _made(found[name], bounds) for name in TESTS}


def text_method(text: str, name: str, args: tuple[Any, ...], given: Mapping[str, Any]) -> Any:
    """Return what a method of a text gives, within bounds (`format` apart)."""
    if name in {"center", "ljust", "rjust", "zfill"} and args:
        small(args[0])
    if name == "replace":
        return replaced(text, *args)
    return getattr(text, name)(*args, **given)


def small(number: Any) -> None:
    """Refuse a width, precision or count that nobody writes."""
    if isinstance(number, int | float) and abs(number) > 10 * DIGITS:
        raise TooMuch(f"{number:.4g} is too large a size: at most {10 * DIGITS:,}")


def replaced(text: str, old: Any, new: Any, count: int | None = None) -> str:
    """Return a text with parts of it replaced, if it does not grow too long."""
    old, new = str(old), str(new)
    times = text.count(old)
    if len(text) + times * max(0, len(new) - len(old)) > CHARACTERS:
        raise TooMuch(f"it makes more than {CHARACTERS:,} characters by replacing")
    return text.replace(old, new, -1 if count is None else count)


def _made(function: Function, bounds: Bounds) -> Function:
    """Return a filter whose results are measured."""

    @wraps(function)
    def apply(*args: Any, **given: Any) -> Any:
        return bounds.made(function(*args, **given))

    return apply


def _sized(function: Function) -> Function:
    """Return a filter that takes no large numbers or long texts as its parameters."""
    skipped = 2 if hasattr(function, "jinja_pass_arg") else 1

    @wraps(function)
    def apply(*args: Any, **given: Any) -> Any:
        for parameter in (*args[skipped:], *given.values()):
            small(parameter)
            if isinstance(parameter, str) and len(parameter) > LONGEST:
                raise TooMuch(
                    f"{parameter[:LONGEST]!r}... is too long: at most {LONGEST} characters"
                )
        if function is JINJA_FILTERS["round"]:
            _check_precision(*args[1:2], **given)
        return function(*args, **given)

    return apply


def _check_precision(precision: Any = 0, **_: Any) -> None:
    if abs(precision) > 100:
        raise TooMuch(f"a precision of {precision} digits is too large: at most 100")


def _center(value: Any, width: int = 80) -> str:
    small(width)
    return str(value).center(width)


def _format(value: Any, *args: Any, **given: Any) -> str:
    if args and given:
        raise TypeError("format takes positions or names, not both")
    return modulo(str(value), given or args)


def _indent(text: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    size = len(width) if isinstance(width, str) else width
    small(size)
    text = str(text)
    if len(text) + (text.count("\n") + 1) * size > CHARACTERS:
        raise TooMuch(f"it makes more than {CHARACTERS:,} characters by indenting")
    return str(jinja.do_indent(text, width, first, blank))


def _joiner(bounds: Bounds) -> Function:
    @pass_environment
    def join(environment: Any, value: Any, d: Any = "", attribute: Any = None) -> str:
        if attribute is not None:
            value = map(jinja.make_attrgetter(environment, attribute), value)
        return bounds.joined(value, str(d))

    return join


@pass_environment
def _sum(environment: Any, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
    if not isinstance(start, int | float):
        raise TypeError("sum adds numbers: to join texts there is the filter join")
    return jinja.do_sum(environment, iterable, attribute, start)


def _tojson(value: Any, indent: int | None = None) -> str:
    if indent is not None and indent > 8:
        raise TooMuch(f"an indent of {indent} is too large: at most 8")
    return str(htmlsafe_json_dumps(value, default=_json, indent=indent, sort_keys=True))


def _json(value: Any) -> Any:
    if isinstance(value, View):
        return value._data
    raise TypeError(f"{type(value).__name__} has no form in JSON")
