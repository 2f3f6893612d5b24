"""Which language model a specification stands for."""

from societies.agents.errors import ModelError
from societies.agents.models.base import LanguageModel, ModelSpec
from societies.agents.models.scripted import ScriptedModel, open_mind
from societies.config.schema import RunConfig
from societies.scenario import Scenario


def open_model(spec: ModelSpec, config: RunConfig, scenario: Scenario) -> LanguageModel:
    """Return the language model of `spec`, ready to be asked."""
    if spec.is_scripted:
        return ScriptedModel(spec, open_mind(spec, scenario.minds), config.seed)
    from societies.agents.models.hosted import HostedModel

    return HostedModel(spec, config.limits.timeout)


def check_access(config: RunConfig) -> None:
    """Check that every hosted model of a run can be reached as far as keys go.

    Raises:
        ModelError: a provider is unknown, or its key is not in the environment.
    """
    hosted = {spec.access: spec for _, spec in config.models() if not spec.is_scripted}
    if hosted:
        from societies.agents.models import hosted as access

        for spec in hosted.values():
            access.check_access(spec)
            if config.limits.max_cost_usd is not None and access.prices(spec) is None:
                raise ModelError(
                    f"limits.max_cost_usd cannot be kept: model {spec.name!r} has no known "
                    "price; set options.input_cost_per_token and output_cost_per_token (US "
                    "dollars), or limit max_tokens_total instead"
                )
