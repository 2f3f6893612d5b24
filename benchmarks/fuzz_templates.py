"""Templates made up at random: none may reach a live object, make too much, or fail otherwise.

Run it with `python -m benchmarks.fuzz_templates [examples]`; tests run a fixed number of them.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.timing import table
from societies.agents.errors import PromptError
from societies.agents.persona.persona import Persona
from societies.agents.templates.bounds import CHARACTERS, SECONDS, TooMuch
from societies.agents.templates.filters import FILTERS, METHODS, TESTS
from societies.agents.templates.prompts import Prompts

CANARY = "told-by-no-view"
EXAMPLES = 20_000
ONE_STEP = 8.0
"""Processor seconds that the step may take during which the time runs out, on a slow machine."""


@dataclass
class Live:
    """What a template must not act on: whatever it does leaves a trace."""

    name: str = "ann"
    numbers: list[int] = field(default_factory=lambda: [1, 2, 3])
    touched = 0

    def __post_init__(self) -> None:
        self.hidden = CANARY

    def act(self, *_: Any) -> str:
        """Leave a trace."""
        Live.touched += 1
        return CANARY

    @property
    def secret(self) -> str:
        """Leave a trace."""
        return self.act()

    def __repr__(self) -> str:
        return CANARY


def variables() -> dict[str, Any]:
    """Return what the templates are given."""
    return {
        "live": Live(),
        "persona": Persona(attributes={"job": "nurse"}, big_five={"openness": "high"}),
        "text": "some text\nof two lines",
        "items": [1, 2.5, "three", None, (4, "five")],
        "table": {"a": 1, "b": [Live(), Live()]},
        "number": 7,
    }


METHOD_NAMES = sorted(set().union(*METHODS.values()) | {"level", "score", "act", "append", "pop"})
NAMES = st.sampled_from([*variables(), "loop", "self", "range", "namespace", "dict", "n", "f"])
INNER = st.sampled_from(
    """name numbers hidden secret act attributes big_five job a b index length __class__ __mro__
    __subclasses__ __globals__ __init__ __self__ __dict__ __code__ gi_frame f_back _data update
    append pop format_map model_dump parse_raw""".split()  # noqa: SIM905 - words
)
NUMBERS = st.sampled_from([0, 1, 2, -1, 3.5, 60, 999, 99_999, 10**6, 10**10, -(10**10), 10**100])
TEXTS = st.sampled_from(
    ["", "a", "ab c", "\\n", "%s", "%(a)s", "%99999d", "{}", "{:>99999}", "{0.hidden}", "{a[b]}",
     "{0.__class__}", "%d and %r", "x" * 99]
)  # fmt: skip


def expressions() -> st.SearchStrategy[str]:
    """Return expressions of Jinja's, most of them sound."""
    atoms = NAMES | NUMBERS.map(str) | TEXTS.map(lambda text: f"'{text}'") | st.just("none")

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        arguments = st.lists(inner, max_size=3).map(", ".join)
        methods = st.sampled_from(METHOD_NAMES)
        filters, tests = st.sampled_from(sorted(FILTERS)), st.sampled_from(sorted(TESTS))
        operators = st.sampled_from(
            ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or", "not in"]
        )
        return st.one_of(
            st.builds("{}.{}".format, inner, INNER),
            st.builds("{}['{}']".format, inner, INNER),
            st.builds("{}[{}]".format, inner, inner),
            st.builds("{}.{}({})".format, inner, methods, arguments),
            st.builds("{}({})".format, inner, arguments),
            st.builds("({}|{})".format, inner, filters),
            st.builds("({}|{}({}))".format, inner, filters, arguments),
            st.builds("({}|map('{}', {})|list)".format, inner, filters, inner),
            st.builds("({}|map(attribute='{}')|list)".format, inner, INNER),
            st.builds("({} is {})".format, inner, tests),
            st.builds("({} {} {})".format, inner, operators, inner),
            st.builds("({} if {} else {})".format, inner, inner, inner),
            st.builds("[{}]".format, arguments),
            st.builds("{{'a': {}}}".format, inner),
        )

    return st.recursive(atoms, wider, max_leaves=8)


