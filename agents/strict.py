"""The base of everything a user writes in YAML."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A frozen record that knows all its keys: an unknown one is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
