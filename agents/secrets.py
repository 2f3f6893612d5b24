"""Secrets of the environment: they are used, and never written."""

import os
import re
import traceback
from collections.abc import Container, Iterator
from itertools import pairwise
from urllib.parse import unquote

SECRET_WORDS = {
    *("apikey", "auth", "authorization", "authorisation", "bearer", "cookie", "cookies"),
    *("credential", "credentials", "headers", "jwt", "passphrase", "passwd", "password", "pat"),
    *("creds", "oauth", "pass", "proxies", "proxy", "pwd", "sas", "secret", "secrets", "sig"),
    "signature",
}
"""Words of a name, any of which says that it carries a secret, or an address with one."""
KEY_OWNERS = {
    *(
        "access",
        "account",
        "ai",
        "anthropic",
        "api",
        "auth",
        "azure",
        "client",
        "cohere",
        "deepseek",
    ),
    *("encryption", "gemini", "google", "groq", "hf", "huggingface", "litellm", "master"),
    *("mistral", "openai", "openrouter", "private", "secret", "service", "signing"),
    *("subscription", "together", "user", "xai"),
}
"""Whose key is a secret; a cache key, a sort key and a routing key are none."""
TOKEN_OWNERS = {
    *("access", "ad", "api", "auth", "bearer", "csrf", "github", "hf", "hub", "id", "identity"),
    *("oauth", "openai", "personal", "refresh", "security", "service", "session", "user"),
}
"""Whose token is a secret; the tokens of a language model are none."""
SECRET_VARIABLE = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
"""Variables are masked freely: nothing is lost by masking one that is no secret."""
VARIABLE_WORDS = SECRET_WORDS - {"proxies", "proxy"}
"""The address of a proxy is no secret, but for its password."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
URL_PASSWORD = re.compile(r"(?<=://)[^\s/:]*:(?!\d{1,5}/)(\S+)(?=@)")
"""User and password in an address such as `postgresql://user:password@host`; up to the last `@`,
since a password may hold any sign. A port is none."""
ADDRESS_PASSWORD = re.compile(r"^[\w+.-]+://[^:@/]*:(.+)@")
"""The password of a variable that is one address, whatever signs it holds."""
FOLDERS = {"PWD"}
"""What sounds like a password, and is where a shell stands."""
AUTHORIZATION = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}")
SHORTEST = 6
"""Shorter values are no secrets, and would be found in any text."""


def names_secret(option: str) -> bool:
    """Whether a parameter of that name carries a secret.

    Names are taken by their words: `openai_key`, `http-auth` and `sessionToken` do, while
    `max_tokens`, `input_cost_per_token`, `pattern`, `signal` and `author` do not.
    """
    words = [word.lower() for word in WORD.findall(option)]
    if not SECRET_WORDS.isdisjoint(words) or words in (["key"], ["token"]):
        return True
    pairs = list(pairwise(words))
    return any(
        (owner in KEY_OWNERS and word in ("key", "keys"))
        or (owner in TOKEN_OWNERS and word == "token")
        for owner, word in pairs
    )


def holds_password(text: str) -> bool:
    """Whether a text has an address in it with a user's name and password."""
    return URL_PASSWORD.search(text) is not None


def _is_secret_variable(name: str) -> bool:
    if name in FOLDERS:
        return False
    words = {word.lower() for word in WORD.findall(name)}
    return bool(SECRET_VARIABLE.search(name)) or not VARIABLE_WORDS.isdisjoint(words)


def _secrets(names: Container[str | None]) -> Iterator[tuple[str, str]]:
    """Yield every secret of the environment with the name of its variable."""
    for name, value in os.environ.items():
        if len(value) < SHORTEST:
            continue
        if name in names or _is_secret_variable(name):
            yield value, name
        for found in (*ADDRESS_PASSWORD.finditer(value), *URL_PASSWORD.finditer(value)):
            # It may end at any of them: `user:password@host/?mail=a@b` has two.
            ends = [place for place, sign in enumerate(found[1]) if sign == "@"]
            passwords = {found[1], *(found[1][:end] for end in ends)}
            passwords |= set(map(unquote, passwords))
            yield from ((each, name) for each in passwords if len(each) >= SHORTEST)


def without_secrets(text: str, names: Container[str | None] = ()) -> str:
    """Return `text` with every secret of the environment, and any authorization, masked.

    Providers repeat keys in their error texts, and those go into logs and run directories.

    Args:
        text: what is to be shown or written.
        names: environment variables that hold keys, whatever they are called.
    """
    secrets = list(_secrets(names))
    # The longest first: one secret may begin with another.
    for value, name in sorted(secrets, key=lambda secret: -len(secret[0])):
        text = text.replace(value, f"[{name}]")
    text = URL_PASSWORD.sub("[masked]", text)
    return AUTHORIZATION.sub(r"\1 [masked]", text)


def cause_without_secrets(
    error: BaseException | None, names: Container[str | None] = ()
) -> BaseException | None:
    """Return an error to raise another from: itself, or its traceback masked if it has a secret.

    Whoever logs an error prints all that it came from, too.

    Args:
        error: what failed; None gives None.
        names: environment variables that hold keys, whatever they are called.
    """
    if error is None:
        return None
    told = "".join(traceback.format_exception(error))
    masked = without_secrets(told, names)
    return error if masked == told else RuntimeError(masked)
