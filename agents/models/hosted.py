"""Hosted models, and local OpenAI-compatible servers, through LiteLLM."""

import os
import time
from typing import Any

from societies.agents.errors import ModelError, PassingModelError
from societies.agents.models.base import Completion, ModelSpec, Request
from societies.agents.secrets import without_secrets


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


def retry_after(error: Exception) -> float | None:
    """Return the seconds that a server's Retry-After header asks for, if it names a number."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    asked = headers.get("retry-after", "")
    return float(asked) if asked.replace(".", "", 1).isdigit() else None


def has_price(spec: ModelSpec) -> bool:
    """Whether LiteLLM's table, or the model's own options, say what a token costs."""
    if "input_cost_per_token" in spec.options:
        return True
    try:
        info = litellm().get_model_info(spec.name)
    except Exception:  # noqa: BLE001 - LiteLLM raises a bare Exception for a model it does not know
        return False
    return info.get("input_cost_per_token") is not None


class HostedModel:
    """A language model behind an HTTP interface.

    Args:
        spec: which model, and how it is sampled.
        timeout: seconds after which one request is given up, unless `spec` sets its own.
    """

    def __init__(self, spec: ModelSpec, timeout: float) -> None:
        self.spec = spec
        self._library = litellm()
        errors = self._library.exceptions
        self._overload = (errors.RateLimitError, errors.ServiceUnavailableError)
        self._passing = (
            *self._overload,
            errors.Timeout,
            errors.APIConnectionError,
            errors.InternalServerError,
            errors.BadGatewayError,
        )
        self._arguments = self._fixed_arguments(spec.timeout or timeout)

    async def complete(self, request: Request, key: str) -> Completion:
        """Send the request once and return the completion.

        Raises:
            PassingModelError: no answer came, or an empty one; the next request may be answered.
            ModelError: asking again would not help.
        """
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        began = time.monotonic()
        try:
            response = await self._library.acompletion(
                messages=messages, **self._arguments, **_response_format(request)
            )
        except self._passing as error:
            overload = isinstance(error, self._overload)
            text = self._failure(key, error)
            raise PassingModelError(
                text, overload=overload, retry_after=retry_after(error)
            ) from error
        except Exception as error:
            text = self._failure(key, error)
            raise ModelError(f"{text} (asking again would not help)") from error
        completion = self._completion(response, time.monotonic() - began)
        if not completion.text.strip():
            raise PassingModelError(f"model {self.spec.name} gave an empty reply at call {key}")
        return completion

    def _fixed_arguments(self, timeout: float) -> dict[str, Any]:
        spec = self.spec
        arguments = {
            "model": spec.name,
            "api_base": spec.api_base,
            "api_key": os.environ.get(spec.api_key_env) if spec.api_key_env else None,
            "temperature": spec.temperature,
            "max_tokens": spec.max_tokens,
            "seed": spec.seed,
            "timeout": timeout,
            "num_retries": 0,
            "max_retries": 0,
            **spec.options,
        }
        if spec.api_base and not spec.api_key_env:
            missing = self._library.validate_environment(spec.name)["missing_keys"]
            arguments["api_key"] = "none" if missing else None
        return {name: value for name, value in arguments.items() if value is not None}

    def _failure(self, key: str, error: Exception) -> str:
        text = f"model {self.spec.name} failed at call {key}: {type(error).__name__}: {error}"
        return without_secrets(text)

    def _completion(self, response: Any, latency: float) -> Completion:
        choice, usage = response.choices[0], getattr(response, "usage", None)
        return Completion(
            text=choice.message.content or "",
            finish_reason=choice.finish_reason or "unknown",
            prompt_tokens=getattr(usage, "prompt_tokens", 0) or 0,
            completion_tokens=getattr(usage, "completion_tokens", 0) or 0,
            cost=self._cost(response),
            latency=latency,
            logprobs=_first_token(choice),
        )

    def _cost(self, response: Any) -> float | None:
        """Return the price that LiteLLM computed, None where it knows none."""
        cost: float | None = response._hidden_params.get("response_cost")
        return cost


def supports_schema(spec: ModelSpec) -> bool:
    """Whether LiteLLM knows that the model takes a JSON schema for its reply."""
    return bool(litellm().supports_response_schema(model=spec.name))


def _response_format(request: Request) -> dict[str, Any]:
    """Return the argument that asks for a reply by schema, if the request has one."""
    if request.schema is None:
        return {}
    schema = {"name": request.prompt, "schema": request.schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _first_token(choice: Any) -> dict[str, float] | None:
    """Return the first token's candidates (asked for with options logprobs and top_logprobs)."""
    content = getattr(getattr(choice, "logprobs", None), "content", None)
    if not content:
        return None
    return {candidate.token: candidate.logprob for candidate in content[0].top_logprobs}
