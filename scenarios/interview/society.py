"""The interview: everybody is asked everything, and nobody remembers having been asked."""

from collections.abc import AsyncGenerator
from dataclasses import replace

from societies.agents.agent import LLMAgent
from societies.agents.persona.persona import Persona
from societies.agents.population import Person
from societies.hooks.questionnaires import Questionnaire
from societies.scenarios.interview.answers import Name, TwentyStatements, Verdicts
from societies.scenarios.interview.protocol import InterviewProtocol, kept_blocks
from societies.scenarios.interview.records import Guess, Judgement, SelfDescription
from societies.society import Society


class Interview(Society[InterviewProtocol]):
    """Questionnaires, choices and self-descriptions, asked as their papers ask (see README)."""

    records = (SelfDescription, Judgement, Guess)

    async def play(self) -> AsyncGenerator[None, None]:
        """Ask everybody; one Mesa step is one cell of a questionnaire's grid, or one task."""
        people = self.population.people(self.config.population.size)
        subjects = [pair for person in people for pair in self.enroll_versions(person)]
        agents = [agent for agent, _ in subjects] + self.enroll_baseline()
        for position, design in enumerate(self.protocol.questionnaires, start=1):
            questionnaire = Questionnaire.of(design, self.config)
            for cell in questionnaire.cells:
                for agent in agents:
                    self.schedule(
                        questionnaire.administer(self, agent, cell),
                        agents=[agent],
                        scope=f"{position}-{questionnaire.name}/{cell.name}/{agent.name}",
                    )
                yield
        if self.protocol.twenty_statements:
            knowers = [self.enroll_judge(f"{agent.name} knower") for agent, _ in subjects]
            for judge, (agent, person) in zip(knowers, subjects, strict=True):
                self.schedule(
                    self.describe_self(agent, judge, person),
                    agents=[agent, judge],
                    scope=f"twenty-statements/{agent.name}",
                )
            yield
        if self.protocol.guess_who:
            guessers = [self.enroll_judge(f"{agent.name} guesser") for agent, _ in subjects]
            for judge, (agent, person) in zip(guessers, subjects, strict=True):
                self.schedule(
                    self.guess_who(agent, judge, person),
                    agents=[agent, judge],
                    scope=f"guess-who/{agent.name}",
                )
            yield

    def enroll_versions(self, person: Person) -> list[tuple[LLMAgent, Person]]:
        """Let a person join, once per ablation; return the agents with the person they portray."""
        name = numbered(person)
        if not self.protocol.ablations:
            return [(self.enroll(name, person=person), person)]
        versions = []
        for ablation in self.protocol.ablations:
            version = replace(person.only(kept_blocks(ablation)), group=ablation)
            versions.append((self.enroll(f"{name}-{ablation}", person=version), person))
        return versions

    def enroll_baseline(self) -> list[LLMAgent]:
        """Let agents without a persona join (Lee et al. 2024, arXiv 2408.09049)."""
        nobody = Person(index=-1, group="baseline", persona=Persona(), model=self.config.model)
        return [
            self.enroll(f"baseline{number:04}", role="baseline", person=nobody)
            for number in range(self.protocol.baseline)
        ]

    def enroll_judge(self, name: str) -> LLMAgent:
        """Let a judge join, in a model seat of its own."""
        return self.enroll(name, role="judge", person=self.staff("judge"))

    async def describe_self(self, agent: LLMAgent, judge: LLMAgent, person: Person) -> None:
        """Twenty Statements Test: the agent says who it is; who knows the person judges it."""
        said = await agent.aside(
            "twenty_statements",
            TwentyStatements,
            fallback=TwentyStatements.model_construct(known=[], hidden=[]),
            attempts=self.protocol.attempts,
        )
        description = SelfDescription(
            identity=identity(person), known=said.known, hidden=said.hidden, outcome=said.outcome
        )
        self.record(description, agent)
        statements = [*said.known, *said.hidden]
        if not statements:
            return
        known = person.persona.without_secrets()
        judged = await judge.aside(
            "verdicts",
            Verdicts,
            fallback=Verdicts(verdicts=[]),
            attempts=self.protocol.attempts,
            identity=identity(person),
            statements=statements,
            person=known,
            description=self.render("persona", persona=known),
        )
        share = sum(judged.verdicts) / len(statements) if judged.verdicts else None
        self.record(
            Judgement(
                subject=agent.name,
                identity=identity(person),
                verdicts=judged.verdicts,
                share=share,
                outcome=judged.outcome,
            ),
            judge,
        )

    async def guess_who(self, agent: LLMAgent, judge: LLMAgent, person: Person) -> None:
        """Guess Who: from the persona's text alone, whom does it portray?"""
        found = await judge.aside(
            "guess_who",
            Name,
            fallback=Name(name=""),
            attempts=self.protocol.attempts,
            profile=self.render("persona", persona=agent.told_persona.without_secrets()),
        )
        same = found.name.strip().casefold() == identity(person).strip().casefold()
        self.record(
            Guess(
                subject=agent.name,
                identity=identity(person),
                guess=found.name,
                reason=found.reason,
                correct=None if found.outcome == "defaulted" else same,
                outcome=found.outcome,
            ),
            judge,
        )


def numbered(person: Person) -> str:
    """Return what a person is called by its number."""
    return f"p{person.index:04}"


def identity(person: Person) -> str:
    """Return whom all versions of a person portray."""
    return person.persona.identity or numbered(person)
