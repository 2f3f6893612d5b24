"""Administering an instrument: every item asked out of band, every answer in table `responses`."""

from dataclasses import replace
from typing import Any, Literal

from pydantic_core import to_json

from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import Answer
from societies.agents.instruments.answers import Choice, FormAnswers, Said, item_label
from societies.agents.instruments.design import Cell, Design, Form, cells, form, select
from societies.agents.models.base import ModelSpec
from societies.agents.streams import stream
from societies.config.probes import Probe
from societies.config.schema import RunConfig
from societies.hooks.experience import NONE, Experience
from societies.record.types import Response
from societies.stage import Stage


class Questionnaire:
    """An instrument with the design of its administration, prepared once for all agents.

    Args:
        name: how tables refer to the instrument.
        instrument: what is asked.
        design: how.
    """

    def __init__(self, name: str, instrument: Any, design: Design) -> None:
        self.name = name
        self.instrument = instrument
        self.design = design
        self.questions = select(design, instrument.questions())
        self.cells = cells(design)
        self.instruction = getattr(instrument, "instruction", "")
        self._forms: dict[Cell, list[Form]] = {}

    @classmethod
    def of(cls, design: Design, config: RunConfig) -> "Questionnaire":
        """Return the questionnaire of a design, from the file's instruments or the shipped ones."""
        return cls(design.instrument, config.instrument(design.instrument), design)

    @classmethod
    def of_probe(cls, probe: Probe, config: RunConfig) -> "Questionnaire":
        """Return the questionnaire of a probe; open questions go by the probe's name."""
        return cls(probe.instrument or probe.title, config.questions_of(probe), probe)

    def forms(self, cell: Cell) -> list[Form]:
        """Return all questions as a cell of the grid shows them."""
        if cell not in self._forms:
            shown = cell
            if self.design.batch == "form" and cell.label_style == "own":
                shown = replace(cell, label_style="numbers")  # letters name the items
            self._forms[cell] = [form(question, shown) for question in self.questions]
        return self._forms[cell]

    async def administer(
        self,
        stage: Stage,
        agent: LLMAgent,
        cell: Cell,
        experience: Experience = NONE,
        *,
        probe: str = "",
        moment: str = "",
        occasion: int | None = None,
    ) -> None:
        """Ask one agent everything in one cell of the grid.

        Args:
            stage: where it is recorded.
            agent: who is asked.
            cell: how.
            experience: what it is shown first of what it has lived.
            probe: name of the probe, if it is one.
            moment: when, in words.
            occasion: how often this agent was asked before; by default the repeat, from 0.
        """
        forms = list(self.forms(cell))
        occasion = cell.repeat - 1 if occasion is None else occasion
        if self.design.item_order == "shuffled":
            stream(stage.seed, "item order", agent.name, cell.name, occasion).shuffle(forms)
        note = _Note(self, stage, agent, cell, probe, moment, occasion)
        if self.design.batch == "form":
            await self._ask_form(agent, forms, experience, note)
            return
        for position, each in enumerate(forms, start=1):
            first = await self._ask(agent, each, experience, occasion)
            note.write(each, position, 1, first)
            if self.design.reask:
                again = await self._ask_again(agent, each, experience, occasion, first)
                note.write(each, position, 2, again)

    async def _ask(
        self,
        agent: LLMAgent,
        each: Form,
        experience: Experience,
        occasion: int,
        earlier: int | None = None,
    ) -> Any:
        is_open = each.question.kind == "open"
        kind: type[Answer] = Said if is_open else Choice
        return await agent.aside(
            each.template,
            kind,
            fallback=Said(raw="") if is_open else Choice(value=None),
            attempts=self.design.attempts,
            explain=False,
            context=self._remembered,
            history=experience.messages,
            above=experience.account,
            purpose="questionnaire",
            lived=experience.turns,
            form=each,
            instruction=self.instruction,
            occasion=occasion,
            earlier=earlier,
            score_by=self.design.score_by,
        )

    @property
    def _remembered(self) -> Literal["shared", "fresh"]:
        return "shared" if self.design.context == "shared" else "fresh"

    async def _ask_again(
        self, agent: LLMAgent, each: Form, experience: Experience, occasion: int, first: Any
    ) -> Any:
        """Repeat the question verbatim behind its first answer (Yang et al. 2024)."""
        text = agent.society.render(
            each.template, agent=agent, form=each, instruction=self.instruction
        )
        behind = experience.followed_by(text, first.raw)
        return await self._ask(agent, each, behind, occasion, first.value)

    async def _ask_form(
        self, agent: LLMAgent, forms: list[Form], experience: Experience, note: "_Note"
    ) -> None:
        """Ask the whole form in one call."""
        answers = await agent.aside(
            "whole_form",
            FormAnswers,
            fallback=FormAnswers(values=[None] * len(forms)),
            attempts=self.design.attempts,
            explain=False,
            context=self._remembered,
            history=experience.messages,
            above=experience.account,
            purpose="questionnaire",
            lived=experience.turns,
            forms=forms,
            labels=[item_label(place) for place in range(len(forms))],
            kinds={each.question.kind: each for each in forms},
            instruction=self.instruction,
            occasion=note.occasion,
        )
        for position, (each, value) in enumerate(zip(forms, answers.values, strict=True), start=1):
            choice = Choice(value=value, refused=answers.refused, raw=answers.raw)
            note.write(each, position, 1, choice.marked(answers.outcome))


class _Note:
    """Writes the answers of one administration to table `responses`."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        stage: Stage,
        agent: LLMAgent,
        cell: Cell,
        probe: str,
        moment: str,
        occasion: int,
    ) -> None:
        self.occasion = occasion
        self._stage = stage
        self._agent = agent
        design = questionnaire.design
        self._common = {
            "instrument": questionnaire.name,
            "probe": probe,
            "moment": moment,
            "occasion": occasion,
            "option_order": cell.option_order,
            "scale_direction": cell.scale_direction,
            "wording": cell.wording,
            "batch": design.batch,
            "context": design.context,
            "repeat": cell.repeat,
            "seed": stage.seed,
            "model": agent.model_spec.name,
            "label": stage.label(agent.model_spec),
            "decoding": decoding(agent.model_spec),
        }

    def write(self, each: Form, position: int, asking: int, answer: Any) -> None:
        """Record one answer."""
        question = each.question
        self._stage.record(
            Response(
                **self._common,
                item=question.id,
                kind=question.kind,
                trait=question.trait,
                reversed=question.reversed,
                points=len(question.options),
                pair=question.pair,
                question=each.asked,
                template=each.template,
                label_style=each.labels,
                position=position,
                asking=asking,
                value=answer.value,
                answer=each.words(answer.value),
                score=question.score(answer.value),
                refused=answer.refused,
                outcome=answer.outcome,
                probabilities=answer.probabilities,
                reply=answer.raw,
            ),
            self._agent,
        )


def decoding(spec: ModelSpec) -> str:
    """Return how a model is sampled, as a JSON object."""
    return to_json(
        {name: value for name, value in spec.sampling().items() if name != "name"}
    ).decode()
