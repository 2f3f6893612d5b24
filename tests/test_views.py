"""What templates and scripted minds are given: plain, frozen, the same, and nothing untold."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import BuiltinMethodType, CodeType, FunctionType, GeneratorType, MethodType
from typing import Any

import pytest
from jinja2 import Undefined
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, LoopContext, Macro, TemplateReference
from jinja2.utils import Namespace

import societies
from societies import registry
from societies.agents.models.base import Request
from societies.agents.models.scripted import ScriptedModel
from societies.agents.persona.persona import PersonaView
from societies.agents.templates import prompts as module
from societies.agents.templates.filters import METHODS
from societies.agents.templates.prompts import Prompts
from societies.agents.templates.sandbox import GLOBALS, Sandbox
from societies.agents.templates.views import FrozenDict, FrozenList, View, altered
from societies.registry import find
from tests.faulty import install
from tests.test_conformance import RING, SIZES, offline_files

TEXTS = (str, int, float, bool, type(None))
DATA = (*TEXTS, tuple, FrozenList, FrozenDict, View, PersonaView)
Pair = tuple[str, Mapping[str, Any]]

VARIED: dict[str, dict[str, Any]] = {
    "donor_game/demo": {
        "population.written_as": "spectrum",
        "interventions": [
            {"at": "g1/game1/r02", "say": {"text": "Prices rise."}},
            {"at": "g1/game1/r03", "set": {"protocol.multiplier": 3}},
        ],
        "probes": [{"instrument": "mini_markers", "every": 2, "items": ["bold"]}],
    },
    "interview/demo": {"population.written_as": "prose"},
    "debate/demo": {"population.persona": {"big_five": {"agreeableness": "high"}}},
}
"""What the files do not do themselves, in a second run of each."""
PLAYS = [(file, {}) for file in offline_files()] + list(VARIED.items())


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Pair]:
    """Keep the variables that every template is really given."""
    seen: list[Pair] = []

    def keep(environment: Any, parent: Any, name: str, blocks: Any) -> Context:
        own = {key: value for key, value in parent.items() if key not in GLOBALS}
        seen.append((name.removesuffix(".j2"), own))
        return Context(environment, parent, name, blocks)

    monkeypatch.setattr(module, "Context", keep)
    return seen


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Keep what every mind is asked."""
    seen: list[Request] = []
    complete = ScriptedModel.complete

    async def keep(self: ScriptedModel, request: Request, key: str) -> Any:
        seen.append(request)
        return await complete(self, request, key)

    monkeypatch.setattr(ScriptedModel, "complete", keep)
    return seen


def play(file: str, sets: Mapping[str, Any], out: Path) -> None:
    small = SIZES.get(file, SIZES.get(file.partition("/")[0], {}))
    societies.run(file, out=out, sets={**small, **sets})


def inside(value: Any) -> Iterator[Any]:
    """Yield what a value holds, as far as it is plain."""
    if isinstance(value, View):
        yield from value._data.values()
    elif isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, tuple | list):
        yield from value


def names_of(value: Any) -> set[str]:
    own = set(value._data) if isinstance(value, View) else set()
    return own | set(dir(value)) | set(dir(type(value))) | set(dir(type))


