"""What can be said of any society from its record; import a module, and use what it exports.

>>> import societies
>>> from societies import analysis
>>> from societies.analysis import questionnaires
>>> from societies.analysis.questionnaires import figures
>>> run = societies.run("interview/demo", seed=3)
>>> questionnaires.reliability(run)
>>> figures.draw(run, "pictures")
>>> analysis.load("runs/my-sweep").table("donations")
"""

from societies.runs.runs import Given, Runs


def load(given: Given) -> Runs:
    """Return the runs of a directory, a folder, a pattern, or several of these.

    Raises:
        InputError: there is no run, or one of them twice.
    """
    return Runs.of(given)
