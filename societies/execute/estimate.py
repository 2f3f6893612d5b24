"""Estimates: calls, tokens and cost of a run before anything is spent, as ranges.

The scenario is played in memory with a scripted mind in place of every model that is not free to
ask. That counts the calls and measures the prompts; how long a model's replies are cannot be known,
and is assumed, in the open.
"""

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from societies.agents.errors import SocietyError
from societies.agents.models.base import Completion, LanguageModel, ModelSpec, Request
from societies.agents.models.scripted import CHARACTERS_PER_TOKEN
from societies.calls.provider import provider_of
from societies.config.schema import RunConfig
from societies.errors import InputError
from societies.execute.planning import plan
from societies.execute.run import release
from societies.loading.load import load
from societies.record.log import RunLog
from societies.scenario import Scenario
from societies.society import load_society

REPEATED = 0.10
"""High end: the share of calls that is made once more, because a reply could not be read."""
WORDINESS = 4.0
"""High end: how much longer a hosted model's reply is than the mind's, if `max_tokens` is unset."""
LEAST_HIGH = 300
"""High end: tokens of a reply at least, if `max_tokens` is unset."""
QUOTATION = 1.25
"""High end: how much longer prompts are, which may quote longer replies."""
REASONING = (200, 2000)
"""Tokens per call that a model thinks before it replies, if it is one that does: low, high."""
SAMPLES = 100
"""Calls of each model and role whose tokens are counted; the others by their characters."""
BY_CHARACTERS = f"{CHARACTERS_PER_TOKEN} characters per token"

Range = tuple[float, float]
"""Low and high."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is expected of one model in one role."""

    role: str
    model: str
    calls: Range
    prompt_tokens: Range
    completion_tokens: Range
    """With the tokens of reasoning, which are paid for like the reply's."""
    cost: Range | None
    """US dollars; None when the model has no known price."""
    tokens_by: str
    """How tokens were counted."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run is expected to take."""

    lines: list[Line]
    """One per role and model, in the order in which they were first asked."""
    assumptions: list[str]

    @property
    def cost(self) -> Range:
        """US dollars over the models that have a known price."""
        costs = [line.cost for line in self.lines if line.cost is not None]
        return sum(cost[0] for cost in costs), sum(cost[1] for cost in costs)

    @property
    def unpriced(self) -> list[str]:
        """The models without a known price, whose cost is in no sum."""
        return list(dict.fromkeys(line.model for line in self.lines if line.cost is None))


@dataclass(slots=True)
class Use:
    """What one model was asked in one role while the scenario was played.

    Tokens are those of scripted models: four characters each.
    """

    spec: ModelSpec
    role: str
    calls: int = 0
    prompt_tokens: int = 0
    remembered: float = 0.0
    """Of the prompt's tokens, the agent's own earlier replies."""
    completion_tokens: int = 0
    samples: list[tuple[list[dict[str, str]], str]] = field(default_factory=list)
    sampled: int = 0
    """Tokens of the samples."""

    def add(self, request: Request, completion: Completion) -> None:
        """Count one call."""
        self.calls += 1
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens
        own = sum(len(m.content) for m in request.messages if m.role == "assistant")
        self.remembered += own / CHARACTERS_PER_TOKEN
        if len(self.samples) < SAMPLES and not provider_of(self.spec.name).is_free:
            messages = [{"role": m.role, "content": m.content} for m in request.messages]
            self.samples.append((messages, completion.text))
            self.sampled += completion.prompt_tokens + completion.completion_tokens


class StandIn:
    """Answers as a scripted mind in place of `spec`, and counts what is asked."""

    answers_at_once = True
    """Nothing is sent: the throttle of the real model is left alone."""

    def __init__(self, spec: ModelSpec, cast: "Cast") -> None:
        self.spec = spec
        self._cast = cast

    async def complete(self, request: Request, key: str) -> Completion:
        """Answer as the mind of the agent's role."""
        role = self._cast.roles.get(request.agent, "")
        completion = await self._cast.mind(self.spec, role).complete(request, key)
        self._cast.use(self.spec, role).add(request, completion)
        return completion


