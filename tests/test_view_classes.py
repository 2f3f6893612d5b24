"""Views: what becomes of every kind of value that a scenario may give its templates."""

import dataclasses
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import societies
from societies.agents.errors import PromptError
from societies.agents.persona.persona import Persona
from societies.agents.templates.prompts import Prompts
from societies.agents.templates.views import FrozenDict, FrozenList, View, view, views
from societies.config.schema import Protocol
from societies.scenarios.donor_game.society import DonorGame
from tests.conftest import SMALL


@dataclasses.dataclass(frozen=True)
class Offer:
    template_properties: ClassVar[tuple[str, ...]] = ("half",)

    amount: int
    words: tuple[str, ...] = ()

    @property
    def half(self) -> float:
        return self.amount / 2

    @property
    def hidden(self) -> str:
        return "not for templates"

    def act(self) -> None:
        raise AssertionError


@dataclasses.dataclass
class Table:
    offers: list[Offer]
    _private: int = 1


class Rules(Protocol):
    rounds: int = 3
    names: tuple[str, ...] = ("a", "b")


class Pair(NamedTuple):
    left: int
    right: Any


class Colour(Enum):
    RED = "red"


class Worded:
    def __str__(self) -> str:
        return "in words"


def render(text: str, **variables: Any) -> str:
    return Prompts([], {"t": text}).render("t", variables)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("{{ x.amount }} {{ x.half }}", Offer(3), "3 1.5"),
        ("{{ x }}", Offer(3), "Offer(amount=3, words=(), half=1.5)"),
        ("{{ x.offers[0].amount }} {{ x.offers|length }}", Table([Offer(1)]), "1 1"),
        ("{{ x.offers|map(attribute='amount')|list }}", Table([Offer(1), Offer(2)]), "[1, 2]"),
        ("{{ x.rounds }} {{ x.names }} {{ x.names|join('-') }}", Rules(), "3 ('a', 'b') a-b"),
        ("{{ x.left }} {{ x.right.amount }} {{ x[0] }}", Pair(1, Offer(2)), "1 2 1"),
        ("{% for a, b in x %}{{ a }}{{ b }}{% endfor %}", [Pair(1, 2), (3, 4)], "1234"),
        ("{{ x }} {{ x.value }}", Colour.RED, "Colour.RED red"),
        ("{{ x }}", Worded(), "in words"),
        ("{{ '%.1f' % x }}", Decimal("1.25"), "1.2"),
        ("{{ x }} {{ x + 1 }}", np.int64(3), "3 4"),
        ("{{ '%.2f' % x }}", np.float64(0.5), "0.50"),
        ("{{ 'a' in x }}", {"a"}, "True"),
        ("{{ x.b.c }} {{ x['b']['c'] }} {{ x.get('z', 0) }}", {"b": {"c": 1}}, "1 1 0"),
        ("{{ x|tojson }}", {"b": [1, "<"], "a": None}, '{"a": null, "b": [1, "\\u003c"]}'),
        ("{{ x }} {{ x[0] }} {{ x + [3] }}", [1, 2], "[1, 2] 1 [1, 2, 3]"),
    ],
)
def test_templates_read_what_was_declared(text, value, expected):
    assert render(text, x=value) == expected


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("{{ x.hidden }}", Offer(3), "Offer shows no 'hidden' .*; it shows: amount, words, half"),
        (
            "a\n{{ x.act() }}",
            Offer(3),
            "prompt 't', line 2, cannot be rendered: Offer shows no 'act'",
        ),
        ("{{ x['act']() }}", Offer(3), "Offer shows no 'act'"),
        ("{{ x._private }}", Table([]), "Table shows no '_private'"),
        ("{{ x }}", object(), "object cannot be written out: give its text or number"),
        ("{{ x.parse_raw }}", Rules(), "Rules shows no 'parse_raw' .*; it shows: rounds, names"),
        ("{{ x['append'](1) }}", [1], "may not use 'append' of a FrozenList"),
        (
            "{{ x|attr('act') }}",
            Offer(3),
            "line 1: templates have no filter 'attr'; they have: abs",
        ),
        ("{{ x|map(attribute='hidden')|list }}", [Offer(3)], "Offer shows no 'hidden'"),
        ("{{ '{0.hidden}'.format(x) }}", Offer(3), "Offer shows no 'hidden'"),
        ("{{ x.upper.__self__ }}", "a", "may not use '__self__' of a builtin_function_or_method"),
    ],
)
def test_nothing_else_is_there_and_the_error_says_what_is(text, value, told):
    with pytest.raises(PromptError, match=told):
        render(text, x=value)


def test_a_view_is_a_copy_that_cannot_be_changed():
    table = Table([Offer(1)])
    seen = views({"table": table, "counts": {"a": [1]}})
    table.offers.append(Offer(2))
    assert [offer.amount for offer in seen["table"].offers] == [1]
    for change in (
        lambda: seen.update(table=1),
        lambda: seen["counts"].pop("a"),
        lambda: seen["counts"]["a"].append(2),
        lambda: seen["table"].offers.clear(),
        lambda: seen["counts"]["a"].__setitem__(0, 2),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    for change in (
        lambda: setattr(seen["table"], "offers", []),
        lambda: delattr(seen["table"], "offers"),
    ):
        with pytest.raises(AttributeError, match="cannot be changed"):
            change()


def test_a_record_that_can_change_is_copied_each_time():
    offers = [Offer(1)]
    table = Table(offers)
    assert len(view(table).offers) == 1
    offers.append(Offer(2))
    assert len(view(table).offers) == 2
    assert view(offers[0]) is view(offers[0])


def test_what_holds_itself_has_no_view():
    table = Table([])
    table.offers.append(table)  # type: ignore[arg-type]
    with pytest.raises(PromptError, match="one of the variables x holds itself"):
        render("{{ x }}", x=table)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_reads_as_before(data):
    seen = view(data)
    assert seen == data
    assert (str(seen), repr(seen)) == (str(data), repr(data))
    assert view(seen) is seen or isinstance(seen, tuple)


def test_the_persona_of_others_and_whom_one_portrays_are_not_shown():
    config, _ = societies.load("donor_game/demo", SMALL)
    society = DonorGame(config)
    ann, bob = society.enroll("ann"), society.enroll("bob")
    seen = society.show({"agent": ann, "partner": bob})
    assert seen["agent"].persona.big_five == ann.persona.big_five
    assert seen["partner"].name == "bob"
    for name in ("persona", "society", "memory", "model_spec", "random"):
        with pytest.raises(AttributeError, match=f"agent shows no '{name}'"):
            getattr(seen["partner"], name)
    persona = Persona(identity="Ada", text="You whistle.", big_five={"openness": "high"})
    shown = persona.as_view()
    assert (shown.level("openness"), shown.score("openness")) == ("high", 0.5)
    with pytest.raises(AttributeError, match="persona shows no 'identity'"):
        shown.identity  # noqa: B018


def test_views_are_made_once_as_long_as_nothing_changes():
    config, _ = societies.load("donor_game/demo", SMALL)
    society = DonorGame(config)
    ann = society.enroll("ann")
    first, second = society.show({"agent": ann}), society.show({"agent": ann})
    assert first["agent"] is second["agent"]
    assert first["protocol"] is second["protocol"]
    ann.become(Persona(text="You sing."), ann.model_spec)
    assert society.show({"agent": ann})["agent"].persona.text == "You sing."
    thread = ann.thread("aside")
    assert society.show({"agent": thread})["agent"].topic == "aside"
    assert type(first) is FrozenDict
    assert type(first["agent"]) is View
    assert type(first["protocol"].names) in (FrozenList, str)
