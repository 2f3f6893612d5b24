"""Model calls: the one way from an agent to a language model, through the journal."""

import asyncio
import difflib
from collections.abc import Callable
from dataclasses import dataclass

from societies.agents.agent import Call, LLMAgent
from societies.agents.models.base import Completion, LanguageModel, ModelSpec, Request
from societies.errors import ReplayDiffersError, RunInterruptedError
from societies.journal import Entry, Journal
from societies.scheduler import Interaction


@dataclass(slots=True)
class Totals:
    """What a run has used so far."""

    calls: int = 0
    journalled: int = 0
    """Calls answered from the journal, without asking a model."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """US dollars, over the calls that have a known price."""
    unpriced: int = 0
    """Calls whose model has no known price."""

    def add(self, completion: Completion, *, journalled: bool) -> None:
        """Count one completion."""
        self.calls += 1
        self.journalled += journalled
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens
        if completion.cost is None:
            self.unpriced += 1
        else:
            self.cost += completion.cost


class Calls:
    """Every model call of one run: keyed by program order, journalled, counted, bounded.

    Args:
        journal: where completions are recorded and looked up; None keeps none.
        open_model: returns the language model of a specification, asked for once per model; it may
            be replaced (by one that wraps it, say) as long as no call was made.
        in_flight: how many calls may be under way per model.
        live: False takes completions from the journal only (replay).
    """

    def __init__(
        self,
        journal: Journal | None,
        open_model: Callable[[ModelSpec], LanguageModel],
        in_flight: int,
        *,
        live: bool = True,
    ) -> None:
        self.journal = journal
        self.totals = Totals()
        self.live = live
        self.stopping: str | None = None
        self.open_model = open_model
        self._in_flight = in_flight
        self._models: dict[str, tuple[LanguageModel, asyncio.Semaphore]] = {}
        self._unused = journal.size if journal else 0

    async def complete(self, interaction: Interaction, agent: LLMAgent, request: Request) -> Call:
        """Return the journalled completion of this call, or ask the agent's model.

        Raises:
            ReplayDiffersError: the journal holds another request under this call's key.
            RunInterruptedError: the run is being stopped.
            ModelError: the model cannot answer.
        """
        number = interaction.next_call(agent.name)
        key = f"{interaction.scope}#{agent.name}#{number}"
        spec = agent.model_spec
        digest = request.digest(spec.fingerprint)
        entry = self.journal.find(key) if self.journal else None
        if entry is not None:
            self._unused -= 1
            if entry.request != digest:
                raise ReplayDiffersError(self._difference(entry, request, spec))
            completion = entry.completion
        elif not self.live:
            raise ReplayDiffersError(f"call {key} is not in the journal: it was never recorded")
        else:
            completion = await self._ask(spec, request, key)
            if self.journal:
                self.journal.append(key, digest, request, spec, completion)
        self.totals.add(completion, journalled=entry is not None)
        return Call(key, digest, request, completion)

    def check_all_used(self) -> None:
        """Raise unless every journalled call was asked again.

        Raises:
            ReplayDiffersError: some were not.
        """
        if self._unused and self.journal:
            raise ReplayDiffersError(
                f"{self._unused} of {self.journal.size} journalled calls were not asked again"
            )

    async def _ask(self, spec: ModelSpec, request: Request, key: str) -> Completion:
        if spec.fingerprint not in self._models:
            slots = asyncio.Semaphore(self._in_flight)
            self._models[spec.fingerprint] = (self.open_model(spec), slots)
        model, slots = self._models[spec.fingerprint]
        async with slots:
            if self.stopping:
                raise RunInterruptedError(self.stopping)
            return await model.complete(request, key)

    def _difference(self, entry: Entry, request: Request, spec: ModelSpec) -> str:
        """Say what differs between the journalled request and the one asked now."""
        if self.journal is None:
            return ""
        recorded = [self.journal.message(digest) for digest in entry.messages]
        before = [f"model: {self.journal.sampling(entry.model)}"]
        now = [f"model: {spec.sampling()}"]
        for role, content in recorded:
            before += f"[{role}] {content}".splitlines()
        for message in request.messages:
            now += f"[{message.role}] {message.content}".splitlines()
        lines = difflib.unified_diff(before, now, "recorded", "asked now", n=1, lineterm="")
        return f"call {entry.key} asks something else than was recorded:\n" + "\n".join(lines)
