"""Providers: a third kind of models needs one file, and nothing else asks for the kind."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import societies
from societies.agents.errors import ModelError
from societies.agents.models.base import ModelSpec
from societies.calls.provider import Provider, provider_of
from societies.calls.throttle import Throttle
from societies.errors import InputError, RunInterruptedError
from societies.execute.estimate import estimate
from tests.test_rooms import TREES

PARROT = '''
"""Parrots: models in this process that give one unit; `parrot/<name>`."""

from pydantic import Field

from societies.agents.models.base import Completion
from societies.agents.strict import Strict
from societies.calls.provider import Provider
from societies.calls.throttle import Throttle

NEST = Throttle(adaptive=False)
"""One parrot speaks at a time, whatever run asks it."""
NEST.ceiling = NEST.limit = 1


class Seeds(Strict):
    seeds: int = Field(default=1, ge=1)


class Parrot:
    def __init__(self, spec):
        self.spec, self.seeds = spec, spec.options.get("seeds", 1)

    async def complete(self, request, key):
        assert NEST.busy == 1
        text = "My strategy will be to give one unit."
        if request.prompt == "donate":
            text = "Justification: fair.\\nAnswer: 1.0"
        if request.prompt == "donate" and request.schema:
            text = '{"action": "donate", "amount": 1, "justification": "seeds"}'
        if "dumb" in self.spec.name:
            text = "Squawk."
        cost = 10 * self.seeds * 1e-3
        return Completion(text, prompt_tokens=10, completion_tokens=5, cost=cost)


class Parrots(Provider):
    is_trainable = True

    def open(self, spec, config, scenario):
        return Parrot(spec)

    def problem(self, spec, scenario):
        return None if spec.name != "parrot/dead" else "this is an ex-parrot"

    def options(self, spec, scenario):
        return Seeds

    def check_access(self, spec):
        from societies.agents.errors import ModelError

        if spec.name == "parrot/away":
            raise ModelError("the parrot has flown")

    def prices(self, spec):
        return 1e-3 * spec.options.get("seeds", 1), 0.0

    def throttle(self, spec, limits, user):
        return NEST

    def tokenizer(self, spec):
        return lambda messages, reply: 10


PARROTS = Parrots()
'''

POINTS = "[societies.providers]\nparrot = parrots:PARROTS\nstone = parrots:NEST\n"

SMALL = {"population.size": 4, "protocol.generations": 2, "protocol.rounds": 4}
GROUPS = {"population.groups": [], **SMALL, "protocol.survivors": 2}


@pytest.fixture
def parrots(tmp_path, monkeypatch) -> Path:
    """Install a package that brings a provider in one file."""
    site = tmp_path / "site"
    (site / "parrots-1.0.dist-info").mkdir(parents=True)
    (site / "parrots.py").write_text(PARROT, encoding="utf-8")
    about = "Metadata-Version: 2.1\nName: parrots\nVersion: 1.0\n"
    (site / "parrots-1.0.dist-info" / "METADATA").write_text(about)
    (site / "parrots-1.0.dist-info" / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(site))
    return site


def parrot(name: str = "grey", **options: object) -> dict[str, object]:
    return {**GROUPS, "model": {"name": f"parrot/{name}", "options": options}}


@pytest.fixture(autouse=True)
def fresh_registry():
    """Forget which packages were installed: a test installs its own."""
    from societies.calls import provider

    provider.provider_of.cache_clear()
    yield
    provider.provider_of.cache_clear()
    sys.modules.pop("parrots", None)


def test_a_third_kind_is_opened_throttled_priced_counted_and_replayed(parrots, tmp_path):
    run = societies.run("donor_game/demo", out=tmp_path / "runs", sets=parrot(seeds=2))
    calls = run.table("calls").collect()
    assert set(calls["model"]) == {"parrot/grey"}
    assert run.about["totals"]["cost"] == pytest.approx(len(calls) * 20e-3)
    assert run.about["totals"]["unpriced"] == 0
    assert set(calls["wall_in_flight"]) == {None}
    assert min(calls["wall_latency"]) > 0
    assert set(run.table("answers").filter(prompt="donate").collect()["outcome"]) == {"clean"}
    assert sys.modules["parrots"].NEST.busy == 0
    assert societies.replay(run.path).status == "finished"


def test_a_third_kind_is_estimated(parrots):
    config, scenario = societies.load("donor_game/demo", parrot(seeds=2))
    [line] = estimate(config, scenario).lines
    assert line.tokens_by == "the model's tokenizer"
    assert line.cost == pytest.approx(tuple(2e-3 * tokens for tokens in line.prompt_tokens))


def test_its_answers_count_for_the_shares(parrots, tmp_path):
    with pytest.raises(RunInterruptedError, match="50 of 50 answers of language models"):
        societies.run("donor_game/demo", out=tmp_path, sets={**parrot("dumb"), **MANY})


MANY = {"population.size": 12, "protocol.survivors": 6}


def test_it_is_asked_by_schema_if_its_provider_says_so(parrots, tmp_path):
    sets = parrot()
    sets["model"] |= {"structured": "always"}
    run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    gifts = run.table("donations").collect()
    assert set(gifts["justification"]) == {"seeds"}


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (parrot("dead"), "this is an ex-parrot"),
        (parrot(seeds=0), "model.options.seeds: "),
        (parrot("away"), "the parrot has flown"),
        ({"model.name": "stone/cold"}, "'stone' of group societies.providers should name a Prov"),
    ],
)
def test_what_is_wrong_with_it_is_told_before_a_run(parrots, tmp_path, model, told):
    with pytest.raises(InputError, match=told):
        societies.run("donor_game/demo", out=tmp_path / "runs", sets=model)
    assert not (tmp_path / "runs").exists()


def test_another_process_finds_it(parrots, tmp_path):
    command = [sys.executable, "-m", "societies.cli.main", "run", "donor_game/demo"]
    sets = [f"{key}={value}" for key, value in GROUPS.items()]
    options = [part for each in ["model.name=parrot/grey", *sets] for part in ("--set", each)]
    paths = os.pathsep.join([str(parrots), *filter(None, sys.path)])
    done = subprocess.run(
        [*command, *options, "--out", tmp_path / "runs"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr


def test_whatever_has_no_provider_of_its_own_is_hosted():
    kinds = {
        name: type(provider_of(name)).__name__
        for name in ("scripted/random", "openai/gpt-4o-mini", "gpt-4o-mini", "scripted", "a.b/c")
    }
    assert kinds == {
        "scripted/random": "Scripted",
        "openai/gpt-4o-mini": "Hosted",
        "gpt-4o-mini": "Hosted",
        "scripted": "Hosted",
        "a.b/c": "Hosted",
    }


def test_what_a_provider_does_not_say_is_as_of_models_that_cost():
    class Bare(Provider):
        def open(self, spec, config, scenario):
            raise ModelError("there is none")

        def prices(self, spec):
            return None

        def throttle(self, spec, limits, user) -> Throttle | None:
            return None

    spec, bare = ModelSpec(name="bare/m", structured="supported"), Bare()
    assert not any((bare.is_free, bare.reports_itself, bare.is_trainable))
    assert bare.answers_count
    assert not bare.takes_schema(spec)
    assert not bare.reasons(spec)
    assert bare.tokenizer(spec) is None


KINDS = ("societies.calls.providers.", "societies.agents.models.")
HOSTED = {"societies.agents.models.hosted", "litellm"}


def asks_for_the_kind(tree: ast.Module) -> list[str]:
    """Return where a module asks what kind a model is, in whatever way."""
    found = []
    for node in ast.walk(tree):
        names = {node.attr} if isinstance(node, ast.Attribute) else set()
        if isinstance(node, ast.ImportFrom):
            names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        if isinstance(node, ast.Compare | ast.Call):
            parts = [*ast.iter_child_nodes(node), *getattr(node, "args", ())]
            names = {part.value for part in parts if isinstance(part, ast.Constant)}
        asked = {"is_scripted", "is_hosted", "is_local", "scripted/", "scripted", *HOSTED}
        asked |= {f"societies.agents.models.scripted.{name}" for name in ("ScriptedModel", "Mind")}
        found += [f"line {getattr(node, 'lineno', 0)}: {name}" for name in names & asked]
    return found


def test_nothing_else_asks_what_kind_a_model_is():
    """Minds are written by scenarios, which import their base: that asks nothing."""
    elsewhere = {
        name: [each for each in asks_for_the_kind(tree) if not each.endswith("scripted.Mind")]
        for name, tree in TREES.items()
        if not name.startswith(KINDS)
    }
    assert {name: found for name, found in elsewhere.items() if found} == {}


@pytest.mark.parametrize(
    "text",
    [
        "if spec.is_scripted: pass",
        "name.startswith('scripted/')",
        "prefix == 'scripted'",
        "from societies.agents.models import hosted",
        "import litellm",
    ],
)
def test_whoever_asks_is_found(text):
    assert asks_for_the_kind(ast.parse(text))
