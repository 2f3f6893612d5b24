"""How real language models follow the prompts of every scenario: `make real`, or with more models.

Every shipped `small_model.yaml` is played by every model file that is given, behind a llama.cpp
server on loopback. A run that does not finish, or cannot be replayed, is an error.

    python -m benchmarks.real_models --python .venv-real/bin/python MODEL.gguf ...
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

import societies
from benchmarks.real_plays import PLAYS, SMALL, Play
from benchmarks.real_serving import served
from benchmarks.timing import table
from societies.agents.answers.answer import OUTCOMES
from societies.agents.errors import SocietyError
from societies.runs.run import Run

HEAD = ("", "answers", *OUTCOMES, "calls each", "tokens read each", "written each", "seconds")
BY_SCHEMA = ("donor_game", "judged")
"""Plays in which answers have a schema: structured answers change nothing in the others."""

Row = tuple[str, ...]


def cases(asked: argparse.Namespace) -> dict[str, Play]:
    """Return what is played, by name."""
    found = dict(PLAYS if asked.all else SMALL)
    if asked.structured:
        found |= {
            f"{name}, structured": replace(PLAYS[name], is_structured=True) for name in BY_SCHEMA
        }
    return found


def measure(model: Path, asked: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of one model, play by play; what was played before into `--out` stands.

    Raises:
        SocietyError: a run does not finish, or its replay differs.
    """
    options = ("--threads", str(asked.threads))
    with served(model, asked.python, options) as address:
        for name, case in cases(asked).items():
            print(f"{model.name}: {name}", file=sys.stderr, flush=True)
            out = asked.out / model.stem / name.replace(" ", "_").replace(",", "")
            yield from rows(name, societies.replay(played(case, address, out)))


def played(case: Play, address: str, out: Path) -> Path:
    """Return where the run of a play lies in its folder; play it unless it is there."""
    there = next(out.rglob("run.json"), None)
    if there:
        return there.parent
    return societies.run(case.file, out=out, sets=case.settings(address)).path


def rows(name: str, run: Run) -> Iterator[Row]:
    """Yield a row of figures for the whole run, and one for each of its prompts."""
    answers, calls = run.table("answers").collect(), run.table("calls").collect()
    yield (*figures(name, answers, calls), f"{run.about['seconds']:.0f}")
    prompts = answers["prompt"].unique().sort().to_list()
    for prompt in prompts if len(prompts) > 1 else ():
        of_prompt = pl.col("prompt") == prompt
        yield (*figures(f"  {prompt}", answers.filter(of_prompt), calls.filter(of_prompt)), "")


def figures(name: str, answers: pl.DataFrame, calls: pl.DataFrame) -> Row:
    """Return how answers came about, and what one took."""
    outcomes = dict(answers.group_by("outcome").len().iter_rows())
    took = [calls.height, calls["prompt_tokens"].sum(), calls["completion_tokens"].sum()]
    return (
        name,
        str(answers.height),
        *(str(outcomes.get(outcome, 0)) for outcome in OUTCOMES),
        f"{took[0] / answers.height:.2f}",
        *(f"{tokens / answers.height:.0f}" for tokens in took[1:]),
    )


def arguments() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description="How real models follow every scenario's prompts.")
    parser.add_argument("models", type=Path, nargs="+", help="GGUF files")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with xllamacpp")
    parser.add_argument("--threads", type=int, default=1, help="of the server: idle cores only")
    parser.add_argument("--all", action="store_true", help="every prompt, not the four files only")
    parser.add_argument("--structured", action="store_true", help="ask for JSON objects, too")
    parser.add_argument("--out", type=Path, help="keep the runs here, and go on")
    return parser.parse_args()


def main() -> None:
    """Print a table for each model, or say what failed."""
    asked = arguments()
    with TemporaryDirectory(prefix="societies-real-") as folder:
        asked.out = asked.out or Path(folder)
        for model in asked.models:
            try:
                print(table(model.name, HEAD, list(measure(model, asked))), flush=True)
            except SocietyError as error:
                sys.exit(f"{model.name}: {error}")


if __name__ == "__main__":
    main()