class Cast:
    """Who plays whom in an estimate, and what each was asked.

    Args:
        config: the run's configuration.
        scenario: its scenario; the models of its `demo.yaml` stand in for hosted ones.

    Raises:
        InputError: the scenario has no scripted minds.
    """

    def __init__(self, config: RunConfig, scenario: Scenario) -> None:
        self.roles: Mapping[str, str] = {}
        """The role of every agent, by name."""
        self.label: Callable[[ModelSpec], str] = lambda spec: spec.name
        """What a model is called, so that its variants are told apart."""
        self.uses: dict[tuple[str, str], Use] = {}
        self.substitute = _demo_model(scenario)
        self._config = config
        self._scenario = scenario
        self._minds: dict[tuple[str, str], LanguageModel] = {}

    def mind(self, spec: ModelSpec, role: str) -> LanguageModel:
        """Return what answers for `spec` in a role: itself if it is free; without latency."""
        place = spec.fingerprint, role
        if place not in self._minds:
            played = spec if provider_of(spec.name).is_free else self.substitute(role)
            if "latency" in played.options:
                at_once = {**played.options, "latency": 0.0}
                played = played.model_copy(update={"options": at_once})
            provider = provider_of(played.name)
            self._minds[place] = provider.open(played, self._config, self._scenario)
        return self._minds[place]

    def use(self, spec: ModelSpec, role: str) -> Use:
        """Return the count of a model in a role."""
        return self.uses.setdefault((spec.fingerprint, role), Use(spec, role))


def _demo_model(scenario: Scenario) -> Callable[[str], ModelSpec]:
    """Return which scripted mind a scenario's demo has in a role."""
    demo = scenario.folder / "demo.yaml"
    if demo.is_file():
        model = load(demo)[0].model
        if all(provider_of(spec.name).is_free for spec in (model, *model.roles.values())):
            return model.of
    if not scenario.minds:
        raise InputError(f"{scenario.name} has no scripted minds, with which to play it beforehand")
    first = ModelSpec(name=f"scripted/{next(iter(scenario.minds))}")
    return lambda _: first


def estimate(config: RunConfig, scenario: Scenario) -> Estimate:
    """Estimate what a run will take.

    Args:
        config: the run's configuration, as `societies.load` returns it.
        scenario: its scenario.

    Raises:
        InputError: the scenario cannot be played with scripted minds.
    """
    cast = Cast(config, scenario)
    kind = load_society(scenario)
    with tempfile.TemporaryDirectory(prefix="societies-") as folder:
        log = RunLog(Path(folder) / "log", config.name, kind.records)
        society = kind(_played(config), log=log, open_model=lambda spec: StandIn(spec, cast))
        cast.roles, cast.label = society.roles, society.label
        try:
            society.run()
        except SocietyError as error:
            raise InputError(f"the scenario cannot be played beforehand: {error}") from error
        finally:
            release(society)
    uses = list(cast.uses.values())
    longest = max(1.0, (plan(config, scenario).total or 0) / max(1, sum(use.calls for use in uses)))
    lines = [_line(use, longest, cast.label(use.spec)) for use in uses]
    return Estimate(lines, _assumptions(config, cast, lines))


def _played(config: RunConfig) -> RunConfig:
    """Return a configuration as minds can play it: without limits, answering in words only."""
    data = _in_words(config.model_dump(mode="json"))
    unlimited = {"max_defaulted_share": None, "max_invalid_share": None}
    return type(config).model_validate({**data, "limits": unlimited})


def _in_words(value: Any) -> Any:
    """Return a part of a configuration in which no model answers by a JSON schema."""
    if isinstance(value, dict):
        return {
            key: "never" if key.rpartition(".")[2] == "structured" else _in_words(item)
            for key, item in value.items()
        }
    return [_in_words(item) for item in value] if isinstance(value, list) else value


