"""Jinja with an allow-list: templates read plain data, call what computes on it, and end.

Everything that a template is given is a view (`views.py`). Of a view it reads what that shows; of
texts, lists, mappings and numbers it calls the methods listed in `filters.py`; nothing else has
attributes for it. What it makes is measured (`bounds.py`).
"""

from collections.abc import Iterable
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateAssertionError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.utils import Namespace

from societies.agents.persona.persona import PersonaView
from societies.agents.templates.bounds import (
    MAPPINGS,
    BoundedFormatter,
    Bounds,
    TooMuch,
    modulo,
    places,
)
from societies.agents.templates.filters import (
    CALLED,
    METHODS,
    Group,
    bounded_filters,
    bounded_tests,
    text_method,
)
from societies.agents.templates.views import View, lacking

GLOBALS = {"range": safe_range, "dict": dict, "namespace": Group}
"""Functions that templates may call beside methods, filters and macros of their own."""
GIVEN = {"agent", "persona", "protocol"}
"""Variables of many templates, which hold no macros."""
METHOD_NAMES = CALLED | PersonaView._methods
"""Every method that templates may call."""
HAVING_ITEMS = (str, list, tuple, dict, range, Undefined)
"""Types of what has items for templates."""
CALLABLE = (Macro, LoopContext, BlockReference)
"""Types of what a template defines itself and may call."""