def templates() -> st.SearchStrategy[str]:
    """Return templates: expressions in blocks of all kinds, and mere noise."""
    value = expressions()
    output = st.builds("{{{{ {} }}}}".format, value)

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        filters = st.sampled_from(sorted(FILTERS))
        return st.one_of(
            st.builds("{}{}".format, inner, inner),
            st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, value, inner, inner),
            st.builds("{{% for i in {} %}}{}{{% endfor %}}".format, value, inner),
            st.builds("{{% for i in {} recursive %}}{}{{{{ loop(i) }}}}{{% endfor %}}".format,
                      value, inner),
            st.builds("{{% set n = namespace(a={}) %}}{{% for i in range(40) %}}"
                      "{{% set n.a = {} %}}{}{{% endfor %}}".format, value, value, inner),
            st.builds("{{% set n = {} %}}{}".format, value, inner),
            st.builds("{{% set n %}}{}{{% endset %}}{{{{ n }}}}{{{{ n ~ n }}}}".format, inner),
            st.builds("{{% macro f(x) %}}{}{{% endmacro %}}{{{{ f({}) }}}}".format, inner, value),
            st.builds("{{% call(x) f() %}}{}{{% endcall %}}".format, inner),
            st.builds("{{% filter {} %}}{}{{% endfilter %}}".format, filters, inner),
            st.builds("{{% with n = {} %}}{}{{% endwith %}}".format, value, inner),
            st.builds("{}{{% include 't.j2' %}}".format, inner),
            st.builds("{{% import 't.j2' as f %}}{}".format, inner),
        )  # fmt: skip

    return st.recursive(output, wider, max_leaves=6) | st.text(
        alphabet="{}%#|.'\"()[]abfn 0\n-~*\\\ud800", max_size=60
    )


def check(text: str) -> str:
    """Render one template; return how that went.

    Raises:
        AssertionError: it did something that no template may.
    """
    data, Live.touched = variables(), 0
    before = (data["live"].numbers.copy(), dict(data["persona"].attributes), str(data["items"]))
    began = thread_time()
    try:
        rendered = Prompts([], {"t": text}).render("t", data)
    except PromptError as error:
        bounded = isinstance(error.__cause__, TooMuch)
        outcome = "stopped at a bound" if bounded else "an error is told"
        _expect("'t'" in str(error), "an error names no template", text)
    else:
        outcome = "rendered"
        _expect(len(rendered) <= CHARACTERS, "too long a text", text)
        _expect(CANARY not in rendered, "a live object is shown", text)
    after = (data["live"].numbers, dict(data["persona"].attributes), str(data["items"]))
    _expect(before == after, "something was changed", text)
    _expect(Live.touched == 0, "something was called", text)
    _expect(thread_time() - began < SECONDS + ONE_STEP, "it took too long", text)
    return outcome


def _expect(is_so: bool, problem: str, text: str) -> None:
    if not is_so:
        raise AssertionError(f"{problem}: {text!r}")


def fuzz(examples: int, *, seed_by_code: bool, note: Callable[[str], None]) -> None:
    """Check so many templates; `seed_by_code` takes the same ones each time."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=seed_by_code,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(templates())
    def one(text: str) -> None:
        note(check(text))

    one()


def main() -> None:
    """Print how many templates went which way."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    outcomes: Counter[str] = Counter()

    def note(outcome: str) -> None:
        outcomes[outcome] += 1

    fuzz(examples, seed_by_code=False, note=note)
    rows = [(outcome, f"{count:,}") for outcome, count in outcomes.most_common()]
    print(table("Templates made up at random", ("", "templates"), rows))


if __name__ == "__main__":
    main()
