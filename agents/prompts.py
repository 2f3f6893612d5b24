"""Prompt templates: files that a user can override, rendered in a sandbox."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType
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
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from societies.agents.errors import PromptError

OWN_FOLDER = Path(__file__).parent / "prompts"
PLAIN = {str, int, float, bool, list, tuple, dict}
"""Types that templates may read without the sandbox's checks."""


class _Compiled(BytecodeCache):
    """Templates that this process has compiled, under the checksums of their texts."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = _Compiled()


ACTORS = {"mesa", "numpy", "random"}
"""Packages whose objects' methods act on the society, or draw from its streams."""


class _Sandbox(SandboxedEnvironment):
    """Jinja's sandbox, quicker where it has nothing to guard: half of a rendering."""

    intercepted_binops = frozenset({"*", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute: a public one that is plain data can do no harm, others may."""
        value = getattr(obj, attribute, None)
        if type(value) in PLAIN and attribute[0] != "_":
            return value
        return super().getattr(obj, attribute)

    def is_safe_callable(self, obj: Any) -> bool:
        """Let templates call what computes on data, and nothing that acts or draws."""
        owner = type(getattr(obj, "__self__", None))
        roots = {kind.__module__.partition(".")[0] for kind in owner.__mro__}
        return not roots & ACTORS and super().is_safe_callable(obj)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply numbers; repeated texts and powers would fill the memory."""
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"{operator} is for multiplying numbers only")
        return super().call_binop(context, operator, left, right)


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
            bytecode_cache=COMPILED,
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
            context = Context(
                self._environment,
                {**self._environment.globals, **variables},
                template.name,
                template.blocks,
            )
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
