"""What plots are saved as."""

from typing import Literal

Suffix = Literal["png", "svg", "pdf"]
"""The ending of a plot's file: pixels, or vectors, which print sharp at any size."""
