"""Hosted models, and local OpenAI-compatible servers, through LiteLLM."""

import asyncio
import os
import time
from random import Random
from typing import Any

from societies.agents.errors import ModelError
from societies.agents.models.base import Completion, ModelSpec, Request

FIRST_WAIT = 1.0
"""Seconds before the first repetition of a failed request; doubled each time."""
LONGEST_WAIT = 60.0


def litellm() -> Any:
    """Import LiteLLM when it is first needed, with the price table it ships (no network)."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm as library

    library.suppress_debug_info = True
    return library


def check_access(spec: ModelSpec) -> None:
    """Check, without sending anything, that the model's provider is known and has its key.

    Raises:
        ModelError: it is not, or has not.
    """
    library = litellm()
    try:
        library.get_llm_provider(spec.name, api_base=spec.api_base)
    except library.exceptions.BadRequestError as error:
        raise ModelError(
            f"model {spec.name!r}: LiteLLM knows no such provider; "
            "write provider/model, such as openai/gpt-4o-mini or ollama/llama3"
        ) from error
    if spec.api_key_env:
        if not os.environ.get(spec.api_key_env):
            raise ModelError(
                f"model {spec.name!r} needs a key: "
                f"environment variable {spec.api_key_env} is not set"
            )
    elif not spec.api_base:
        missing = library.validate_environment(spec.name)["missing_keys"]
        keys = [name for name in missing if "KEY" in name or "TOKEN" in name]
        if keys:
            raise ModelError(
                f"model {spec.name!r} needs a key: set environment variable {' or '.join(keys)} "
                "(or api_base, for a server of your own)"
            )


class HostedModel:
    """A language model behind an HTTP interface.

    Args:
        spec: which model, and how it is sampled.
        retries: how often a request is sent again after a failure that can pass.
    """

    def __init__(self, spec: ModelSpec, retries: int) -> None:
        self.spec = spec
        self.retries = retries
        self._library = litellm()
        errors = self._library.exceptions
        self._passing = (
            errors.RateLimitError,
            errors.Timeout,
            errors.APIConnectionError,
            errors.InternalServerError,
            errors.ServiceUnavailableError,
            errors.BadGatewayError,
        )
        self._jitter = Random()
        self._arguments = self._fixed_arguments()

    async def complete(self, request: Request, key: str) -> Completion:
        """Send the request, again after what can pass, and return the completion.

        Raises:
            ModelError: the failure cannot pass, or did not within the retries.
        """
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        began = time.monotonic()
        for attempt in range(1, self.retries + 2):
            try:
                response = await self._library.acompletion(messages=messages, **self._arguments)
            except self._passing as error:
                if attempt > self.retries:
                    raise self._failure(key, error, f"after {attempt} attempts") from error
                await asyncio.sleep(self._pause(attempt, error))
            except self._library.exceptions.OpenAIError as error:
                raise self._failure(key, error, "asking again would not help") from error
            except Exception as error:
                raise self._failure(key, error, "unexpected") from error
            else:
                return self._completion(response, attempt, time.monotonic() - began)
        raise AssertionError("unreachable")

    def _fixed_arguments(self) -> dict[str, Any]:
        spec = self.spec
        arguments = {
            "model": spec.name,
            "api_base": spec.api_base,
            "api_key": os.environ.get(spec.api_key_env) if spec.api_key_env else None,
            "temperature": spec.temperature,
            "max_tokens": spec.max_tokens,
            "seed": spec.seed,
            "timeout": spec.timeout,
            "num_retries": 0,
            "max_retries": 0,
            **spec.options,
        }
        if spec.api_base and not spec.api_key_env:
            missing = self._library.validate_environment(spec.name)["missing_keys"]
            arguments["api_key"] = "none" if missing else None
        return {name: value for name, value in arguments.items() if value is not None}

    def _pause(self, attempt: int, error: Exception) -> float:
        """Return how long to wait: what the server asks for, or a jittered doubling."""
        headers = getattr(error, "litellm_response_headers", None) or {}
        asked = headers.get("retry-after", "")
        if asked.replace(".", "", 1).isdigit():
            return min(float(asked), LONGEST_WAIT)
        longest: float = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
        return longest * self._jitter.uniform(0.5, 1.0)

    def _failure(self, key: str, error: Exception, why: str) -> ModelError:
        kind = type(error).__name__
        return ModelError(f"model {self.spec.name} failed at call {key} ({kind}, {why}): {error}")

    def _completion(self, response: Any, attempts: int, latency: float) -> Completion:
        choice, usage = response.choices[0], getattr(response, "usage", None)
        return Completion(
            text=choice.message.content or "",
            finish_reason=choice.finish_reason or "unknown",
            prompt_tokens=getattr(usage, "prompt_tokens", 0) or 0,
            completion_tokens=getattr(usage, "completion_tokens", 0) or 0,
            cost=self._cost(response),
            attempts=attempts,
            latency=latency,
        )

    def _cost(self, response: Any) -> float | None:
        """Return the price that LiteLLM computed, None where it knows none."""
        cost: float | None = response._hidden_params.get("response_cost")
        return cost
