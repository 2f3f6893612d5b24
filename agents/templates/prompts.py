"""Prompt templates: files that a user can override, rendered in a sandbox."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import walk_tb
from types import CodeType
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.runtime import Context

from societies.agents.errors import PromptError
from societies.agents.templates.sandbox import GLOBALS, Sandbox
from societies.agents.templates.views import FrozenDict, views

OWN_FOLDER = Path(__file__).parents[1] / "prompts"


class _Compiled(BytecodeCache):
    """Templates that this process has compiled, under the checksums of their texts."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = _Compiled()


class Prompts:
    """The templates of a scenario: `name.j2` in its folders, or a user's text of that name.

    Args:
        folders: where templates lie, first match wins; the agents' own templates come last.
        overrides: template texts by name that replace the shipped ones.
    """

    def __init__(self, folders: Sequence[Path], overrides: Mapping[str, str] | None = None) -> None:
        loaders: list[BaseLoader] = [
            DictLoader({f"{name}.j2": text for name, text in (overrides or {}).items()}),
            FileSystemLoader([*folders, OWN_FOLDER]),
        ]
        self._loader = ChoiceLoader(loaders)
        self._environment = Sandbox(
            loader=self._loader,
            bytecode_cache=COMPILED,
        )
        self._templates: dict[str, Template] = {}

    def names(self) -> list[str]:
        """Return the names of all templates."""
        return sorted(name.removesuffix(".j2") for name in self._environment.list_templates())

    def texts(self) -> dict[str, str]:
        """Return the texts of all templates, by name."""
        loader, environment = self._loader, self._environment
        return {name: loader.get_source(environment, f"{name}.j2")[0] for name in self.names()}

    def check(self) -> None:
        """Compile every template.

        Raises:
            PromptError: one is malformed.
        """
        for name in self.names():
            self._load(name)

    def render(self, name: str, variables: Mapping[str, Any]) -> str:
        """Return the text of template `name`; of the variables it is given views.

        Raises:
            PromptError: no such template, a syntax error, a variable or an attribute that is not
                given, or more than a template may make.
        """
        template = self._templates.get(name) or self._load(name)
        environment = self._environment
        environment.bounds.begin()
        try:
            given = variables if type(variables) is FrozenDict else views(variables)
            context = Context(environment, {**GLOBALS, **given}, template.name, template.blocks)
            return environment.bounds.written(template.root_render_func(context)).strip()
        except Exception as error:
            named = ", ".join(sorted(variables)) or "none"
            raise PromptError(
                f"{_place(error, name)} cannot be rendered: {_told(error)} "
                f"(variables it is given: {named})"
            ) from error

    def _load(self, name: str) -> Template:
        self._environment.bounds.begin()
        try:
            template: Template = self._environment.get_template(f"{name}.j2")
        except TemplateNotFound as error:
            raise PromptError(
                f"no prompt template is called '{name}'; there are: {', '.join(self.names())}"
            ) from error
        except TemplateSyntaxError as error:
            raise PromptError(f"prompt '{name}', line {error.lineno}: {error.message}") from error
        except Exception as error:  # constants are computed here, and may be anything
            raise PromptError(f"prompt '{name}' cannot be read: {_told(error)}") from error
        self._templates[name] = template
        return template


def _place(error: Exception, name: str) -> str:
    """Return which line of which template went wrong."""
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            own = (template.name or name).removesuffix(".j2")
            return f"prompt '{own}', line {template.get_corresponding_lineno(line)},"
    return f"prompt '{name}'"


def _told(error: BaseException) -> str:
    """Return what went wrong, in words."""
    if isinstance(error, RecursionError):
        return "it includes or calls itself without end"
    return str(error) or type(error).__name__
