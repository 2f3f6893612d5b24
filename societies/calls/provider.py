"""Providers: all that differs between kinds of language models; nothing else asks for the kind.

A provider is found by the prefix of the model's name: a file of `providers/` (`scripted/random` is
`scripted.py`'s), or an entry point of another package in the group `societies.providers`. Whatever
has no provider of its own is a hosted model, by the names that LiteLLM gives them.
"""

import re
from abc import ABC, abstractmethod
from functools import cache
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel

from societies.agents.errors import ModelError
from societies.agents.models.base import LanguageModel, ModelSpec
from societies.agents.models.window import CountTokens, Window
from societies.calls.throttle import Throttle
from societies.config.limits import Limits
from societies.config.schema import RunConfig
from societies.errors import InputError
from societies.scenario import Scenario

FOLDER = Path(__file__).parent / "providers"
ENTRY_POINTS = "societies.providers"

Price = tuple[float, float]
"""US dollars per prompt token and per completion token."""


class Provider(ABC):
    """One kind of language models; what a kind does not say is as hosted models have it."""

    is_free = False
    """Whether asking takes neither money nor time: an estimate asks the model itself, and the
    conformance kit some ten thousand times."""
    reports_itself = False
    """Whether a completion says by itself what it took. Otherwise attempts and seconds are
    measured, and a limit that a silent server leaves unkept stops the run."""
    answers_count = True
    """Whether its answers count for `limits.max_defaulted_share` and `max_invalid_share`."""
    is_trainable = False
    """Whether its weights can be trained here."""

    @abstractmethod
    def open(self, spec: ModelSpec, config: RunConfig, scenario: Scenario) -> LanguageModel:
        """Return the language model, ready to be asked.

        Raises:
            ModelError: it cannot be opened.
        """

    def problem(self, spec: ModelSpec, scenario: Scenario) -> str | None:  # noqa: ARG002
        """Return what is wrong with the model's name, when a file is loaded."""
        return None

    def options(self, spec: ModelSpec, scenario: Scenario) -> type[BaseModel] | None:  # noqa: ARG002
        """Return the type of the model's options, by which a file is checked; None takes any."""
        return None

    def check_access(self, spec: ModelSpec) -> None:  # noqa: B027 - most kinds need nothing
        """Check, before a run and without asking it, that the model can be reached.

        Raises:
            ModelError: it cannot.
        """

    @abstractmethod
    def prices(self, spec: ModelSpec) -> Price | None:
        """Return the model's prices; None: no price is known, which is not the same as free."""

    @abstractmethod
    def throttle(self, spec: ModelSpec, limits: Limits, user: object) -> Throttle | None:
        """Return the way to the model for one run (`user`); None lets everything pass at once.

        Runs of one process share the throttle of a server (`attach_shared`).
        """

    def takes_schema(self, spec: ModelSpec) -> bool:
        """Whether the model is to answer by JSON schema (`structured` says what is asked for)."""
        return spec.structured == "always"

    def tokenizer(self, spec: ModelSpec) -> CountTokens | None:  # noqa: ARG002
        """Return what counts the model's tokens offline; None: four characters are taken for one.

        It is for estimates: a completion says itself how many it took.
        """
        return None

    def window(self, spec: ModelSpec) -> Window | None:
        """Return how much the model takes in at once; None: it is not known."""
        return Window.of(spec)

    def reasons(self, spec: ModelSpec) -> bool:  # noqa: ARG002
        """Whether the model is known to think before it replies, which is paid for."""
        return False


@cache
def provider_of(model: str) -> Provider:
    """Return the provider of a model by its name.

    Raises:
        InputError: another package declares a provider that cannot be had.
    """
    before, slash, _ = model.partition("/")
    prefix = before if slash else "hosted"
    if re.fullmatch(r"[a-z][a-z0-9_]*", prefix) and (FOLDER / f"{prefix}.py").is_file():
        return _built_in(prefix)
    return _installed(prefix) or _built_in("hosted")


def _built_in(kind: str) -> Provider:
    provider: Provider = import_module(f"societies.calls.providers.{kind}").PROVIDER
    return provider


def _installed(prefix: str) -> Provider | None:
    """Return the provider that another package brings for a prefix, if one does."""
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=prefix):
        found = point.load()
        if not isinstance(found, Provider):
            raise InputError(
                f"entry point {prefix!r} of group {ENTRY_POINTS} should name a Provider, and names "
                f"{point.value}: {found!r}"
            )
        return found
    return None


def check_access(config: RunConfig) -> None:
    """Check that every model of a run can be reached, and priced if its cost is limited.

    Raises:
        ModelError: one cannot: an unknown provider, say, or no key in the environment.
    """
    for spec in {spec.access: spec for _, spec in config.models()}.values():
        provider = provider_of(spec.name)
        provider.check_access(spec)
        if config.limits.max_cost_usd is not None and provider.prices(spec) is None:
            raise ModelError(
                f"limits.max_cost_usd cannot be kept: model {spec.name!r} has no known "
                "price; set options.input_cost_per_token and output_cost_per_token (US "
                "dollars), or limit max_tokens_total instead"
            )
