"""What a run has used."""

from dataclasses import dataclass

from societies.agents.models.base import Completion


@dataclass(slots=True)
class Totals:
    """What a run has used so far."""

    calls: int = 0
    answers: int = 0
    """What came of the calls: one that is asked for again takes several."""
    journalled: int = 0
    """Calls answered from the journal, without asking a model."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Of the completions' tokens, those that were thought before the replies, as far as told."""
    cost: float = 0.0
    """US dollars, over the calls and works that have a known price."""
    unpriced: int = 0
    """Calls and works that have no known price."""
    given_up: int = 0
    """Requests given up, at a time-out or as too long a reply, that may have to be paid for."""

    def add(self, completion: Completion, *, journalled: bool) -> None:
        """Count one completion."""
        self.calls += 1
        self.journalled += journalled
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens
        self.reasoning_tokens += completion.reasoning_tokens
        if journalled:
            self.given_up += completion.given_up
        self.pay(completion.cost)

    def pay(self, cost: float | None) -> None:
        """Count a price, if it is known."""
        if cost is None:
            self.unpriced += 1
        else:
            self.cost += cost
