"""Societies of persona-conditioned language-model agents.

>>> import societies
>>> run = societies.run("donor_game/demo", seed=3)
>>> run.table("donations")
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from societies.execute.fork import fork
    from societies.execute.model import model
    from societies.execute.rebuild import rebuild
    from societies.execute.replay import replay
    from societies.execute.resume import resume
    from societies.execute.run import run
    from societies.loading.load import load
    from societies.runs.run import Run
    from societies.runs.runs import Runs
    from societies.society import Society

__all__ = ["Run", "Runs", "Society", "fork", "load", "model", "rebuild", "replay", "resume", "run"]

_HOMES = {
    "Run": "runs.run",
    "Runs": "runs.runs",
    "Society": "society",
    "fork": "execute.fork",
    "load": "loading.load",
    "model": "execute.model",
    "rebuild": "execute.rebuild",
    "replay": "execute.replay",
    "resume": "execute.resume",
    "run": "execute.run",
}


if sys.platform == "win32":
    raise ImportError("societies runs on Linux, macOS and WSL: install it within WSL")
if not all((Path(__file__).parent / name).is_dir() for name in ("agents", "analysis", "scenarios")):
    raise ImportError(
        "this checkout of societies has no symbolic links, so most of it is missing: "
        "git config core.symlinks true, check out again (git checkout HEAD -- societies), "
        "and install it again"
    )


_MODULES = ("analysis", "kit", "testing")
"""What is imported when it is first named, as in `societies.analysis.load`."""


def __dir__() -> list[str]:
    """Return what is there, for completion."""
    return sorted([*__all__, *_MODULES])


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: Mesa alone costs a second."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"societies.{name}")
    if name not in _HOMES:
        from societies.words import nearest

        hint = nearest(name, __dir__())
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    return getattr(import_module(f"societies.{_HOMES[name]}"), name)