def _line(use: Use, longest: float, model: str) -> Line:
    """Return what is expected of a model in a role, in a run up to `longest` times the play."""
    spec, provider = use.spec, provider_of(use.spec.name)
    if provider.is_free:
        counts = (use.calls, use.prompt_tokens, use.completion_tokens)
        calls, prompts, replies = ((float(count), float(count)) for count in counts)
        return Line(use.role, model, calls, prompts, replies, (0.0, 0.0), BY_CHARACTERS)
    scale, tokens_by = _tokenizer(use)
    more = longest * (1 + REPEATED)
    calls = float(use.calls), float(math.ceil(use.calls * more))
    mean = use.completion_tokens * scale / use.calls
    low, high = _completion_tokens(spec, mean)
    remembered = use.remembered * scale
    asked = use.prompt_tokens * scale - remembered
    longer = max(1.0, high / mean) if mean else 1.0
    prompts = asked + remembered, (asked * QUOTATION + remembered * longer) * more
    replies = low * calls[0], high * calls[1]
    cost: Range | None = None
    if price := provider.prices(spec):
        low_cost, high_cost = (
            asked * price[0] + answered * price[1]
            for asked, answered in zip(prompts, replies, strict=True)
        )
        cost = low_cost, high_cost
    return Line(use.role, model, calls, prompts, replies, cost, tokens_by)


def _completion_tokens(spec: ModelSpec, mean: float) -> Range:
    """Return the tokens of one completion, reasoning included."""
    thought = REASONING if provider_of(spec.name).reasons(spec) else (0, 0)
    low, high = mean + thought[0], max(mean * WORDINESS, LEAST_HIGH) + thought[1]
    if spec.max_tokens is not None:
        return min(low, spec.max_tokens), float(spec.max_tokens)
    return low, high


def _tokenizer(use: Use) -> tuple[float, str]:
    """Return by how much the model's tokens are more than four characters' each, and whence."""
    count = provider_of(use.spec.name).tokenizer(use.spec)
    if count is None or not use.sampled:
        return 1.0, BY_CHARACTERS
    tokens = sum(count(messages, reply) for messages, reply in use.samples)
    return tokens / use.sampled, "the model's tokenizer"


def _assumptions(config: RunConfig, cast: Cast, lines: list[Line]) -> list[str]:
    """Say what the ranges rest on."""
    specs = [use.spec for use in cast.uses.values() if not provider_of(use.spec.name).is_free]
    hosted = {cast.label(spec): spec for spec in specs}
    if not hosted:
        return ["every model is scripted: the run is free, and these are its very calls"]
    roles = {use.role for use in cast.uses.values() if not provider_of(use.spec.name).is_free}
    minds = {cast.substitute(role).name for role in roles}
    open_ended = sorted(name for name, spec in hosted.items() if spec.max_tokens is None)
    thinking = sorted(name for name, spec in hosted.items() if provider_of(spec.name).reasons(spec))
    unpriced = sorted({line.model for line in lines if line.cost is None})
    said = [
        f"calls: counted in one play with {', '.join(sorted(minds))}; where their number depends "
        "on what is said, it will differ; high: as many as the scenario makes at most, where it "
        f"says so, and {REPEATED:.0%} repeated for unreadable replies",
        f"prompts: those of that play; high: {QUOTATION - 1:.0%} longer, as they may quote longer "
        "replies, and an agent's own remembered replies as long as assumed below",
        "replies: low: as long as the scripted mind's; high: max_tokens where it is set",
    ]
    if open_ended:
        said.append(
            f"no max_tokens for {', '.join(open_ended)}: high is {WORDINESS:g} times the mind's "
            f"reply, {LEAST_HIGH} tokens at least"
        )
    if thinking:
        said.append(
            f"{', '.join(thinking)} reasons before it replies: {REASONING[0]:,} to "
            f"{REASONING[1]:,} more tokens per call (within max_tokens where that is set)"
        )
    roughly = sorted({line.model for line in lines if line.tokens_by == BY_CHARACTERS} & {*hosted})
    if roughly:
        said.append(f"tokens of {', '.join(roughly)}: 4 characters each (no tokenizer offline)")
    said.append("prices: LiteLLM's own table, or the model's options; no discount for caching")
    if unpriced:
        said.append(f"{', '.join(unpriced)} has no known price: its cost is in no sum")
    if config.limits.max_cost_usd is not None:
        said.append(f"limits.max_cost_usd pauses the run at ${config.limits.max_cost_usd:g}")
    return said
