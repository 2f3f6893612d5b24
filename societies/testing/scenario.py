"""All checks of the kit on one scenario file."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import societies
from societies.agents.errors import SocietyError
from societies.calls.provider import provider_of
from societies.errors import InputError
from societies.loading.load import load
from societies.runs.run import Run
from societies.testing.advice import advise
from societies.testing.malformed import check_malformed_answers
from societies.testing.promises import Secrets, check_conserved, check_dry_play, check_secrets
from societies.testing.reruns import (
    check_determinism,
    check_other_process,
    check_replay,
    check_resume,
    check_steps,
)
from societies.testing.rows import check_rows

TEMPLATES_OF_AGENTS = {"system", "persona", "repair", "experience"}


def check_scenario(
    given: str | Path | Mapping[str, Any],
    *,
    sets: Mapping[str, Any] | None = None,
    seed: int | None = None,
    in_flight: Sequence[int] = (1, 8, 64),
    secrets: Secrets | None = None,
    conserved: Callable[[Run], Iterable[str]] | None = None,
    wrong_answers: int | None = None,
    other_process: bool = True,
) -> None:
    """Run a scenario file in a temporary directory, and check everything that runs promise.

    Args:
        given: a YAML file, a shipped name such as `donor_game/demo`, or the data itself. Scripted
            minds must answer; some forty runs are made, so keep it small.
        sets: values to set over it, by dotted key.
        seed: of the run; the file's by default.
        in_flight: see `check_determinism`.
        secrets: see `check_secrets`.
        conserved: see `check_conserved`.
        wrong_answers: how many are tried (`asks` of `check_malformed_answers`); all by default.
        other_process: whether to start a process for `check_other_process` (some seconds).

    Raises:
        AssertionError: a promise is broken; the text says which, and where.
        InputError: the file is wrong, or names a hosted model.

    Warns:
        ConformanceAdvice: something could not be checked.
    """
    over = {**(sets or {}), **({} if seed is None else {"seed": seed})}
    _check_offline(given, over)
    with TemporaryDirectory(prefix="societies-") as folder:
        try:
            run = societies.run(given, out=folder, sets=over)
        except InputError:
            raise
        except SocietyError as error:
            raise AssertionError(f"The run fails: {error}") from error
        check_rows(run)
        check_dry_play(run)
        check_conserved(run, conserved)
        check_secrets(run, secrets)
        check_determinism(run, in_flight)
        check_steps(run)
        check_replay(run)
        check_resume(run)
        check_malformed_answers(run, asks=wrong_answers, conserved=conserved)
        if other_process:
            check_other_process(run)
        _advise_on_templates(run)


def _check_offline(given: str | Path | Mapping[str, Any], over: Mapping[str, Any]) -> None:
    config, _ = load(given, over)
    for place, spec in config.models():
        if not provider_of(spec.name).is_free:
            key = ".".join(map(str, place))
            raise InputError(
                f"{key}: {spec.name} is not free to ask, and the kit asks some ten thousand times: "
                f"check the scenario with sets={{'{key}': {{'name': 'scripted/...'}}}}"
            )


def _advise_on_templates(run: Run) -> None:
    """Say which prompts of the scenario the run never asked."""
    shipped = {path.stem for path in (run.scenario.folder / "prompts").glob("*.j2")}
    asked = set(run.table("calls").select("prompt").collect()["prompt"])
    unused = sorted(shipped - asked - TEMPLATES_OF_AGENTS)
    if unused:
        advise(
            f"{run.scenario.name}: this run never asks {', '.join(unused)}; check a file that does"
        )
