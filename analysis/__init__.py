"""What can be said of any society from its record; import a module, and use what it exports.

>>> import societies
>>> from societies import analysis
>>> from societies.analysis.panels import save_panels
>>> from societies.analysis.questionnaires import consistency, figures
>>> run = societies.run("interview/demo", seed=3)
>>> consistency.reliability(run)
>>> save_panels(figures.PANELS, run, "pictures")
>>> analysis.load("runs/my-sweep").table("donations")
"""

from societies.runs.runs import Given, Runs


def load(given: Given) -> Runs:
    """Return the runs of a directory, a folder, a pattern, or several of these.

    Raises:
        InputError: there is no run, or one of them twice.
    """
    return Runs.of(given)
