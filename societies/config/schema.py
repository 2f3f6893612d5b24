"""The configuration of a run: what a scenario YAML may say."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from societies.agents.instruments import files
from societies.agents.instruments.instrument import Instrument, OpenInstrument, RatedItem
from societies.agents.models.base import ModelSpec, RunModel, labels
from societies.agents.population import Population, PopulationSpec
from societies.agents.strict import Strict
from societies.config.interventions import Intervention
from societies.config.limits import Limits
from societies.config.probes import Probe
from societies.config.values import set_value


class Protocol(Strict):
    """Base of a scenario's protocol parameters: its rules, sizes and variants."""


class LogSpec(Strict):
    """How the run log is written."""

    segment_rows: int = Field(default=20_000, ge=1)
    """Rows of one table that are kept in memory before they are written as a Parquet segment."""


class RunConfig(Strict):
    """Everything that decides a run. The resolved file in a run's directory reruns it."""

    scenario: str
    """Name of the scenario (`societies list` shows them), or the path of its folder."""
    name: str = Field(default="", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^$", max_length=100)
    """Name of the run; that of the scenario and the file (`donor_game-demo`) when absent."""
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

    def draw(self) -> Population:
        """Return the population from its first person on, none of whom is drawn yet."""
        return Population(self.population, self.model, self.seed)

    def labels(self) -> dict[str, str]:
        """Return what the models are called in tables, by fingerprint; see `labels`."""
        return labels(spec for stage in self.stages() for _, spec in stage.models())

    def instrument(self, name: str) -> Any:
        """Return an instrument by name: one of the file's own, or a shipped one."""
        return self.instruments[name] if name in self.instruments else files.shipped(name)

    def questions_of(self, probe: Probe) -> Any:
        """Return the instrument of a probe; open questions make one of their own."""
        if probe.instrument:
            return self.instrument(probe.instrument)
        items = [RatedItem(id=f"q{n}", text=text) for n, text in enumerate(probe.ask, start=1)]
        return OpenInstrument(kind="open", items=items)

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
        data: dict[str, Any] = self.model_dump(mode="json")
        for key, value in sets.items():
            set_value(data, key, value, f"set {key}")
        return data

    def stages(self) -> "list[Self]":
        """Return this configuration, and what each intervention in turn makes of it."""
        stages = [self]
        for change in self.interventions:
            stages.append(stages[-1].with_values(change.set) if change.set else stages[-1])
        return stages
