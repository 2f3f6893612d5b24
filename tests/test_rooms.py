"""The plan of the house: no circle of imports, no arrow upward, no file or function too long.

Every import counts: at the top, inside a function, and those for types only.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("agents", "analysis", "scenarios")

FLOORS = (
    ("errors", "words", "loop", "halt"),
    ("record", "imports"),
    ("scheduler",),
    ("config",),
    ("stage", "scenario", "telling"),
    ("hooks", "registry"),
    ("calls",),
    ("host", "driving"),
    ("society",),
    ("loading", "kit"),
    ("runs",),
    ("execute",),
    ("testing", "cli"),
)
"""The rooms of `societies/` from the ground up: each may import those below it."""
LONGEST_FILE = 400
LONGEST_FUNCTION = 45


def files() -> Iterator[tuple[str, Path]]:
    """Yield every module of ours by its dotted name."""
    for path in sorted(ROOT.glob("societies/**/*.py")):
        if path.relative_to(ROOT).parts[1] not in FOLDERS:
            yield dotted(path.relative_to(ROOT)), path
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("**/*.py")):
            yield f"societies.{dotted(path.relative_to(ROOT))}", path


def dotted(path: Path) -> str:
    """Return the module of a file."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = dict(files())
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imported(name: str) -> set[str]:
    """Return the modules of ours that a module imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {node.module or ""}
    return (found & MODULES.keys()) - {name}


ARROWS = {name: imported(name) for name in MODULES}


def room(module: str) -> tuple[str, str]:
    """Return the folder and the room of a module: `("societies", "record")`."""
    parts = [*module.split(".")[1:], "", ""]
    return (parts[0], parts[1]) if parts[0] in FOLDERS else ("societies", parts[0])


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Return the modules that import each other, however far round (Tarjan 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in arrows[module]:
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            circle = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(circle) > 1:
                found.append(sorted(circle))

    for module in arrows:
        if module not in number:
            visit(module)
    return found


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_no_module_imports_itself_round_a_circle() -> None:
    assert circles(ARROWS) == []


def test_no_rooms_import_each_other() -> None:
    rooms: dict[str, set[str]] = {".".join(room(name)): set() for name in MODULES}
    for name, others in ARROWS.items():
        here = ".".join(room(name))
        rooms[here] |= {".".join(room(other)) for other in others} - {here}
    own = {name: others for name, others in rooms.items() if name.startswith("societies.")}
    own = {name: {other for other in others if other in own} for name, others in own.items()}
    assert circles(own) == []


def upward(module: str, other: str) -> bool:
    """Whether an arrow from one module to another is against the plan."""
    (folder, here), (target, there) = room(module), room(other)
    if folder == "societies" and target == "societies":
        return here != there and bool(here and there) and floor(there) >= floor(here)
    if folder == "scenarios":
        return False
    below = {"agents": {"agents"}, "societies": {"agents"}, "analysis": {*FOLDERS[:2], "societies"}}
    return target not in below[folder]


def floor(name: str) -> int:
    """Return how high a room lies."""
    (found,) = (height for height, rooms in enumerate(FLOORS) if name in rooms)
    return found


def test_no_arrow_leads_upward() -> None:
    wrong = [f"{one} -> {other}" for one in MODULES for other in ARROWS[one] if upward(one, other)]
    assert wrong == []


def test_no_file_is_too_long() -> None:
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function, its docstring left aside."""
    told = node.body[0] if ast.get_docstring(node) else None
    docstring = told.end_lineno - told.lineno + 1 if told and told.end_lineno else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def test_no_function_is_too_long() -> None:
    long = {
        f"{name}:{node.name}": length(node)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and length(node) > LONGEST_FUNCTION
    }
    assert long == {}
