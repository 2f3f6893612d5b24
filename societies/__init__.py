"""Societies of persona-conditioned language-model agents.

>>> import societies
>>> run = societies.run("donor_game/demo", seed=3)
>>> run.table("donations")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from societies.forks import fork
    from societies.loading import load
    from societies.repairs import rebuild
    from societies.run_directory import Run
    from societies.runner import replay, resume, run
    from societies.society import Society

__all__ = ["Run", "Society", "fork", "load", "rebuild", "replay", "resume", "run"]

_HOMES = {
    "Run": "run_directory",
    "Society": "society",
    "fork": "forks",
    "load": "loading",
    "rebuild": "repairs",
    "replay": "runner",
    "resume": "runner",
    "run": "runner",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: Mesa alone costs a second."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"societies.{_HOMES[name]}"), name)
