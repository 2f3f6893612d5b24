"""Options that several commands take, and what they say."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

File = Annotated[
    str, typer.Argument(help="A YAML file, or a shipped name such as donor_game/demo.")
]
Seed = Annotated[int | None, typer.Option(help="Set the seed.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Set a value, such as model.name=scripted/random."
    ),
]


class Commands(typer.Typer):
    """A command line in whose commands an option that takes one value is given once."""

    def command(self, name: str | None = None, **given: Any) -> Callable[..., Any]:
        """Make a command of the function below, as Typer does."""
        return super().command(name, cls=_Once, **given)


class _Once(TyperCommand):
    """A command that refuses an option's second value, instead of forgetting its first."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the arguments, as every command does.

        Raises:
            InputError: an option that takes one value is given twice.
        """
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        for option in given:
            one = isinstance(option, TyperOption) and not (option.multiple or option.is_flag)
            if one and given.count(option) > 1:
                raise _twice(option.opts, args)
        return super().parse_args(ctx, args)


def _twice(names: list[str], args: list[str]) -> Exception:
    """Return the error of an option that is given twice, which names what was given."""
    from societies.errors import InputError

    values = []
    for place, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name in names:
            values.append(value if equals else " ".join(args[place + 1 : place + 2]))
    told = " and ".join(f"{names[0]} {value}" for value in values)
    return InputError(f"{names[0]} is given more than once ({told}): give it once")


def overrides(seed: int | None, sets: list[str] | None) -> dict[str, Any]:
    """Return what --seed and --set say, by dotted key.

    Raises:
        InputError: a --set is no KEY=VALUE, its value is not plain YAML, or it undoes what was set
            before it.
    """
    from societies.agents.errors import SocietyError
    from societies.agents.files import documents
    from societies.errors import InputError

    given: dict[str, Any] = {}
    said = {"seed": f"--seed {seed}"} if seed is not None else {}
    for item in sets or []:
        key, equals, value = item.partition("=")
        if not key or not equals:
            raise InputError(f"--set {item}: write KEY=VALUE, such as protocol.rounds=6")
        for other, before in said.items():
            if f"{other}.".startswith(f"{key}."):
                raise InputError(f"{before} and --set {item}: the one undoes the other; give one")
        said[key] = f"--set {item}"
        try:
            given[key] = documents.yaml_document(value, "the value").data
        except SocietyError as error:
            raise InputError(f"--set {key}: {error}") from error
    if seed is not None:
        given["seed"] = seed
    return given
