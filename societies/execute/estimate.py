"""Estimates: calls, tokens and cost of a run before anything is spent, as ranges.

The scenario is played in memory with a scripted mind in place of every hosted model. That counts
the calls and measures the prompts; how long a hosted model's replies are cannot be known, and is
assumed, in the open.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from societies.agents.models.base import ModelSpec
from societies.agents.models.scripted import CHARACTERS_PER_TOKEN
from societies.calls.provider import provider_of
from societies.config.schema import RunConfig
from societies.execute.play import Cast, Use, play, play_longest
from societies.scenario import Scenario

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


def estimate(config: RunConfig, scenario: Scenario) -> Estimate:
    """Estimate what a run will take.

    Args:
        config: the run's configuration, the first of what `societies.load` returns.
        scenario: its scenario, the second.

    Raises:
        InputError: the scenario cannot be played with scripted minds.
    """
    cast = play(config, scenario)
    longest = play_longest(config, scenario) if cast.hosted else []
    asked = {key: use for each in (cast, *longest) for key, use in each.uses.items()}
    lines = [
        _line(cast.label(use.spec), *(each.use(use.spec, use.role) for each in (cast, *longest)))
        for use in asked.values()
    ]
    return Estimate(lines, _assumptions(config, cast, longest, lines))


def _line(model: str, use: Use, *longest: Use) -> Line:
    """Return what is expected of a model in a role: from the play of it, to the longest ones."""
    spec, plays = use.spec, (use, *longest)
    most = max(each.calls for each in plays)
    if provider_of(spec.name).is_free:
        calls = float(use.calls), float(most)
        prompts = float(use.prompt_tokens), float(max(each.prompt_tokens for each in plays))
        replies = float(use.completion_tokens), float(max(each.completion_tokens for each in plays))
        return Line(use.role, model, calls, prompts, replies, (0.0, 0.0), BY_CHARACTERS)
    example = use if use.calls else max(longest, key=lambda each: each.calls)
    scale, tokens_by = _tokenizer(example)
    mean = example.completion_tokens * scale / example.calls
    low, high = _completion_tokens(spec, mean)
    calls = float(use.calls), float(math.ceil(most * (1 + REPEATED)))
    asked = max(each.prompt_tokens - each.remembered for each in plays) * scale
    remembered = max(each.remembered for each in plays) * scale
    longer = max(1.0, high / mean) if mean else 1.0
    prompts = (
        use.prompt_tokens * scale,
        (asked * QUOTATION + remembered * longer) * (1 + REPEATED),
    )
    replies = low * calls[0], high * calls[1]
    return Line(use.role, model, calls, prompts, replies, _cost(spec, prompts, replies), tokens_by)


def _cost(spec: ModelSpec, prompts: Range, replies: Range) -> Range | None:
    """Return what tokens cost, in US dollars; None if the model has no known price."""
    price = provider_of(spec.name).prices(spec)
    if price is None:
        return None
    low, high = (
        asked * price[0] + answered * price[1]
        for asked, answered in zip(prompts, replies, strict=True)
    )
    return low, high


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


def _assumptions(
    config: RunConfig, cast: Cast, longest: Sequence[Cast], lines: list[Line]
) -> list[str]:
    """Say what the ranges rest on."""
    if not cast.hosted:
        return ["every model is scripted: the run is free, and these are its very calls"]
    hosted = {cast.label(use.spec): use.spec for use in cast.hosted}
    open_ended = sorted(name for name, spec in hosted.items() if spec.max_tokens is None)
    thinking = sorted(name for name, spec in hosted.items() if provider_of(spec.name).reasons(spec))
    unpriced = sorted(
        name for name, spec in hosted.items() if provider_of(spec.name).prices(spec) is None
    )
    said = [
        f"calls: counted in one play with {_minds(cast)}; where their number depends on what is "
        f"said, it will differ; high: {_at_most(longest)}{REPEATED:.0%} repeated for unreadable "
        "replies",
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


def _minds(cast: Cast) -> str:
    """Name the minds that played hosted models."""
    return ", ".join(sorted({cast.substitute(use.role).name for use in cast.hosted}))


def _at_most(longest: Sequence[Cast]) -> str:
    """Say whose plays the most calls are taken from."""
    minds = ", ".join(sorted({_minds(cast) for cast in longest}))
    return f"as many as in a play that {minds} makes as long as it can, and " if minds else ""
