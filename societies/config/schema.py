"""The configuration of a run: what a scenario YAML may say."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from societies.agents.instruments import files
from societies.agents.instruments.instrument import Instrument
from societies.agents.models.base import ModelSpec, RunModel, labels
from societies.agents.population import PopulationSpec
from societies.agents.strict import Strict
from societies.config.interventions import Intervention
from societies.hooks.probes import Probe


class Protocol(Strict):
    """Base of a scenario's protocol parameters: its rules, sizes and variants."""


class Limits(Strict):
    """How hard models may be driven, and what a run may use in all.

    A limit of the second kind that is reached pauses the run: it can be resumed with a raised one.
    Two runs in one process share the first kind per model; the lower of their limits applies.
    """

    in_flight: int = Field(default=64, ge=1)
    """Calls under way at once, per model; a hosted model that is overloaded is given fewer."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Per hosted model."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Per hosted model, prompt and completion together."""
    retries: int = Field(default=5, ge=0)
    """How often a request is sent again after a failure that can pass (overload, time-out)."""
    backoff: float = Field(default=1.0, gt=0)
    """Seconds before a failed request is sent again: doubled each time, jittered, at most 60."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds after which one request, with the whole of its reply, is given up and sent again; a
    model may set its own."""
    max_outage_seconds: float = Field(default=300.0, ge=0)
    """How long a server that has answered before, and now refuses or resets connections, is waited
    for; retries are not counted meanwhile."""
    max_cost_usd: float | None = Field(default=None, gt=0)
    max_calls: int | None = Field(default=None, ge=1)
    max_tokens_total: int | None = Field(default=None, ge=1)
    """Prompt and completion together."""
    max_seconds: float | None = Field(default=None, gt=0)
    """Of one execution, from the first call that is not in the journal; a resumed run has them
    anew."""
    max_defaulted_share: float | None = Field(default=0.25, gt=0, le=1)
    """Part of the answers of hosted models that may be defaulted, from the 50th answer on."""
    max_invalid_share: float | None = Field(default=0.75, gt=0, le=1)
    """Part of the answers of hosted models whose first reply may be unreadable, likewise."""

    @property
    def is_budgeted(self) -> bool:
        """Whether calls, tokens or cost are limited in all."""
        limits = (self.max_cost_usd, self.max_calls, self.max_tokens_total)
        return any(limit is not None for limit in limits)


class LogSpec(Strict):
    """How the run log is written."""

    segment_rows: int = Field(default=20_000, ge=1)
    """Rows of one table that are kept in memory before they are written as a Parquet segment."""


class RunConfig(Strict):
    """Everything that decides a run. The resolved file in a run's directory reruns it."""

    scenario: str
    """Name of the scenario; `societies list` shows them."""
    name: str = Field(default="", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^$", max_length=100)
    """Name of the run; the file's name when absent."""
    seed: int = Field(default=0, ge=0)
    model: RunModel
    """The language model of everybody who has none of their own."""
    population: PopulationSpec
    protocol: Any
    """The scenario's own parameters."""
    prompts: dict[str, str] = Field(default_factory=dict)
    """Prompt templates to use instead of the shipped ones: name to file (*.j2) or to the text."""
    interventions: list[Intervention] = Field(default_factory=list)
    """What changes while the run is under way, each at a scope."""
    instruments: dict[str, Instrument] = Field(default_factory=dict)
    """Questionnaires of one's own, by name: a file (YAML, text, CSV, JSON, Parquet) or the text."""
    probes: list[Probe] = Field(default_factory=list)
    """Instruments and open questions that are asked without disturbing the scenario."""
    limits: Limits = Limits()
    log: LogSpec = LogSpec()

    def models(self) -> list[tuple[tuple[str | int, ...], ModelSpec]]:
        """Return every model specification with its place in the configuration."""
        own: list[tuple[tuple[str | int, ...], ModelSpec]] = [
            (("population", kind, position, "model"), holder.model)
            for kind in ("groups", "people")
            for position, holder in enumerate(getattr(self.population, kind))
            if holder.model is not None
        ]
        for position, share in enumerate(self.population.models):
            own.append((("population", "models", position), share.spec()))
        roles = [(("model", "roles", role), spec) for role, spec in self.model.roles.items()]
        changed = [
            (("interventions", number, "model"), change.model.spec())
            for number, change in enumerate(self.interventions)
            if change.model is not None
        ]
        return [(("model",), self.model), *roles, *own, *changed]

    def labels(self) -> dict[str, str]:
        """Return what the models are called in tables, by fingerprint; see `labels`."""
        return labels(spec for stage in self.stages() for _, spec in stage.models())

    def instrument(self, name: str) -> Any:
        """Return an instrument by name: one of the file's own, or a shipped one."""
        return self.instruments[name] if name in self.instruments else files.shipped(name)

    def with_values(self, sets: Mapping[str, Any]) -> Self:
        """Return this configuration with values set over it, by dotted key.

        Raises:
            InputError: a key leads nowhere.
            pydantic.ValidationError: a value is not valid.
        """
        return type(self).model_validate(self.data_with(sets))

    def data_with(self, sets: Mapping[str, Any]) -> dict[str, Any]:
        """Return this configuration as data, with values set over it by dotted key.

        Raises:
            InputError: a key leads nowhere.
        """
        from societies.loading.source import Source

        source = Source(self.model_dump(mode="json"))
        for key, value in sets.items():
            source.set(key, value, f"set {key}")
        return source.data

    def stages(self) -> "list[Self]":
        """Return this configuration, and what each intervention in turn makes of it."""
        stages = [self]
        for change in self.interventions:
            stages.append(stages[-1].with_values(change.set) if change.set else stages[-1])
        return stages
