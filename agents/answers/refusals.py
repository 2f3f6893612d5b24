"""How a refusal is told from an answer."""

import re

VERBS = (
    r"(?:answer|say\b(?!\s+(?:that|i|enough|much)\b)|choos|select|rat(?:e|ing)\b|pick|respond|provid"
    r"|giv(?:e|ing)\b(?!\s+(?:up|in)\b)|assess|discuss|tak(?:e|ing)\s+part|help\s+(?:with|you)"
    r"|assist|comply|write\s+(?:this|that|such|a)\b)"
)
REFUSAL = re.compile(
    r"\b(?:can(?:no|')t|can not|(?:am|'m) (?:not able|unable)|won't|will not|decline|refuse"
    r"|(?:would )?rather not|prefer not|not comfortable|(?:do not|don't) (?:want|wish)"
    rf"|(?:im|not )possible for me)\b.{{0,60}}\b{VERBS}"
    r"|\b(?:rather|prefer) not(?: to)?\s*[.!]?\s*$"
    r"|\b(?:must|have to|will|i) (?:\w+ly )?decline\b"
    r"|^\W*no comment\b"
    r"|\bas an? (?:ai\b(?! \w+er\b)|artificial intelligence\b|(?:large )?language model\b"
    r"|(?:ai|virtual) assistant\b)"
    r"|\bi(?:'m| am) (?:just |only )?an? (?:ai\b(?! \w+er\b)|language model|computer program)\b"
    r"|\b(?:don't|do not) have (?:feelings|emotions|opinions|preferences|a personality"
    r"|personal (?:traits|feelings|emotions|opinions|preferences|experiences|beliefs|qualities))\b",
    re.IGNORECASE | re.DOTALL,
)


def is_refusal(text: str) -> bool:
    """Whether somebody declines to answer, as people or as language models do."""
    return REFUSAL.search(text.replace("\u2019", "'")) is not None
