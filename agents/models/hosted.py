"""Hosted models, and local OpenAI-compatible servers, through LiteLLM."""

import asyncio
import math
import os
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from shlex import quote
from typing import Any, TypeGuard

from societies.agents.errors import ModelError, PassingModelError
from societies.agents.models.base import Completion, ModelSpec, Request
from societies.agents.models.window import CountTokens, Window
from societies.agents.secrets import without_secrets

SETTINGS = {
    # Importing LiteLLM then asks nothing of the network: it uses the price table that it ships.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # OpenAI-compatible servers are then reached as all others are, and not through OpenAI's SDK:
    # a third less processor time per call (benchmarks/README.md), the same errors and headers.
    "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER": "True",
    # LiteLLM opens 500 connections to a host, and has further requests wait unseen while their
    # time runs out: limits.in_flight is to be the only limit.
    "AIOHTTP_CONNECTOR_LIMIT": "1000000",
    "AIOHTTP_CONNECTOR_LIMIT_PER_HOST": "1000000",
}
"""How LiteLLM is to work, unless the environment says otherwise."""
MOST = 2**53
"""No count of tokens, and no price, is as large as this."""
MEANT = ("length", "content_filter", "refusal")
"""Why a reply is empty that would be empty again."""
OWN_CLIENT = {"aiohttp_openai", "azure", "azure_ai", "azure_text"}
"""Providers that LiteLLM reaches by a client of another kind: only time bounds their replies."""
OWN_TOKENIZER = {"openai", "azure"}
"""Providers whose tokenizer LiteLLM has offline."""
OLLAMA = {"ollama", "ollama_chat"}
"""Providers whose server decides how much of a prompt it reads."""
PASSING_STATUS = (200, 409, 425)
"""Beside the server errors: no completion in a success, a conflict, too early."""


def litellm() -> Any:
    """Import LiteLLM when it is first needed, with our settings."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
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
    """Return the seconds that a server's Retry-After header asks for: a number, or a date."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    asked = headers.get("retry-after", "").strip()
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(asked).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def known(spec: ModelSpec) -> Mapping[str, Any]:
    """Return what LiteLLM's own table says of a model; nothing if it does not know it."""
    try:
        info: Mapping[str, Any] = litellm().get_model_info(spec.name)
    except Exception:  # noqa: BLE001 - LiteLLM raises a bare Exception for a model it does not know
        return {}
    return info


def prices(spec: ModelSpec) -> tuple[float, float] | None:
    """Return US dollars per prompt token and per completion token; None: no known price."""
    info = {**known(spec), **spec.options}
    asked, answered = (info.get(f"{side}_cost_per_token") for side in ("input", "output"))
    if not (_is_amount(asked) and _is_amount(answered)):
        return None
    return float(asked), float(answered)