class _Generator(CodeGenerator):
    """Compiles templates so that loops are counted, and what is made is measured."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._loops: set[int] = set()

    def visit(self, node: nodes.Node, *args: Any, **given: Any) -> Any:
        """Write the code of a node; what a loop goes over is counted."""
        if id(node) not in self._loops:
            return super().visit(node, *args, **given)
        self._loops.discard(id(node))
        return self._within("loop", super().visit, node, *args, **given)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802 - Jinja\'s
        """Write a loop."""
        self._loops.add(id(node.iter))
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - Jinja\'s
        """Write `a ~ b`."""
        self._within("made", super().visit_Concat, node, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802 - Jinja\'s
        """Write a list."""
        self._within("made", super().visit_List, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802 - Jinja\'s
        """Write a tuple, unless it is what is assigned to."""
        if node.ctx == "load":
            self._within("made", super().visit_Tuple, node, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802 - Jinja\'s
        """Write a mapping."""
        self._within("made", super().visit_Dict, node, frame)

    def visit_Mod(self, node: nodes.BinExpr, frame: Frame) -> None:  # noqa: N802 - Jinja\'s
        """Write `a % b`; the usual `'%.2f' % number` needs no measuring."""
        if isinstance(node.left, nodes.Const) and _is_modest(node.left.value):
            self.write("(")
            self.visit(node.left, frame)
            self.write(" % ")
            self.visit(node.right, frame)
            self.write(")")
        else:
            super().visit_Mod(node, frame)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802 - Jinja\'s
        """Write a comparison; one with a constant takes no time."""
        first, *rest = node.ops
        sides = (node.expr, first.expr)
        with_constant = any(isinstance(side, nodes.Const) for side in sides)
        if with_constant and not rest and first.op not in ("in", "notin"):
            super().visit_Compare(node, frame)
        else:
            self._within("compared", super().visit_Compare, node, frame)

    def _within(self, bound: str, write: Any, *args: Any, **given: Any) -> None:
        self.write(f"environment.bounds.{bound}(")
        write(*args, **given)
        self.write(")")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _is_modest(text: Any) -> bool:
    """Whether a text has one place for a value at most, and none that is wide."""
    try:
        return isinstance(text, str) and places(text) <= 1
    except TooMuch:
        return False


class Missing(StrictUndefined):
    """What is not there: using it is an error, also inside a list that is written out."""

    __repr__ = StrictUndefined._fail_with_undefined_error


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of all templates."""

    code_generator_class = _Generator
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **given: Any) -> None:
        super().__init__(undefined=Missing, trim_blocks=True, lstrip_blocks=True, **given)
        self.bounds = Bounds()
        self.concat = self.bounds.concat  # type: ignore[method-assign]
        self.filters.clear()
        self.filters.update(bounded_filters(self.bounds))
        self.tests.clear()
        self.tests.update(bounded_tests(self.bounds))
        self.globals = dict(GLOBALS)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Parse a template, and refuse what can be told beforehand."""
        tree = super()._parse(source, name, filename)
        for node in tree.find_all((nodes.Call, nodes.Filter)):
            problem = self._problem(node)
            if problem:
                raise TemplateAssertionError(problem, node.lineno, name, filename)
        return tree

    def _problem(self, node: nodes.Node) -> str | None:
        """Return what is wrong with a call or a filter."""
        if isinstance(node, nodes.Filter) and node.name not in self.filters:
            return f"templates have no filter '{node.name}'; they have: {_listed(self.filters)}"
        called = node.node if isinstance(node, nodes.Call) else None
        if not isinstance(called, nodes.Getattr) or called.attr in METHOD_NAMES:
            return None
        if isinstance(called.node, nodes.Name) and called.node.name not in GIVEN:
            return None  # it may be a macro that is imported
        return f"templates may not call '{called.attr}'; they may call: {_listed(METHOD_NAMES)}"

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute that templates may read, or what tells that it is none."""
        if isinstance(obj, View):
            try:
                return obj._data[attribute]
            except KeyError:
                names = obj._methods
        else:
            names = METHODS.get(type(obj), frozenset())
        if attribute in names:
            return getattr(obj, attribute)
        if type(obj) in MAPPINGS and attribute in obj:
            return obj[attribute]
        return self._other(obj, attribute)

    def _other(self, obj: Any, attribute: str) -> Any:
        """Return an attribute of what templates make themselves."""
        is_public = not attribute.startswith("_")
        if is_public and attribute in getattr(type(obj), "_fields", ()):
            return getattr(obj, attribute)
        if isinstance(obj, Undefined | Namespace) and is_public:
            found = getattr(obj, attribute, self)
            return self._missing(obj, attribute) if found is self else found
        if isinstance(obj, TemplateModule) and is_public and attribute in vars(obj):
            return vars(obj)[attribute]
        if isinstance(obj, TemplateReference) and is_public:
            try:
                return obj[attribute]
            except KeyError:
                return self._missing(obj, attribute)
        return self._missing(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item, or the attribute of that name."""
        if isinstance(obj, HAVING_ITEMS):
            try:
                return obj[argument]
            except (AttributeError, TypeError, LookupError):
                pass
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return self.undefined(obj=obj, name=argument)

    def _missing(self, obj: Any, attribute: str) -> Undefined:
        """Return what raises when it is used: it says what there is instead."""
        if isinstance(obj, Undefined):
            obj._fail_with_undefined_error()
        if isinstance(obj, View):
            told = lacking(obj, attribute)
        elif type(obj) in METHODS:
            kind = {"str": "text"}.get(type(obj).__name__, type(obj).__name__)
            has = ", ".join(sorted(METHODS[type(obj)])) or "none"
            told = f"templates may not use '{attribute}' of a {kind}; they may use: {has}"
        else:
            told = f"templates may not use '{attribute}' of a {type(obj).__name__}"
        return self.undefined(told, obj, attribute, exc=SecurityError)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        """Whether templates may read an attribute."""
        return not isinstance(self.getattr(obj, attr), Undefined)

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether templates may call something."""
        if isinstance(obj, CALLABLE) or any(obj is function for function in GLOBALS.values()):
            return True
        owner = getattr(obj, "__self__", None)
        if isinstance(obj, BuiltinMethodType):
            return obj.__name__ in METHODS.get(type(owner), ())
        if isinstance(obj, MethodType):
            names = owner._methods if isinstance(owner, View) else METHODS.get(type(owner), ())
            return obj.__name__ in names
        return False

    def call(__self, __context: Context, __obj: Any, *args: Any, **given: Any) -> Any:  # noqa: N805 - Jinja's
        """Call a method, a function or a macro that templates may call."""
        if isinstance(__obj, Undefined):
            __obj()  # raises, and says what is not there
        if not __self.is_safe_callable(__obj):
            raise SecurityError(f"templates may not call {type(__obj).__name__} objects")
        for own in ("_loop_vars", "_block_vars"):
            given.pop(own, None)  # for functions that are given the context, of which there is none
        for passed in (args, given):
            if passed:
                __self.bounds.made(passed)
        if isinstance(__obj, BuiltinMethodType) and isinstance(__obj.__self__, str):
            found = __self._of_text(__obj, args, given)
        elif isinstance(__obj, LoopContext):
            found = __obj(__self.bounds.loop(*args, **given))
        else:
            found = __context.call(__obj, *args, **given)
        return __self.bounds.made(found)

    def _of_text(self, method: Any, args: tuple[Any, ...], given: dict[str, Any]) -> Any:
        text, name = str(method.__self__), method.__name__
        if name == "format":
            return BoundedFormatter(self).vformat(text, args, given)
        if name == "join":
            return self.bounds.joined(args[0], text)
        return text_method(text, name, args, given)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers, and put texts and lists together, within bounds."""
        if operator == "%" and isinstance(left, str):
            return self.bounds.made(modulo(left, right))
        is_number = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or (operator == "*" and not is_number):
            raise SecurityError(f"{operator} is for multiplying numbers only")
        return self.bounds.made(super().call_binop(context, operator, left, right))

    def get_template(self, *args: Any, **given: Any) -> Any:
        """Return a template, which may be included in another."""
        self.bounds.include()
        return super().get_template(*args, **given)
