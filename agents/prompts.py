"""Prompt templates: files that a user can override, rendered in a sandbox."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import SandboxedEnvironment

from societies.agents.errors import PromptError

OWN_FOLDER = Path(__file__).parent / "prompts"


class _Sandbox(SandboxedEnvironment):
    """Jinja's sandbox, which remembers per type which attributes are safe: half of a rendering."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._safe: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        key = (type(obj), attr)
        safe = self._safe.get(key)
        if safe is None:
            safe = self._safe[key] = super().is_safe_attribute(obj, attr, value)
        return safe


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
        self._environment = _Sandbox(
            loader=ChoiceLoader(loaders),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
        )
        self._templates: dict[str, Template] = {}

    def names(self) -> list[str]:
        """Return the names of all templates."""
        return sorted(name.removesuffix(".j2") for name in self._environment.list_templates())

    def check(self) -> None:
        """Compile every template.

        Raises:
            PromptError: one is malformed.
        """
        for name in self.names():
            self._load(name)

    def render(self, name: str, variables: Mapping[str, Any]) -> str:
        """Return the text of template `name`.

        Raises:
            PromptError: no such template, a syntax error, or a variable that is not given.
        """
        template = self._templates.get(name) or self._load(name)
        try:
            context = template.new_context({**self._environment.globals, **variables}, shared=True)
            return "".join(template.root_render_func(context)).strip()
        except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
            given = ", ".join(sorted(variables)) or "none"
            raise PromptError(
                f"prompt '{name}' cannot be rendered: {error} (variables it is given: {given})"
            ) from error

    def _load(self, name: str) -> Template:
        try:
            template = self._environment.get_template(f"{name}.j2")
        except TemplateNotFound as error:
            raise PromptError(
                f"no prompt template is called '{name}'; there are: {', '.join(self.names())}"
            ) from error
        except TemplateSyntaxError as error:
            raise PromptError(f"prompt '{name}', line {error.lineno}: {error.message}") from error
        self._templates[name] = template
        return template
