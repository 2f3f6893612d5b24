"""The corpus of real replies: what models answered in runs, with all that is needed to read it.

    python -m benchmarks.real_models --all --out RUNS MODEL.gguf
    python -m benchmarks.real_replies RUNS/MODEL > tests/real_replies/MODEL.ndjson

The runs are replayed, and every reply becomes a line of JSON; letter by letter the same reply to
be read in the same way stands there once. What a careful reader finds in it (`label` and
`second_label`) is empty: people write that, and no answer type is asked for it.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import societies
from societies.agents.agent import Call, LLMAgent
from societies.agents.answers.answer import Answer, Situation, Text
from societies.agents.errors import SocietyError
from societies.agents.instruments.answers import Choice, FormAnswers, Said
from societies.agents.persona.portraits import Prose, Summary
from societies.agents.templates.views import View
from societies.runs.run import Run
from societies.scenarios.debate.answers import FinalChoice, Position, Refinement, Verdict
from societies.scenarios.donor_game.answers import GiftAnswer, StrategyAnswer
from societies.scenarios.interview.answers import Name, TwentyStatements, Verdicts
from societies.scenarios.negotiation.answers import TurnAnswer, VerdictAnswer
from societies.society import Society

READ_AS: dict[type[Answer], tuple[str, ...]] = {
    Position: ("solve", "revise", "affirm", "oppose", "respond"),
    Refinement: ("refine",),
    Verdict: ("verdict",),
    FinalChoice: ("choose",),
    Text: ("candidates", "summarise"),
    StrategyAnswer: ("strategy",),
    GiftAnswer: ("donate",),
    TurnAnswer: ("turn",),
    VerdictAnswer: ("judge",),
    Choice: (
        "rate_options",
        "rate_number",
        "rate_comparison",
        "situation_suggested",
        "situation_announced",
        "situation_bare",
        "two_actions",
    ),
    FormAnswers: ("whole_form",),
    Said: ("open_question",),
    TwentyStatements: ("twenty_statements",),
    Verdicts: ("verdicts",),
    Name: ("guess_who",),
    Prose: ("write_persona",),
    Summary: ("summarise_personality", "summarise_values"),
}
"""The answer types, and the templates whose replies are read as such."""
ANSWERS = {kind.__name__: kind for kind in READ_AS}
"""The answer types, as the lines name them."""
ANSWER_OF = {template: kind for kind, templates in READ_AS.items() for template in templates}

KEPT = (
    *("question", "sides", "resources", "counts", "history", "proposed", "judged"),
    *("form", "forms", "statements", "steps"),
)
"""What of a template's variables answers are read by, beside the protocol."""
RULES = ("fidelity", "costly_punishment")
"""What of the protocol."""
LEFT_OUT = {"accepted", "traps", "lines", "scale", "questionnaires", "task"}
"""Fields that no reader needs; the right answer, which a careful reader should not see, first."""

Line = dict[str, Any]


def replies(run: Run) -> list[Line]:
    """Return the replies of a run, in program order.

    Raises:
        ReplayDiffersError: the run cannot be replayed.
    """
    found: dict[str, Line] = {}
    questions: dict[str, str] = {}
    scenario = run.scenario.name

    def watch(society: Society) -> AbstractContextManager[None]:
        record = society.record_call

        def note(agent: LLMAgent, call: Call, problem: str | None) -> None:
            # A repair would tell what a reader made of the reply before it.
            asker = call.key.rpartition("#")[0]
            if call.request.attempt == 1:
                questions[asker] = call.request.messages[-1].content
            found[call.key] = {
                "scenario": scenario,
                "mind": agent.model_spec.name,
                **line(call, questions[asker]),
            }
            record(agent, call, problem)

        society.record_call = note  # type: ignore[method-assign]
        return nullcontext()

    societies.replay(run.path, watch=watch)
    return [found[key] for key in run.rows("calls").collect()["key"]]


def line(call: Call, question: str) -> Line:
    """Return a reply with what was asked, and what a reader is told beside it."""
    request, completion, told = call.request, call.completion, call.request.situation
    protocol = plain(told["protocol"])
    rules = {name: protocol[name] for name in RULES if name in protocol}
    return {
        "template": request.prompt,
        "answer": ANSWER_OF[request.prompt].__name__,
        "situation": plain({"protocol": rules, **{k: told[k] for k in KEPT if k in told}}),
        "question": question,
        "attempt": request.attempt,
        "as_object": request.schema is not None,
        "reply": completion.text,
        "finish_reason": completion.finish_reason,
        "key": call.key,
        "label": None,
        "second_label": None,
    }


def situation_of(line: Line) -> Situation:
    """Return what a line's answer type reads it by, as `Answer.read` takes it."""
    told = json.dumps(line["situation"])
    return Situation(vars(json.loads(told, object_hook=lambda given: Told(**given))))


class Told:
    """The fields of a JSON object as attributes."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


def plain(value: Any) -> Any:
    """Return views, lists and mappings as JSON has them."""
    match value:
        case View():
            return plain(value._data)
        case Mapping():
            return {name: plain(each) for name, each in value.items() if name not in LEFT_OUT}
        case list() | tuple():
            return [plain(each) for each in value]
    return value


def unlike(lines: Sequence[Line]) -> list[Line]:
    """Leave out what stands there before: the same reply, to be read in the same way."""
    parts = ("template", "situation", "as_object", "reply", "finish_reason")
    found: dict[str, Line] = {}
    for each in lines:
        found.setdefault(json.dumps([each[part] for part in parts]), each)
    return list(found.values())


def main() -> None:
    """Print the replies of all runs in a folder, which has the model's name."""
    parser = argparse.ArgumentParser(description="Collect the replies of a model's runs.")
    parser.add_argument("folder", type=Path, help="the runs; called as the model is")
    folder = parser.parse_args().folder
    try:
        found = [each for path in sorted(folder.rglob("run.json")) for each in of_run(folder, path)]
    except SocietyError as error:
        sys.exit(str(error))
    real = [each for each in found if not each["mind"].startswith("scripted/")]
    for each in unlike(real):
        print(json.dumps(each, ensure_ascii=False))


def of_run(folder: Path, about: Path) -> list[Line]:
    """Return the replies of one run, with the model and the play that they are from."""
    play = about.relative_to(folder).parts[0]
    named = {"model": folder.name, "play": play}
    return [{**named, **each} for each in replies(Run(about.parent))]


if __name__ == "__main__":
    main()
