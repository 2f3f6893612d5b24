"""What questionnaires say, in modules that are imported when they are named.

`consistency` (answers, scores, reliability), `choices`, `personas` (whether they were taken on),
`change`, `occasions` and `probed` (over time), `inertia`, `permeability` (what moves answers),
`knowledge` (words and deeds), `portraits`, and `figures` (pictures of them).
"""

from types import ModuleType

from societies.imports import import_inner, inner


def __dir__() -> list[str]:
    """Return what is there, for completion."""
    return inner(__path__)


def __getattr__(name: str) -> ModuleType:
    """Import a module when it is first named."""
    return import_inner(__name__, __path__, name)
