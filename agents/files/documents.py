"""Text, JSON and YAML that users bring: read as they stand, or refused in plain words."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from societies.agents.errors import SocietyError

MOST_LEVELS = 100
"""Lists and mappings within each other; what is deeper is no data of ours."""
MOST_VALUES = 1_000_000
"""Keys and values that a YAML file may hold."""
KINDS = {"bool": "truth value", "float": "number", "int": "whole number", "timestamp": "date"}
"""What YAML's types are called."""
TOO_DEEP = f"it is nested more than {MOST_LEVELS} levels deep"
HALF = "the text holds half a character (a lone surrogate such as \\ud800)"
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""How JSON, which is UTF-8 itself, can come to hold one."""


def text(path: Path) -> str:
    """Return a file's text with its line breaks as they are, without a byte order mark.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8; save it so") from error


def lines(content: str) -> list[str]:
    """Return the lines of a text: line feeds end them, and nothing else that Unicode has."""
    return [line.removesuffix("\r") for line in content.split("\n")]


def json_value(content: str) -> Any:
    """Return what a JSON text holds.

    Raises:
        ValueError: it is no JSON, or holds what would be lost: a key twice, a number beyond all
            bounds, half a character, or more levels than `MOST_LEVELS`.
    """
    try:
        found = json.loads(
            content, parse_constant=_refuse, parse_float=_float, object_pairs_hook=_unique
        )
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    if is_too_deep(found):
        raise ValueError(TOO_DEEP)
    if SURROGATE.search(content) and any(map(is_broken, texts(found))):
        raise ValueError(HALF)
    return found


def json_lines(content: str) -> Iterator[tuple[str, Any]]:
    """Yield the value of every line that is not blank, with its place.

    Raises:
        ValueError: as `json_value`; the text names the line.
    """
    for number, line in enumerate(lines(content), start=1):
        if line.strip():
            try:
                yield f"line {number}", json_value(line)
            except json.JSONDecodeError as error:
                place = f"line {number}, column {error.colno}"
                raise ValueError(f"{place}: {error.msg}") from error
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no value; leave it out, or write null")


def _float(number: str) -> float:
    found = float(number)
    if math.isinf(found):
        raise ValueError(f"{number} is no number that can be held")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice!r} stands twice in one object")
    return found


def is_too_deep(value: Any) -> bool:
    """Whether lists and mappings lie more than `MOST_LEVELS` within each other."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        # Each once, however often it is held: with shared parts there would be no end of them.
        level = list({id(item): item for holder in level for item in _items(holder)}.values())
        if not level:
            return False
    return True


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def texts(value: Any) -> Iterator[str]:
    """Yield every text in nested data, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (key for key in value if isinstance(key, str))
    for item in _items(value):
        yield from texts(item)


def is_broken(content: str) -> bool:
    """Whether a text holds half a character (a lone surrogate), which no file can hold."""
    if content.isascii() or content.isprintable():
        return False
    try:
        content.encode()
    except UnicodeEncodeError:
        return True
    return False


@dataclass(frozen=True)
class Document:
    """A YAML text as data, and as nodes that know where each value stands."""

    data: Any
    node: yaml.Node | None


def yaml_document(content: str, name: object) -> Document:
    """Return what a YAML text holds; it is parsed once.

    Args:
        content: the text.
        name: what to call it in errors: its path.

    Raises:
        SocietyError: it is no plain YAML, is too deep or too large, or has a key twice.
    """
    loader = _Loader(content)
    try:
        node = loader.get_single_node()
        if node is not None:
            _check(node, name)
        data = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        raise SocietyError(f"{name} is not plain YAML: {_problem(name, error)}") from error
    except RecursionError as error:
        raise SocietyError(f"{name}: {TOO_DEEP}") from error
    finally:
        loader.dispose()
    return Document(data, node)


class _Nodes(Composer):
    """Composes nodes, and stops before the nesting exhausts the stack."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.depth > MOST_LEVELS:
            mark = self.peek_event().start_mark  # type: ignore[attr-defined]
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=mark)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Values(SafeConstructor):
    """Makes values of nodes, and names one that is not of the kind that it is said to be."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            kind = KINDS.get(node.tag.rpartition(":")[2], node.tag)
            told = f"{str(node.value)[:60]!r} cannot be read as a {kind}; a text stands in quotes"
            raise yaml.MarkedYAMLError(problem=told, problem_mark=node.start_mark) from error


if yaml.__with_libyaml__:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    class _Loader(_Nodes, CParser, _Values, Resolver):
        """Reads with libyaml, ten times as fast."""

        def __init__(self, content: str) -> None:
            CParser.__init__(self, content)
            Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)

else:

    class _Loader(_Nodes, _Values, yaml.SafeLoader):  # type: ignore[no-redef]
        """Reads without libyaml."""


def _check(node: yaml.Node, name: object) -> None:
    """Refuse keys that stand twice, and aliases that hold themselves or blow the file up.

    Raises:
        SocietyError: the file is one of these.
    """
    measured: dict[int, tuple[int, int] | None] = {}

    def measure(part: yaml.Node) -> tuple[int, int]:
        """Return how many values a node holds, and how many levels, aliases filled in."""
        line = part.start_mark.line + 1
        if id(part) in measured:
            known = measured[id(part)]
            if known is None:
                raise SocietyError(f"{name}:{line}: an alias stands for something that contains it")
            return known
        _check_node(part, name)
        measured[id(part)] = None
        inner = [measure(child) for child in _children(part)]
        size, levels = (
            1 + sum(each for each, _ in inner),
            max((each for _, each in inner), default=0),
        )
        if size > MOST_VALUES:
            raise SocietyError(
                f"{name} holds over {MOST_VALUES:,} values once its aliases are filled in"
            )
        if levels > MOST_LEVELS:
            raise SocietyError(f"{name}:{line}: {TOO_DEEP}")
        mine = measured[id(part)] = size, levels + isinstance(part, yaml.CollectionNode)
        return mine

    measure(node)


def _check_node(node: yaml.Node, name: object) -> None:
    if isinstance(node, yaml.ScalarNode) and is_broken(node.value):
        raise SocietyError(f"{name}:{node.start_mark.line + 1}: {HALF}")
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, _ in node.value:
        known = str(key.value)
        if known in seen and known != "<<":
            line = key.start_mark.line + 1
            raise SocietyError(f"{name}:{line}: key {known!r} stands twice in one mapping")
        seen.add(known)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _problem(name: object, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.reader.ReaderError):
        return f"{str(error).splitlines()[0]} (character {error.position + 1})"
    if mark is None:
        return str(error)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"{name}:{mark.line + 1}:{mark.column + 1}: {problem}"


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which without this writes U+0085 so that it reads back as a space."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def dump_yaml(data: Any) -> str:
    """Return data as YAML that reads back the same."""
    found: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return found
