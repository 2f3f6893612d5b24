"""Hosted models and servers of one's own, through LiteLLM."""

from societies.agents.models import hosted
from societies.agents.models.base import ModelSpec
from societies.agents.models.window import CountTokens, Window
from societies.calls.provider import Price, Provider
from societies.calls.throttle import Throttle, attach_shared
from societies.config.limits import Limits
from societies.config.schema import RunConfig
from societies.scenario import Scenario


class Hosted(Provider):
    """Whatever LiteLLM reaches by the model's name."""

    def open(self, spec: ModelSpec, config: RunConfig, scenario: Scenario) -> hosted.HostedModel:  # noqa: ARG002
        """Return the model behind its interface."""
        return hosted.HostedModel(spec, config.limits.timeout)

    def check_access(self, spec: ModelSpec) -> None:
        """Check that LiteLLM knows the provider, and that its key is in the environment."""
        hosted.check_access(spec)

    def prices(self, spec: ModelSpec) -> Price | None:
        """Return the prices of LiteLLM's own table, or those of the options."""
        return hosted.prices(spec)

    def throttle(self, spec: ModelSpec, limits: Limits, user: object) -> Throttle:
        """Return the way to the server that all runs of the process share."""
        return attach_shared(spec.name, spec.api_base, user, limits)

    def takes_schema(self, spec: ModelSpec) -> bool:
        """Whether it is to answer by schema: as configured, or as LiteLLM knows it."""
        if spec.structured == "supported":
            return hosted.supports_schema(spec)
        return super().takes_schema(spec)

    def tokenizer(self, spec: ModelSpec) -> CountTokens | None:
        """Return the model's own tokenizer, if LiteLLM has it offline."""
        return hosted.tokenizer(spec)

    def window(self, spec: ModelSpec) -> Window | None:
        """Return the window that is configured, or that LiteLLM knows."""
        return hosted.window(spec)

    def reasons(self, spec: ModelSpec) -> bool:
        """Whether LiteLLM knows the model as one that thinks before it replies."""
        return bool(hosted.known(spec).get("supports_reasoning"))


PROVIDER = Hosted()
