"""What can be said of any society from its record, in modules that are imported when named.

>>> import societies
>>> from societies import analysis
>>> from societies.analysis.questionnaires import consistency, figures
>>> run = societies.run("interview/demo", seed=3)
>>> consistency.reliability(run)
>>> analysis.panels.save_panels(figures.PANELS, run, "pictures")
>>> analysis.load("runs/my-sweep").table("donations")
"""

from types import ModuleType

from societies.imports import import_inner, inner
from societies.runs.runs import Given, Runs


def load(given: Given) -> Runs:
    """Return the runs of a directory, a folder, a pattern, or several of these.

    Raises:
        InputError: there is no run, or one of them twice.
    """
    return Runs.of(given)


def __dir__() -> list[str]:
    """Return what is there, for completion."""
    return ["load", *inner(__path__)]


def __getattr__(name: str) -> ModuleType:
    """Import a module when it is first named: some bring Matplotlib, which takes half a second."""
    return import_inner(__name__, __path__, name)
