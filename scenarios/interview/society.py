"""The interview: everybody is asked everything, and nobody remembers having been asked."""

from dataclasses import replace

from societies.agents.persona.persona import Persona
from societies.agents.population import Person
from societies.hooks.questionnaires import Questionnaire
from societies.kit import Agent, Play, Society
from societies.scenarios.interview.answers import Name, TwentyStatements, Verdicts
from societies.scenarios.interview.protocol import InterviewProtocol, kept_blocks
from societies.scenarios.interview.records import Guess, Judgement, SelfDescription

Subject = tuple[Agent, Person]
"""An agent, and the whole person whom it portrays, perhaps in part."""


class Interview(Society[InterviewProtocol]):
    """Questionnaires, choices and self-descriptions, asked as their papers ask (see README)."""

    records = (SelfDescription, Judgement, Guess)

    async def play(self) -> Play:
        """Ask everybody; one Mesa step is one cell of a questionnaire's grid, or one task."""
        people = self.population.people(self.config.population.size)
        subjects = [subject for person in people for subject in self.enroll_versions(person)]
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
        for asked, task, name, title in (
            (self.protocol.twenty_statements, self.describe_self, "twenty-statements", "knower"),
            (self.protocol.guess_who, self.guess_who, "guess-who", "guesser"),
        ):
            if asked:
                judges = [self.enroll_judge(f"{agent.name} {title}") for agent, _ in subjects]
                for judge, (agent, person) in zip(judges, subjects, strict=True):
                    work, scope = task(agent, judge, person), f"{name}/{agent.name}"
                    self.schedule(work, agents=[agent, judge], scope=scope)
                yield

    def enroll_versions(self, person: Person) -> list[Subject]:
        """Let a person join, once per ablation."""
        name = numbered(person)
        versions = {
            f"{name}-{ablation}": replace(person.only(kept_blocks(ablation)), group=ablation)
            for ablation in self.protocol.ablations
        }
        joining = versions or {name: person}
        return [(self.enroll(who, person=version), person) for who, version in joining.items()]

    def enroll_baseline(self) -> list[Agent]:
        """Let agents without a persona join (Lee et al. 2024, arXiv 2408.09049)."""
        nobody = Person(index=-1, group="baseline", persona=Persona(), model=self.config.model)
        return [
            self.enroll(f"baseline{number:04}", role="baseline", person=nobody)
            for number in range(self.protocol.baseline)
        ]

    def enroll_judge(self, name: str) -> Agent:
        """Let a judge join, in a model seat of its own."""
        return self.enroll(name, role="judge", person=self.staff("judge"))

    async def describe_self(self, agent: Agent, judge: Agent, person: Person) -> None:
        """Twenty Statements Test: the agent says who it is; who knows the person judges it."""
        said = await agent.aside(
            "twenty_statements",
            TwentyStatements,
            fallback=TwentyStatements.model_construct(known=[], hidden=[]),
            attempts=self.protocol.attempts,
        )
        who, statements = identity(person), [*said.known, *said.hidden]
        row = SelfDescription(identity=who, **dict(said), outcome=said.outcome)
        self.record(row, agent)
        if not statements:
            return
        known = person.persona.without_secrets()
        judged = await judge.aside(
            "verdicts",
            Verdicts,
            fallback=Verdicts(verdicts=[]),
            attempts=self.protocol.attempts,
            identity=who,
            statements=statements,
            person=known,
            description=self.render("persona", persona=known),
        )
        share = sum(judged.verdicts) / len(statements) if judged.verdicts else None
        found = Judgement(
            subject=agent.name,
            identity=who,
            verdicts=judged.verdicts,
            share=share,
            outcome=judged.outcome,
        )
        self.record(found, judge)

    async def guess_who(self, agent: Agent, judge: Agent, person: Person) -> None:
        """Guess Who: from the persona's text alone, whom does it portray?"""
        found = await judge.aside(
            "guess_who",
            Name,
            fallback=Name(name=""),
            attempts=self.protocol.attempts,
            profile=self.render("persona", persona=agent.told_persona.without_secrets()),
        )
        who = identity(person)
        same = found.name.strip().casefold() == who.strip().casefold()
        row = Guess(
            subject=agent.name,
            identity=who,
            guess=found.name,
            reason=found.reason,
            correct=None if found.outcome == "defaulted" else same,
            outcome=found.outcome,
        )
        self.record(row, judge)


def numbered(person: Person) -> str:
    """Return what a person is called by its number."""
    return f"p{person.index:04}"


def identity(person: Person) -> str:
    """Return whom all versions of a person portray."""
    return person.persona.identity or numbered(person)
