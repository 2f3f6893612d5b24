"""Dry plays: a run played in memory with a scripted mind in place of every hosted model.

This is the one way in which calls are foretold: a scenario does not say how many it makes.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from societies.agents.errors import SocietyError
from societies.agents.models.base import (
    Completion,
    LanguageModel,
    Message,
    ModelSpec,
    Request,
    RunModel,
)
from societies.agents.models.scripted import CHARACTERS_PER_TOKEN
from societies.calls.provider import provider_of
from societies.config.schema import RunConfig
from societies.errors import InputError, RunInterruptedError
from societies.execute.run import release
from societies.imports import told
from societies.loading.load import load
from societies.record.log import RunLog
from societies.scenario import Scenario
from societies.society import Society, load_society

SAMPLES = 100
"""Calls of each model and role whose texts are kept, so that their tokens can be counted."""

Substitute = Callable[[str], ModelSpec]
"""Which scripted mind stands in for a hosted model in a role."""


@dataclass(slots=True)
class Use:
    """What one model was asked in one role while the scenario was played.

    Tokens are those of scripted models: four characters each.
    """

    spec: ModelSpec
    role: str
    calls: int = 0
    answers: int = 0
    """What was asked, however many calls an answer took."""
    dropping: int = 0
    """Calls whose prompts leave out what has no room in the model's window."""
    longest: tuple[Message, ...] = ()
    """The longest prompt."""
    longest_size: int = 0
    """Its characters."""
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
        self.answers += request.attempt == 1
        self.dropping += request.dropped > 0
        size = sum(len(message.content) for message in request.messages)
        if size > self.longest_size:
            self.longest, self.longest_size = request.messages, size
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
    """Who plays whom in a dry play, and what each was asked.

    Args:
        config: the run's configuration.
        scenario: its scenario.
        substitute: which scripted mind stands in for a hosted model in a role.
    """

    def __init__(self, config: RunConfig, scenario: Scenario, substitute: Substitute) -> None:
        self.roles: Mapping[str, str] = {}
        """The role of every agent, by name."""
        self.label: Callable[[ModelSpec], str] = lambda spec: spec.name
        """What a model is called, so that its variants are told apart."""
        self.uses: dict[tuple[str, str], Use] = {}
        """What each model was asked in each role, by its fingerprint and the role."""
        self.substitute = substitute
        self.config = config
        self.scenario = scenario
        self._minds: dict[tuple[str, str], LanguageModel] = {}

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return sum(use.calls for use in self.uses.values())

    @property
    def answers(self) -> int:
        """How many answers there were, whatever calls they took."""
        return sum(use.answers for use in self.uses.values())

    @property
    def hosted(self) -> list[Use]:
        """The uses of models that somebody played."""
        return [use for use in self.uses.values() if not provider_of(use.spec.name).is_free]

    def mind(self, spec: ModelSpec, role: str) -> LanguageModel:
        """Return what answers for `spec` in a role: itself if it is free; without latency."""
        place = spec.fingerprint, role
        if place not in self._minds:
            played = spec if provider_of(spec.name).is_free else self.substitute(role)
            if "latency" in played.options:
                at_once = {**played.options, "latency": 0.0}
                played = played.model_copy(update={"options": at_once})
            provider = provider_of(played.name)
            self._minds[place] = provider.open(played, self.config, self.scenario)
        return self._minds[place]

    def use(self, spec: ModelSpec, role: str) -> Use:
        """Return the count of a model in a role."""
        return self.uses.setdefault((spec.fingerprint, role), Use(spec, role))


def play(config: RunConfig, scenario: Scenario) -> Cast:
    """Play a run with the minds of the scenario's `demo.yaml` in place of hosted models.

    Raises:
        InputError: it cannot be played with scripted minds.
    """
    return _played(Cast(config, scenario, _demo_model(scenario)))


def play_longest(config: RunConfig, scenario: Scenario) -> list[Cast]:
    """Play a run once with each mind that says how it lasts longest (`Mind.longest`).

    Raises:
        InputError: such a mind cannot play it.
    """
    models = [
        RunModel(name=f"scripted/{name}", options=dict(mind.longest))
        for name, mind in scenario.minds.items()
        if mind.longest is not None
    ]
    return [_played(Cast(config, scenario, model.of)) for model in models]


def _played(cast: Cast) -> Cast:
    """Let a cast play to the end, and return it."""
    with _society(cast) as society:
        try:
            society.run()
        except RunInterruptedError:
            raise
        except SocietyError as error:
            raise InputError(f"the scenario cannot be played beforehand: {error}") from error
    return cast


def count_answers(config: RunConfig, scenario: Scenario, seconds: float) -> int | None:
    """Return how many answers a dry play has; None if it takes too long, or cannot be played.

    An answer that is asked for again is one answer, however many calls it takes.

    Raises:
        RunInterruptedError: it was stopped from the keyboard.
    """
    try:
        cast = Cast(config, scenario, _demo_model(scenario))
        with _society(cast, max_seconds=seconds) as society:
            society.run()
    except RunInterruptedError:
        if society.halt.limit is None:
            raise
        return None
    except SocietyError:
        return None
    return cast.answers


@contextmanager
def _society(cast: Cast, max_seconds: float | None = None) -> Iterator[Society]:
    """Make the society that a cast plays, and let go of it afterwards."""
    kind, config = load_society(cast.scenario), _unlimited(cast.config, max_seconds)
    with tempfile.TemporaryDirectory(prefix="societies-") as folder:
        log = RunLog(Path(folder) / "log", config.name, kind.records)
        with told(cast.scenario.folder):
            society = kind(config, log=log, open_model=lambda spec: StandIn(spec, cast))
        cast.roles, cast.label = society.roles, society.label
        try:
            yield society
        finally:
            release(society)


def _unlimited(config: RunConfig, max_seconds: float | None) -> RunConfig:
    """Return a configuration as minds can play it: without limits, answering in words only."""
    data = _in_words(config.model_dump(mode="json"))
    limits = {"max_defaulted_share": None, "max_invalid_share": None, "max_seconds": max_seconds}
    return type(config).model_validate({**data, "limits": limits})


def _in_words(value: Any) -> Any:
    """Return a part of a configuration in which no model answers by a JSON schema."""
    if isinstance(value, dict):
        return {
            key: "never" if key.rpartition(".")[2] == "structured" else _in_words(item)
            for key, item in value.items()
        }
    return [_in_words(item) for item in value] if isinstance(value, list) else value


def _demo_model(scenario: Scenario) -> Substitute:
    """Return which scripted mind a scenario's demo has in a role.

    Raises:
        InputError: the scenario has no scripted minds.
    """
    demo = scenario.folder / "demo.yaml"
    if demo.is_file():
        model = load(demo)[0].model
        if all(provider_of(spec.name).is_free for spec in (model, *model.roles.values())):
            return model.of
    if not scenario.minds:
        raise InputError(f"{scenario.name} has no scripted minds, with which to play it beforehand")
    first = ModelSpec(name=f"scripted/{next(iter(scenario.minds))}")
    return lambda _: first
