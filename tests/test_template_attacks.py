"""Templates that would run code, read files, act or never end, in files that people share."""

from pathlib import Path
from time import perf_counter

import pytest

import societies
from societies.agents.errors import PromptError
from societies.agents.templates.prompts import Prompts
from societies.errors import InputError
from societies.execute.estimate import estimate
from societies.scenarios.donor_game.society import DonorGame
from tests.conftest import SMALL, set_prompt

PICKLE = (
    "{{ protocol.parse_raw(\"cos\\nsystem\\n(S'echo > PWNED'\\ntR.\".encode(), "
    "proto='pickle', allow_pickle=True) }}"
)
ATTACKS = {
    "strategy": [
        PICKLE,
        "{{ protocol.parse_file('secret.json') }}",
        "{{ agent.society.calls.journal.path.parent.joinpath('secret.json').read_text() }}",
        "{{ agent.society.population.next_person() }}",
    ],
    "persona": ["{{ persona.attributes.update({'job': 'spy'}) }}{{ persona.attributes }}"],
}
LISTED = [(name, attack) for name, attacks in ATTACKS.items() for attack in attacks]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret.json").write_text("{}", encoding="utf-8")


def assert_untouched(found: pytest.ExceptionInfo[Exception], name: str) -> None:
    assert f"prompt '{name}', line 1" in str(found.value)
    assert not Path("PWNED").exists()


@pytest.mark.parametrize(("name", "attack"), LISTED)
def test_attacks_are_refused_before_anything_runs(name, attack):
    with pytest.raises(InputError) as found:
        societies.load("donor_game/demo", {**SMALL, "prompts": {name: attack}})
    assert_untouched(found, name)


@pytest.mark.parametrize(("name", "attack"), LISTED)
def test_attacks_are_refused_by_run(name, attack):
    with pytest.raises(InputError) as found:
        societies.run("donor_game/demo", out="runs", sets={**SMALL, "prompts": {name: attack}})
    assert_untouched(found, name)
    assert not Path("runs").exists()


@pytest.mark.parametrize(("name", "attack"), LISTED)
def test_attacks_are_refused_by_estimate(name, attack):
    with pytest.raises(InputError) as found:
        estimate(*societies.load("donor_game/demo", {**SMALL, "prompts": {name: attack}}))
    assert_untouched(found, name)


@pytest.mark.parametrize(("name", "attack"), LISTED)
def test_attacks_are_refused_by_resume(name, attack, run_small):
    run = run_small()
    set_prompt(run.path, name, attack.replace("\n", " "))
    with pytest.raises(InputError) as found:
        societies.resume(run.path)
    assert_untouched(found, name)


@pytest.mark.parametrize(("name", "attack"), LISTED)
def test_attacks_reach_nothing_where_nobody_has_validated(name, attack):
    config, _ = societies.load("donor_game/demo", SMALL)
    society = DonorGame(config)
    agent = society.enroll("ann")
    attributes = dict(agent.persona.attributes)
    given = {"agent": agent, "persona": agent.persona, "protocol": society.protocol}
    with pytest.raises(PromptError) as found:
        Prompts([], {name: attack}).render(name, given)
    assert_untouched(found, name)
    assert society.population.drawn == 1
    assert agent.persona.attributes == attributes


BOMBS = [
    "{{ 'a' * 10**10 }}",
    "{{ 'a'.ljust(10**10) }}",
    "{{ 'a'.ljust(10000000000) }}",
    "{{ 'a'|center(10000000000) }}",
    "{{ '{:>10000000000}'.format(1) }}",
    "{{ '{:>{}}'.format(1, 10000000000) }}",
    "{{ '{:.10000000000f}'.format(1.5) }}",
    "{{ '%10000000000d' % 1 }}",
    "{{ '%*d' % (10000000000, 1) }}",
    "{{ '%.10000000000f'|format(1.5) }}",
    "{{ 'a'.zfill(10000000000) }}",
    "{{ 'a\\nb'|indent(10000000000) }}",
    "{{ ['a']|batch(10000000000, 'b')|list }}",
    "{{ [1]|slice(10000000000)|list }}",
    "{{ 5|round(-10000000000) }}",
    "{{ 5|round(10000000000, 'ceil') }}",
    "{{ {'a': [1]}|tojson(indent=10000000000) }}",
    "{{ range(10000000000)|list }}",
    "{{ range(99999)|join('a'.ljust(9999)) }}",
    "{{ ('a'.ljust(9999)).join(range(99999)|map('string')) }}",
    "{{ 'a'.ljust(9999).replace('a', 'b'.ljust(9999)).replace(' ', 'c'.ljust(9999)) }}",
    "{{ lipsum(n=100000, max=1000000) }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{{ 'x'.ljust(999) }}{% endfor %}",
    "{% set n = namespace(s='a') %}{% for a in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "{% set n = namespace(s='a') %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "{% set n = namespace(s=7) %}{% for a in range(99) %}{% set n.s = n.s * n.s %}{% endfor %}",
    "{% set n = namespace(s=[1]) %}{% for a in range(99) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
    "{{ n.s }}",
    "{% set n = namespace(s=[1]) %}{% for a in range(99) %}{% set n.s = (n.s, n.s) %}{% endfor %}"
    "{{ {n.s: 1} }}",
    "{% set n = namespace(s='a') %}{% for a in range(99) %}{% set n.s %}{{ n.s }}{{ n.s }}"
    "{% endset %}{% endfor %}",
    "{% set n = namespace(s=0) %}{% for a in range(99) %}"
    "{% set n.s = namespace(a=n.s, b=n.s) %}{% endfor %}{{ n.s }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% macro f(n, s) %}{{ s ~ f(n + 1, s ~ s) }}{% endmacro %}{{ f(0, 'a') }}",
    "{% macro f() %}{{ f(varargs, varargs) }}{% endmacro %}{{ f(1) }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% include 'bomb.j2' %}{% include 'bomb.j2' %}",
    "{% for a in [[1]] recursive %}{{ loop([a, a]) }}{% endfor %}",
    "{{ 'a' }}" + "{{ 'b'.ljust(9999) }}" * 200,
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:60])
def test_rendering_is_bounded(bomb):
    began = perf_counter()
    with pytest.raises(PromptError, match="prompt 'bomb'"):
        Prompts([], {"bomb": bomb}).render("bomb", {})
    assert perf_counter() - began < 60  # a bound, not a timing: without one it never ends
