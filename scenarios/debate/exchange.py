"""Changes of mind: what a debater held before, and what it had heard from the others."""

from dataclasses import dataclass

from societies.scenarios.debate.questions import Question, matches
from societies.scenarios.debate.records import Posed, Statement


@dataclass(frozen=True, slots=True)
class Turn:
    """A position that can be compared with the same debater's of the round before."""

    before: Statement
    changed: bool
    """Whether the answers differ, by the rules of the question's kind."""
    opposed: tuple[str, ...]
    """Who of those that it had heard held another answer than it did itself."""
    holders: tuple[str, ...]
    """Who of those that it had heard held the answer that it holds now."""

    @property
    def yielded_to(self) -> tuple[str, ...]:
        """Whose answer it took on; nobody's if it kept its own, or found a new one."""
        return self.holders if self.changed else ()


class Exchange:
    """The positions on one question, in the order in which they are taken.

    Args:
        posed: the question.
        in_turns: whether a debater hears who spoke before it in the same round, as before a judge;
            otherwise the turns of a round are simultaneous, and it hears the round before.
    """

    def __init__(self, posed: Posed, *, in_turns: bool) -> None:
        self._question = Question(
            name=posed.question,
            kind=posed.kind,
            text=posed.text,
            accepted=tuple(posed.accepted),
        )
        self._in_turns = in_turns
        self._taken: dict[tuple[str, int], list[Statement]] = {}

    def take(self, agent: str, now: Statement) -> Turn | None:
        """Take down a position, and compare it with the same debater's of the round before.

        Returns:
            None where there is none, or where one of the two could not be read.
        """
        own = self._taken.setdefault((agent, now.sample), [])
        last = own[-1] if own and own[-1].round == now.round - 1 else None
        heard = self._heard(agent, now.round)
        own.append(now)
        if last is None or last.answer is None or now.answer is None:
            return None
        return Turn(
            before=last,
            changed=not self._same(now.answer, last.answer),
            opposed=tuple(o for o, held in heard.items() if not self._same(held, last.answer)),
            holders=tuple(o for o, held in heard.items() if self._same(now.answer, held)),
        )

    def _heard(self, agent: str, number: int) -> dict[str, str]:
        """Return what each of the others held when last heard, where that could be read."""
        heard = {}
        for (other, _), taken in self._taken.items():
            known = [each for each in taken if self._in_turns or each.round < number]
            if other != agent and known and (answer := known[-1].answer) is not None:
                heard[other] = answer
        return heard

    def _same(self, one: str, other: str) -> bool:
        return matches(self._question, one, other)
