"""Answers to mathematical questions: read from a LaTeX box, and compared by value and form."""

from societies.agents.answers.mathematics.equality import (
    number,
    quantity,
    same_mathematics,
    same_number,
    same_quantity,
    same_text,
)
from societies.agents.answers.mathematics.reading import (
    boxed,
    ends_with_box,
    last_box,
    read_mathematics,
    read_number,
    read_words,
)

__all__ = [
    "boxed",
    "ends_with_box",
    "last_box",
    "number",
    "quantity",
    "read_mathematics",
    "read_number",
    "read_words",
    "same_mathematics",
    "same_number",
    "same_quantity",
    "same_text",
]
