"""All measures of questionnaires, by name."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from societies.analysis import questionnaires
from societies.analysis.measures import Measure

MODULES = [
    import_module(f"societies.analysis.questionnaires.{found.name}")
    for found in iter_modules(questionnaires.__path__)
]
MEASURES: dict[str, Measure[Any]] = {
    name: each
    for module in MODULES
    for name, each in vars(module).items()
    if isinstance(each, Measure) and each.__module__ == module.__name__
}