def _is_amount(value: Any) -> TypeGuard[float]:
    """Whether a value is a number that can be paid or counted."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < MOST


def window(spec: ModelSpec) -> Window | None:
    """Return the model's window: as configured, or as LiteLLM's own table has it; None: unknown.

    Ollama cuts prompts at `num_ctx`, unseen, whatever the model itself could take.
    """
    if told := Window.of(spec):
        return told
    if spec.name.partition("/")[0] in OLLAMA:
        most, told_by = spec.options.get("num_ctx"), "options.num_ctx"
    else:
        most, told_by = known(spec).get("max_input_tokens"), "LiteLLM's table"
    return Window(int(most), int(most), told_by) if _is_amount(most) and most else None


def tokenizer(spec: ModelSpec) -> CountTokens | None:
    """Return what counts the tokens of a prompt and its reply, if LiteLLM can do so offline."""
    if known(spec).get("litellm_provider") not in OWN_TOKENIZER:
        return None
    count = litellm().token_counter
    return lambda messages, reply: int(
        count(model=spec.name, messages=messages) + count(model=spec.name, text=reply)
    )


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
        self._late = errors.Timeout
        self._other = errors.APIError
        self._timeout = spec.timeout or timeout
        self._provider: str = self._library.get_llm_provider(spec.name, api_base=spec.api_base)[1]
        self._arguments = self._fixed_arguments(self._timeout)
        self._window = window(spec)
        self._count = tokenizer(spec)

    async def complete(self, request: Request, key: str) -> Completion:
        """Send the request once and return the completion.

        A refusal is a completion, and so is a reply that is empty but paid for, or withheld.

        Raises:
            PassingModelError: no whole answer came in time; the next request may be answered.
            ModelError: asking again would not help; or the prompt outgrows the model's window, and
                nothing was sent.
        """
        if self._window:
            self._window.check(request, key, self.spec.name, self._count)
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._library.acompletion(
                    messages=messages, **self._arguments, **_response_format(request)
                )
        except TimeoutError as error:
            raise PassingModelError(
                f"model {self.spec.name} gave no whole answer to call {quote(key)} within "
                f"{self._timeout:g} seconds (limits.timeout); it may have to be paid for",
                given_up=True,
            ) from error
        except Exception as error:
            from societies.agents.models.transport import is_overlong, is_unreachable

            text = self._failure(key, error)
            given_up = isinstance(error, self._late) or is_overlong(error)
            text += "; it may have to be paid for" if given_up else ""
            if not self._can_pass(error):
                raise ModelError(f"{text} (asking again would not help)") from error
            raise PassingModelError(
                text,
                overload=self._is_overload(error),
                retry_after=retry_after(error),
                unreachable=is_unreachable(error),
                given_up=given_up,
            ) from error
        completion = self._completion(response, time.monotonic() - began)
        used = completion.prompt_tokens + completion.completion_tokens
        if not (completion.text.strip() or used or completion.finish_reason in MEANT):
            raise PassingModelError(f"model {self.spec.name} gave no reply at call {quote(key)}")
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
        arguments["client"] = self._client()
        return {name: value for name, value in arguments.items() if value is not None}

    def _client(self) -> Any:
        """Return the way to servers that bounds their replies; None where LiteLLM takes none."""
        from societies.agents.models.transport import handler

        by_handler = os.environ["EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER"].lower() == "true"
        own = self._provider in OWN_CLIENT or "text-completion" in self._provider
        return handler() if by_handler and not own else None

    def _can_pass(self, error: Exception) -> bool:
        """Whether the next request may be answered.

        LiteLLM has no class of its own for a success that holds no completion (status 200), for a
        conflict, nor for the server errors that only some providers know, such as 529.
        """
        if isinstance(error, self._other):
            status: int = getattr(error, "status_code", 0)
            return status in PASSING_STATUS or status >= 500
        return isinstance(error, self._passing)

    def _is_overload(self, error: Exception) -> bool:
        """Whether the model wants fewer requests (status 529 is Anthropic's way to say so)."""
        return isinstance(error, self._overload) or getattr(error, "status_code", None) == 529

    def _failure(self, key: str, error: Exception) -> str:
        # LiteLLM puts its own tracebacks into some of its texts.
        told = str(error).partition("Traceback (most recent call last)")[0].strip()
        text = f"model {self.spec.name} failed at call {quote(key)}: {type(error).__name__}: {told}"
        if isinstance(error, self._library.exceptions.ContextWindowExceededError):
            text += "; tell its window (model.context), so that no such prompt is sent"
        return without_secrets(text, (self.spec.api_key_env,))

    def _completion(self, response: Any, latency: float) -> Completion:
        choice = response.choices[0] if response.choices else None
        usage = getattr(response, "usage", None)
        tokens = [getattr(usage, f"{side}_tokens", 0) for side in ("prompt", "completion")]
        asked, answered = tokens if all(_is_amount(count) for count in tokens) else (0, 0)
        text = (choice and choice.message.content) or ""
        refusal = None if text.strip() or not choice else _refusal(choice.message)
        return Completion(
            text=refusal or text,
            finish_reason=self._finish_reason(choice, refusal or text, refusal),
            prompt_tokens=asked,
            completion_tokens=answered,
            reasoning_tokens=_reasoning_tokens(usage, choice, text, answered),
            cost=self._cost(response) if asked or answered else None,
            latency=latency,
            logprobs=_first_token(choice),
        )

    def _finish_reason(self, choice: Any, text: str, refusal: str | None) -> str:
        """Return why a reply ends where it does, or what else is the matter with it."""
        from societies.agents.models.transport import is_damaged

        if is_damaged(text):
            return "damaged"
        reason: str = (choice and choice.finish_reason) or "unknown"
        # Anthropic withholds nothing: LiteLLM gives its stop reason `refusal` that name.
        refused = self._provider == "anthropic" and reason == "content_filter"
        if refusal or refused or _native_reason(choice) == "refusal":
            return "refusal"
        return reason

    def _cost(self, response: Any) -> float | None:
        """Return the price that LiteLLM computed, None where it knows none."""
        cost: float | None = response._hidden_params.get("response_cost")
        return cost if _is_amount(cost) else None


def _reasoning_tokens(usage: Any, choice: Any, text: str, answered: int) -> int:
    """Return the tokens that were thought before a reply: as told, or all if nothing else came."""
    told = getattr(getattr(usage, "completion_tokens_details", None), "reasoning_tokens", None)
    if _is_amount(told) and told:
        return int(told)
    thoughts = choice and getattr(choice.message, "reasoning_content", None)
    return answered if thoughts and not text.strip() else 0


def _refusal(message: Any) -> str | None:
    """Return what a provider says in place of an answer, which LiteLLM keeps among its own."""
    fields = getattr(message, "provider_specific_fields", None) or {}
    told = getattr(message, "refusal", None) or fields.get("refusal")
    return told if isinstance(told, str) else None


def _native_reason(choice: Any) -> str | None:
    """Return what the provider itself calls the end of the reply, where LiteLLM keeps it."""
    fields = getattr(choice, "provider_specific_fields", None) or {}
    told = fields.get("native_finish_reason")
    return told if isinstance(told, str) else None


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
