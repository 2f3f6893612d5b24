"""Tokens of a prompt counted without its model's tokenizer: rather too many than too few.

The count follows from the text alone, so that what is left out of a prompt is the same in a
replay, whatever is installed. For that reason it never changes: prompts of recorded runs depend on
it. On 2,500 prompts and replies of the scenarios it was never below that of three tokenizers
(SmolLM2, cl100k_base, Claude's published one), and 1.3 to 1.5 times theirs in all. Words that are
no words (`xqzvbn`) may take more.
"""

import re

PIECE = re.compile(r"[A-Za-z]+|\n+|[^\sA-Za-z]")
LETTERS_PER_TOKEN = 3
MESSAGE_TOKENS = 8
"""What stands around a message: its role, its beginning and its end."""


def message_tokens(content: str) -> int:
    """Return how many tokens a message is taken for, with what stands around it."""
    return MESSAGE_TOKENS + count_tokens(content)


def count_tokens(text: str) -> int:
    """Return how many tokens a text is taken for.

    A third of every word's letters, rounded up; one for each digit, sign and run of line breaks;
    for whatever is not ASCII as many as it has bytes in UTF-8.
    """
    return sum(map(_tokens, PIECE.findall(text)))


def _tokens(piece: str) -> int:
    if not piece.isascii():
        return len(piece.encode())
    return -(-len(piece) // LETTERS_PER_TOKEN) if piece.isalpha() else 1
