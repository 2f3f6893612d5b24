"""What every language model is: a request in, a completion out."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from itertools import count
from typing import Any, Literal, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_core import to_json

from societies.agents.models.tokens import message_tokens
from societies.agents.persona.persona import PersonaView
from societies.agents.secrets import holds_password, names_secret
from societies.agents.strict import Strict

Role = Literal["system", "user", "assistant"]

Purpose = Literal["decision", "judgement", "questionnaire", "portrait"]
"""What a model is asked for: what the scenario is about, to judge what others do in it, an
instrument, or writing a persona."""

LONGEST_SETTING = 30
"""Characters of a setting beyond which a label shortens it."""
MOST_KEPT_FREE = 1024
"""Tokens of a window that are kept for a reply without `max_tokens`; of a small one a quarter."""


class ModelSpec(Strict):
    """Which language model answers, and how it is sampled."""

    name: str = Field(min_length=1)
    """A LiteLLM model string such as `openai/gpt-4o-mini`, or `scripted/<mind>` (offline)."""
    api_base: str | None = None
    """Address of an OpenAI-compatible server; the provider's own when absent."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; the provider's usual one when absent."""
    temperature: float | None = Field(default=None, ge=0)
    max_tokens: int | None = Field(default=None, ge=1)
    context: int | None = Field(default=None, ge=1)
    """Tokens of the model's window, which prompt and reply share; where it is absent, what LiteLLM
    knows of the model."""
    overflow: Literal["refuse", "drop_oldest"] = "refuse"
    """What happens to a prompt that outgrows the window: it is not sent, and the run stops,
    resumable; or the oldest exchanges that its agent remembers are left out (needs `context`)."""
    seed: int | None = None
    """Sampling seed sent to the provider (not the run's seed)."""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds after which one request is given up and sent again; `limits.timeout` if absent."""
    structured: Literal["never", "supported", "always"] = "never"
    """Ask for answers as JSON objects by a schema (`response_format`), where an answer type has
    one: never (the format that the prompt words, as published), if LiteLLM knows that the model
    supports it, or always (servers of your own)."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Extra parameters: passed on to LiteLLM, or the settings of a scripted mind."""

    @field_validator("name")
    @classmethod
    def check_name(cls, name: str) -> str:
        """Refuse what names no model."""
        is_word = any(sign.isalnum() for sign in name.rpartition("/")[2])
        if not is_word or name in ("~", "null") or not re.fullmatch(r"\S(.*\S)?", name):
            raise ValueError(
                f"{name!r} names no model; write a LiteLLM model string such as "
                "openai/gpt-4o-mini, or scripted/<mind>"
            )
        return name

    @field_validator("options")
    @classmethod
    def refuse_secrets(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Refuse keys in the file: what is configured here is written into every run."""
        for key in _keys(options):
            if names_secret(key):
                raise ValueError(
                    f"'{key}' would be written into the run directory; "
                    "put the secret into the environment and name it with api_key_env"
                )
        if holds_password(str(options)):
            raise ValueError(
                "the password in an address among these options would be written into the run "
                "directory; leave it out"
            )
        return options

    @field_validator("api_base")
    @classmethod
    def check_address(cls, address: str | None) -> str | None:
        """Refuse what is no address, or holds a secret; the text repeats neither."""
        if address is None:
            return None
        try:
            parts = urlsplit(address)
            is_sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_sound = False
        if not is_sound or re.search(r"\s", address):
            raise ValueError(
                "write the whole address of the server, such as http://localhost:8000/v1"
            )
        secret = any(names_secret(name) for name, _ in parse_qsl(parts.query))
        if secret or parts.username is not None:
            raise ValueError(
                "the key in this address would be written into the run directory; put it into the "
                "environment and name it with api_key_env"
            )
        return address

    @field_validator("api_key_env")
    @classmethod
    def check_variable(cls, name: str | None) -> str | None:
        """Refuse what is no name of a variable, such as the key itself, without repeating it."""
        if name is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(
                "write the name of an environment variable that holds the key, such as "
                "OPENAI_API_KEY, and never the key itself"
            )
        return name

    @model_validator(mode="after")
    def check_window(self) -> Self:
        """Refuse a window that is not told, or leaves no room for a prompt."""
        if self.context is None and self.overflow == "drop_oldest":
            raise ValueError(
                "overflow: drop_oldest needs context, the tokens of the model's window: what is "
                "dropped is to depend on the file alone"
            )
        if self.room is not None and self.room < 1:
            raise ValueError(
                f"max_tokens ({self.max_tokens}) leaves no room for a prompt in a context of "
                f"{self.context} tokens"
            )
        return self

    @property
    def room(self) -> int | None:
        """Tokens that a prompt may have in `context`, beside the reply's; None if that is unset."""
        if self.context is None:
            return None
        return self.context - (self.max_tokens or min(MOST_KEPT_FREE, self.context // 4))

    def sampling(self) -> dict[str, Any]:
        """Return what decides the distribution of replies to a prompt.

        Addresses, time limits and windows do not: what is left out of a prompt shows in it.
        """
        elsewhere = {"api_base", "api_key_env", "timeout", "roles", "context", "overflow"}
        if self.structured == "never":
            elsewhere.add("structured")
        return self.model_dump(exclude=elsewhere, exclude_none=True)

    @cached_property
    def access(self) -> tuple[str, str | None, str | None, float | None, int | None]:
        """What tells two ways to models apart: sampling, address, key, patience, window."""
        return self.fingerprint, self.api_base, self.api_key_env, self.timeout, self.context

    @cached_property
    def fingerprint(self) -> str:
        """The digest of the sampling settings: part of every request's hash."""
        return blake2b(to_json(self.sampling()), digest_size=16).hexdigest()


def labels(specs: Iterable[ModelSpec]) -> dict[str, str]:
    """Return what each model is called where models are compared, by its fingerprint.

    That is its name. Variants of one model are told apart by the settings in which they differ,
    such as `openai/m (temperature 0.2)`; one that leaves these at their defaults keeps the name.
    """
    variants: dict[str, dict[str, dict[str, str]]] = {}
    for spec in specs:
        variants.setdefault(spec.name, {})[spec.fingerprint] = _settings(spec)
    found: dict[str, str] = {}
    for name, settings in variants.items():
        keys = dict.fromkeys(key for each in settings.values() for key in each)
        differing = [key for key in keys if len({each.get(key) for each in settings.values()}) > 1]
        for fingerprint, each in settings.items():
            told = ", ".join(f"{key} {_short(each[key])}" for key in differing if key in each)
            found[fingerprint] = _untaken(f"{name} ({told})" if told else name, found.values())
    return found


def _settings(spec: ModelSpec) -> dict[str, str]:
    """Return a model's sampling settings in words, each of its options by itself."""
    sampling = spec.sampling()
    settings = {**sampling, **sampling.pop("options")}
    own = {key: value for key, value in settings.items() if key not in ("name", "options")}
    return {
        key: value if isinstance(value, str) else to_json(value).decode()
        for key, value in own.items()
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SETTING else f"{text[: LONGEST_SETTING - 1]}…"


def _untaken(label: str, taken: Collection[str]) -> str:
    """Return a label, with a number behind it if another one is the same when shortened."""
    numbered = (label if number == 1 else f"{label} {number}" for number in count(1))
    return next(each for each in numbered if each not in taken)


def _keys(value: Any) -> Iterator[str]:
    """Yield every key of nested mappings and lists."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


class RunModel(ModelSpec):
    """The run's language model, with others for the roles that a scenario knows."""

    roles: dict[str, ModelSpec] = Field(default_factory=dict)
    """Who answers in a role (such as `judge`); a role that is not named has the run's model."""

    def of(self, role: str) -> ModelSpec:
        """Return the model of a role."""
        return self.roles.get(role, self)


class Message:
    """One message of a prompt, with the digest under which the journal stores it once."""

    __slots__ = ("_digest", "_tokens", "content", "role")

    def __init__(self, role: Role, content: str) -> None:
        self.role = role
        self.content = content
        self._digest = ""
        self._tokens = 0

    @property
    def tokens(self) -> int:
        """An estimate of its tokens (`tokens.py`), made when it is first asked for."""
        if not self._tokens:
            self._tokens = message_tokens(self.content)
        return self._tokens

    @property
    def digest(self) -> str:
        """The hash of role and content, computed when it is first asked for."""
        if not self._digest:
            text = f"{self.role}\0{self.content}"
            self._digest = blake2b(text.encode(), digest_size=16).hexdigest()
        return self._digest

    def __repr__(self) -> str:
        return f"Message({self.role}, {self.content[:40]!r})"


@dataclass(slots=True)
class Request:
    """One question to a language model.

    Scripted minds answer from all of it; hosted models see the messages only.
    """

    messages: tuple[Message, ...]
    agent: str
    prompt: str
    situation: Mapping[str, Any] = field(default_factory=dict)
    """The views that the prompt's template was given (`agents/views.py`)."""
    persona: PersonaView | None = None
    """Who is asked, with the scores as drawn; None unless the messages tell the persona."""
    attempt: int = 1
    schema: Mapping[str, Any] | None = None
    """JSON schema that the reply is to follow, if answers are structured."""
    purpose: Purpose = "decision"
    """What it is for, which scripted minds go by; it is no part of the digest."""
    dropped: int = 0
    """How many of the oldest exchanges the agent remembers were left out to fit the window."""

    def digest(self, fingerprint: str) -> str:
        """Return the hash of what is asked and of whom (`fingerprint` stands for the model)."""
        parts = "".join((fingerprint, *(message.digest for message in self.messages)))
        if self.schema is not None:
            parts += to_json(self.schema).decode()
        return blake2b(parts.encode(), digest_size=16).hexdigest()


@dataclass
class Completion:
    """One answer of a language model, with what it took."""

    text: str
    finish_reason: str = "stop"
    """As the provider says; or `refusal`, or `damaged` (bytes that are no text: never read)."""
    prompt_tokens: int = 0
    """0 if the server does not say."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Of the completion's tokens, those that were thought before the reply; 0 if nobody says."""
    cost: float | None = None
    """US dollars; None when no price is known, which is not the same as free."""
    attempts: int = 1
    """Requests sent until this answer came (transport failures are asked again)."""
    given_up: int = 0
    """Of these, the ones that were given up, at a time-out say, and may have to be paid for."""
    latency: float = 0.0
    """Seconds from the first request to the answer."""
    in_flight: int | None = None
    """The model's limit of requests in flight when the answer came; None where it never changes."""
    logprobs: dict[str, float] | None = None
    """Log-probabilities of the first token's most likely candidates, where they were asked for."""

    def __post_init__(self) -> None:
        # JSON may hold half an emoji (a lone surrogate), which no file could: it becomes "?".
        self.text = _whole_characters(self.text)
        if self.logprobs:
            self.logprobs = {_whole_characters(key): value for key, value in self.logprobs.items()}


def _whole_characters(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class LanguageModel(Protocol):
    """Anything that completes a request."""

    spec: ModelSpec

    async def complete(self, request: Request, key: str) -> Completion:
        """Answer `request`; `key` names the call within its run.

        Raises:
            ModelError: asking again would not help.
        """
        ...
