"""The base of everything a user writes in YAML."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Strict(BaseModel):
    """A frozen record that knows all its keys: an unknown one is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def explained(error: ValidationError) -> str:
    """Return where something is wrong first, what would be right there, and what was found."""
    details = error.errors(include_url=False)
    place = details[0]["loc"][:2]
    wanted = [detail["msg"] for detail in details if detail["loc"][:2] == place]
    told = ", or ".join(dict.fromkeys(wanted)).replace("or Input should", "or it should")
    return f"{'.'.join(map(str, place))}: {told}; found {details[0]['input']!r}"
