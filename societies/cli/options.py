"""Options that several commands take, and what they say."""

from typing import Annotated, Any

import typer

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


def overrides(seed: int | None, sets: list[str] | None) -> dict[str, Any]:
    """Return what --seed and --set say, by dotted key.

    Raises:
        InputError: a --set is no KEY=VALUE, or its value is not plain YAML.
    """
    from societies.agents.errors import SocietyError
    from societies.agents.files import documents
    from societies.errors import InputError

    given: dict[str, Any] = {}
    for item in sets or []:
        key, equals, value = item.partition("=")
        if not key or not equals:
            raise InputError(f"--set {item}: write KEY=VALUE, such as protocol.rounds=6")
        try:
            given[key] = documents.yaml_document(value, "the value").data
        except SocietyError as error:
            raise InputError(f"--set {key}: {error}") from error
    if seed is not None:
        given["seed"] = seed
    return given
