"""Limits: how hard models may be driven, and what a run may use."""

from pydantic import Field

from societies.agents.strict import Strict


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

    @property
    def is_rated(self) -> bool:
        """Whether requests or tokens per minute are limited."""
        return (self.requests_per_minute, self.tokens_per_minute) != (None, None)
