"""Estimates: calls, tokens and cost of a run before anything is spent, as ranges.

The scenario is played in memory with a scripted mind in place of every hosted model. That counts
the calls and measures the prompts; how long a hosted model's replies are cannot be known, and is
assumed, in the open.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from societies.agents.models.base import ModelSpec
from societies.agents.models.scripted import CHARACTERS_PER_TOKEN
from societies.agents.models.window import estimate_tokens
from societies.calls.provider import provider_of
from societies.config.schema import RunConfig
from societies.errors import InputError
from societies.execute.play import Cast, Use, play, play_longest
from societies.runs.results import CAUTIOUS_UNREADABLE
from societies.scenario import Scenario

UNREADABLE = CAUTIOUS_UNREADABLE
"""High end: the share of replies that cannot be read, so that they are asked for again."""
REPEATS = 2
"""High end: earlier replies, each with a request to repeat it, in the prompt of a repeated call."""
REPAIR = 60
"""High end: tokens of such a request."""
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
    unreadable: float
    """The share of hosted models' replies that cannot be read, up to which the high ends hold."""

    @property
    def cost(self) -> Range:
        """US dollars over the models that have a known price."""
        costs = [line.cost for line in self.lines if line.cost is not None]
        return sum(cost[0] for cost in costs), sum(cost[1] for cost in costs)

    @property
    def unpriced(self) -> list[str]:
        """The models without a known price, whose cost is in no sum."""
        return list(dict.fromkeys(line.model for line in self.lines if line.cost is None))


def estimate(config: RunConfig, scenario: Scenario, unreadable: float = UNREADABLE) -> Estimate:
    """Estimate what a run will take.

    Args:
        config: the run's configuration, the first of what `societies.load` returns.
        scenario: its scenario, the second.
        unreadable: the share of hosted models' replies that cannot be read, from 0 to below 1, up
            to which the high ends hold.

    Raises:
        InputError: the scenario cannot be played with scripted minds, or that is no such share.
    """
    if not 0 <= unreadable < 1:
        raise InputError(f"a share of unreadable replies is from 0 to below 1, not {unreadable:g}")
    cast = play(config, scenario)
    longest = play_longest(config, scenario) if cast.hosted else []
    asked = {key: use for each in (cast, *longest) for key, use in each.uses.items()}
    lines = [
        _line(
            cast.label(use.spec),
            unreadable,
            *(each.use(use.spec, use.role) for each in (cast, *longest)),
        )
        for use in asked.values()
    ]
    said = _assumptions(config, cast, longest, lines, unreadable)
    return Estimate(lines, said, unreadable)


def _line(model: str, unreadable: float, use: Use, *longest: Use) -> Line:
    """Return what is expected of a model in a role: from the play of it, to the longest ones.

    An answer ends with the first reply that can be read. So there are at most as many readable
    replies as answers, and as many calls as answers over the share that is readable.
    """
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
    calls = float(use.calls), float(math.ceil(round(most / (1 - unreadable), 6)))
    asked = max(each.prompt_tokens - each.remembered for each in plays) * scale
    remembered = max(each.remembered for each in plays) * scale
    longer = max(1.0, high / mean) if mean else 1.0
    once = asked * QUOTATION + remembered * longer
    again = (calls[1] - most) * (once / most + REPEATS * (high + REPAIR))
    prompts = use.prompt_tokens * scale, once + again
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
    config: RunConfig,
    cast: Cast,
    longest: Sequence[Cast],
    lines: list[Line],
    unreadable: float,
) -> list[str]:
    """Say what the ranges rest on."""
    if not cast.hosted:
        return ["every model is scripted: the run is free, and these are its very calls"]
    hosted = {cast.label(use.spec): use.spec for use in cast.hosted}
    open_ended = sorted(name for name, spec in hosted.items() if spec.max_tokens is None)
    unpriced = sorted(
        name for name, spec in hosted.items() if provider_of(spec.name).prices(spec) is None
    )
    said = [
        f"calls: counted in one play with {_minds(cast)}; where their number depends on what is "
        f"said, it will differ; high: {_at_most(longest)}holds as long as no more than "
        f"{unreadable:.0%} of a model's replies are unreadable, so that they are asked for again "
        "(--unreadable SHARE foresees another share)",
        f"prompts: those of that play; high: {QUOTATION - 1:.0%} longer, as they may quote longer "
        "replies, an agent's own remembered replies as long as assumed below, and what is asked "
        "again behind the replies that could not be read",
        "replies: low: as long as the scripted mind's; high: max_tokens where it is set",
    ]
    if open_ended:
        said.append(
            f"no max_tokens for {', '.join(open_ended)}: high is {WORDINESS:g} times the mind's "
            f"reply, {LEAST_HIGH} tokens at least"
        )
    said += _reasoning(hosted)
    said += _windows(cast, longest)
    roughly = sorted({line.model for line in lines if line.tokens_by == BY_CHARACTERS} & {*hosted})
    if roughly:
        said.append(f"tokens of {', '.join(roughly)}: 4 characters each (no tokenizer offline)")
    said.append("prices: LiteLLM's own table, or the model's options; no discount for caching")
    if unpriced:
        said.append(f"{', '.join(unpriced)} has no known price: its cost is in no sum")
    if config.limits.max_cost_usd is not None:
        said.append(f"limits.max_cost_usd pauses the run at ${config.limits.max_cost_usd:g}")
    return said


def _reasoning(hosted: Mapping[str, ModelSpec]) -> list[str]:
    """Say which models reason before they reply, and may come to no reply."""
    thinking = sorted(name for name, spec in hosted.items() if provider_of(spec.name).reasons(spec))
    if not thinking:
        return []
    said = [
        f"{', '.join(thinking)} reasons before it replies: {REASONING[0]:,} to "
        f"{REASONING[1]:,} more tokens per call (within max_tokens where that is set)"
    ]
    for name in thinking:
        most = hosted[name].max_tokens
        if most is not None and most <= REASONING[1]:
            said.append(
                f"{name} may spend all of max_tokens ({most:,}) on reasoning, and reply nothing: "
                "that is paid for, and unreadable"
            )
    return said


def _windows(cast: Cast, longest: Sequence[Cast]) -> list[str]:
    """Say which models' windows are too small for prompts of the plays, or nearly so."""
    uses = [use for each in (cast, *longest) for use in each.hosted]
    return list(dict.fromkeys(filter(None, (_window(cast.label(use.spec), use) for use in uses))))


def _window(model: str, use: Use) -> str:
    """Say that a model's window is too small, or nearly so; nothing if it is not."""
    window = provider_of(use.spec.name).window(use.spec)
    if window is None:
        return ""
    if use.dropping:
        return f"{use.dropping:,} of {use.calls:,} prompts of {model} leave out oldest exchanges"
    tokens = estimate_tokens(use.longest)
    if tokens * QUOTATION <= window.room:
        return ""
    verb = "outgrow" if tokens > window.room else "may outgrow"
    return (
        f"prompts of {model} {verb} its window: the longest of the play has {tokens:,} tokens "
        f"(estimated), and there is room for {window.room:,} of {window.tokens:,} "
        f"({window.told_by}); such a call stops the run before it is sent"
    )


def _minds(cast: Cast) -> str:
    """Name the minds that played hosted models."""
    return ", ".join(sorted({cast.substitute(use.role).name for use in cast.hosted}))


def _at_most(longest: Sequence[Cast]) -> str:
    """Say whose plays the most calls are taken from."""
    minds = ", ".join(sorted({_minds(cast) for cast in longest}))
    return f"as many as in a play that {minds} makes as long as it can, and " if minds else ""