class Walk:
    """Every value that a template can reach, and every name that the sandbox lets it use there."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.seen: dict[int, Any] = {}
        self.kinds: set[type] = set()

    def look(self, value: Any, where: str) -> None:
        if id(value) in self.seen:
            return
        kind = type(value)
        assert kind in DATA, f"{where} is a {kind.__module__}.{kind.__name__}"
        if kind in TEXTS and kind in self.kinds:
            return
        self.seen[id(value)] = value
        self.kinds.add(kind)
        for name in names_of(value):
            self.check(value, name, where)
        for item in inside(value):
            self.look(item, f"{where}[...]")

    def check(self, value: Any, name: str, where: str) -> None:
        for found in (self.sandbox.getattr(value, name), self.sandbox.getitem(value, name)):
            if isinstance(found, Undefined):
                continue
            if isinstance(found, BuiltinMethodType | MethodType):
                allowed = METHODS.get(type(value), frozenset())
                if isinstance(value, View):
                    allowed = type(value)._methods
                assert name in allowed, f"{where}.{name} can be called"
            else:
                assert not name.startswith("_"), f"{where}.{name}"
                self.look(found, f"{where}.{name}")


@pytest.mark.slow
@pytest.mark.parametrize(("file", "sets"), PLAYS, ids=[f"{file}{len(x)}" for file, x in PLAYS])
def test_templates_and_minds_are_given_the_same_plain_views_and_no_persona_untold(
    file, sets, given, asked, tmp_path
):
    play(file, sets, tmp_path)
    assert_nothing_else_can_be_reached(given)
    assert_minds_know_what_templates_know(asked, given)
    assert_personas_are_told(asked, Prompts([find(file.partition("/")[0]).folder / "prompts"]))


def test_a_scenario_of_another_package_gives_views_too(given, asked, tmp_path, monkeypatch):
    install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    registry._installed.cache_clear()
    societies.run(RING, out=tmp_path / "runs")
    registry._installed.cache_clear()
    assert {name for name, _ in given} == {"give", "persona", "system"}
    assert_nothing_else_can_be_reached(given)
    assert_minds_know_what_templates_know(asked, given)


def assert_nothing_else_can_be_reached(given: list[Pair]) -> None:
    walk = Walk()
    for template, variables in given:
        for name, value in variables.items():
            walk.look(value, f"{template}: {name}")
    assert {str, int, View} <= walk.kinds


def assert_minds_know_what_templates_know(asked: list[Request], given: list[Pair]) -> None:
    """A mind's situation is its template's variables, or these without the persona."""
    worded: dict[str, list[Mapping[str, Any]]] = {}
    for template, variables in given:
        worded.setdefault(template, []).append(variables)
    assert asked
    for request in asked:
        assert type(request.situation) is FrozenDict
        own = [each for each in worded[request.prompt] if each.get("agent") is not None]
        assert any(withheld(each) == withheld(request.situation) for each in own), request.prompt


def withheld(variables: Mapping[str, Any]) -> dict[str, Any]:
    blank = altered(variables["agent"], persona=None, persona_text="")
    return {**variables, "agent": blank}


def assert_personas_are_told(asked: list[Request], prompts: Prompts) -> None:
    """Whoever is handed a persona has its text in the messages, as a hosted model would."""
    for request in asked:
        told = squeezed(" ".join(message.content for message in request.messages))
        own = request.situation["agent"]
        assert request.persona == own.persona
        if own.persona is not None:
            assert own.persona_text
            assert squeezed(own.persona_text) in told
        for name, value in request.situation.items():
            for persona in personas(value) if name != "agent" else ():
                known = {"persona": persona, "protocol": request.situation["protocol"]}
                assert squeezed(prompts.render("persona", known)) in told, (request.prompt, name)


def personas(value: Any) -> Iterator[PersonaView]:
    if isinstance(value, PersonaView):
        yield value
    for item in inside(value):
        yield from personas(item)


def squeezed(text: str) -> str:
    return " ".join(text.split())


OWN = {
    "{% for each in [1, 2, 3] %}{% if loop.index == 2 %}VALUE{% endif %}{% endfor %}": (
        "loop",
        METHODS[LoopContext],
    ),
    "{% macro f(a) %}{% endmacro %}VALUE": ("f", set()),
    "{% macro f(a) %}{{ caller() }}{% endmacro %}{% call f(1) %}VALUE{% endcall %}": ("f", set()),
    "{% macro f() %}VALUE{% endmacro %}{{ f(1) }}": ("varargs", METHODS[tuple]),
    "{% macro f() %}{{ kwargs }}VALUE{% endmacro %}{{ f(b=2) }}": ("kwargs", METHODS[dict] | {"b"}),
    "{% set n = namespace(a=1) %}VALUE": ("n", {"a"}),
    "{% import 'own.j2' as m %}VALUE": ("m", {"size"}),
    "{% block b %}{% endblock %}VALUE": ("self", {"b"}),
    "{% set t = [1] %}VALUE": ("t", METHODS[list]),
    "{% set t = {'a': 1} %}VALUE": ("t", METHODS[dict] | {"a"}),
    "{% set t = [1]|map('string') %}VALUE": ("t", set()),
    "{% set t = 'a'.upper %}VALUE": ("t", set()),
    "{% set t = {'a': 1}.items() %}VALUE": ("t", set()),
    "{% set t = ['ab']|groupby(0)|first %}VALUE": ("t", {"grouper", "list"}),
    "VALUE": ("range", set()),
    "VALUE ": ("namespace", set()),
    " VALUE": ("dict", set()),
    "{% set t = 1 %}VALUE": ("t", METHODS[int]),
    "{% set t = 1.5 %}VALUE": ("t", METHODS[float]),
    "{% set t = true %}VALUE": ("t", set()),
    "{% set t = none %}VALUE": ("t", set()),
}
"""What templates can make or find beside what they are given, and what it has for them."""
EVERY_NAME = sorted(
    {name for kind in (str, list, dict, int, float, type, LoopContext, Macro, Namespace, tuple,
                       TemplateModule, TemplateReference, FunctionType, GeneratorType, CodeType,
                       BuiltinMethodType, Context, Undefined, View, range)
     for name in dir(kind)}
    | {"a", "b", "grouper", "list", "size", "_data", "gi_frame", "f_globals", "environment"}
)  # fmt: skip


@pytest.mark.parametrize(("text", "own"), OWN.items())
def test_what_templates_make_has_nothing_else_for_them(text, own):
    value, expected = own
    tests = "".join(
        f"{{% if {value}.{name} is defined or {value}['{name}'] is defined %}} {name}{{% endif %}}"
        for name in EVERY_NAME
    )
    given = {"own": "{% set size = 1 %}", "t": text.replace("VALUE", f"<{tests}>")}
    told = Prompts([], given).render("t", {})
    assert set(told.partition("<")[2].partition(">")[0].split()) == set(expected) & {*EVERY_NAME}


def test_templates_may_call_nothing_that_changes_what_it_belongs_to():
    for kind, names in METHODS.items():
        made = {str: "ab", tuple: (1,), int: 1, float: 1.5}.get(kind)
        assert made is not None or kind in (list, dict, FrozenList, FrozenDict, LoopContext)
        assert not names & {"append", "update", "pop", "clear", "extend", "sort", "setdefault"}
        assert not {name for name in names if name.startswith("_")}
