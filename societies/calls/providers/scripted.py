"""Scripted minds: a scenario's policies that answer offline, at once and for nothing."""

from societies.agents.models.base import ModelSpec
from societies.agents.models.scripted import Mind, ScriptedModel, open_mind
from societies.calls.provider import Price, Provider
from societies.calls.throttle import Throttle
from societies.config.limits import Limits
from societies.config.schema import RunConfig
from societies.scenario import Scenario
from societies.words import nearest


class Scripted(Provider):
    """`scripted/<mind>`: a mind of the run's scenario."""

    is_free = True
    reports_itself = True
    answers_count = False

    def open(self, spec: ModelSpec, config: RunConfig, scenario: Scenario) -> ScriptedModel:
        """Return the mind, with the streams of the run's seed."""
        return ScriptedModel(spec, open_mind(spec, scenario.minds), config.seed)

    def problem(self, spec: ModelSpec, scenario: Scenario) -> str | None:
        """Return that the scenario has no such mind."""
        names = [f"scripted/{name}" for name in scenario.minds]
        return None if spec.name in names else f"no such mind{nearest(spec.name, names)}"

    def options(self, spec: ModelSpec, scenario: Scenario) -> type[Mind]:
        """Return the mind's class: its fields are the options."""
        return scenario.minds[spec.name.removeprefix("scripted/")]

    def prices(self, spec: ModelSpec) -> Price:  # noqa: ARG002
        """Return that it is free."""
        return 0.0, 0.0

    def throttle(self, spec: ModelSpec, limits: Limits, user: object) -> Throttle:  # noqa: ARG002
        """Return a throttle of the run's own: minds cannot be overloaded."""
        throttle = Throttle(adaptive=False)
        throttle.attach(user, limits)
        return throttle

    def takes_schema(self, spec: ModelSpec) -> bool:  # noqa: ARG002
        """Return False: a mind answers in the format that the prompt words."""
        return False


PROVIDER = Scripted()
