"""What differs between what was recorded and what is asked now, in words."""

import difflib
from collections.abc import Sequence
from shlex import quote

from pydantic_core import to_json

from societies.agents.models.base import ModelSpec, Request
from societies.record.journal import Entry, Journal
from societies.record.work import Intent


def between_requests(
    journal: Journal | None, entry: Entry, request: Request, spec: ModelSpec
) -> str:
    """Say what differs between a journalled request and the one asked now."""
    if journal is None:
        return ""
    before = [f"model: {journal.sampling(entry.model)}"]
    now = [f"model: {spec.sampling()}"]
    for role, content in map(journal.message, entry.messages):
        before += f"[{role}] {content}".splitlines()
    for message in request.messages:
        now += f"[{message.role}] {message.content}".splitlines()
    return f"call {quote(entry.key)} asks something else than was recorded:\n" + _diff(before, now)


def between_works(begun: Intent, intent: Intent) -> str:
    """Say what differs between journalled work and what is asked for now."""
    before, now = (
        to_json({"kind": each.kind, "asked": each.asked}, indent=2).decode().splitlines()
        for each in (begun, intent)
    )
    return f"{quote(begun.key)} is to do something else than was recorded:\n" + _diff(before, now)


def _diff(before: Sequence[str], now: Sequence[str]) -> str:
    return "\n".join(difflib.unified_diff(before, now, "recorded", "asked now", n=1, lineterm=""))
