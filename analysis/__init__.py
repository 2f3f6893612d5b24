"""What can be said of any society from its record; import a module, and use what it exports.

>>> import societies
>>> from societies.analysis import questionnaires
>>> from societies.analysis.questionnaires import figures
>>> run = societies.run("interview/demo", seed=3)
>>> questionnaires.reliability(run)
>>> figures.draw(run, "pictures")
"""
