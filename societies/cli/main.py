"""The command `societies`. Everything heavy is imported by the command that needs it."""

import signal
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from societies.agents.errors import PromptError, SocietyError
from societies.cli.options import File, Seed, Sets, overrides
from societies.cli.output import say
from societies.cli.population import population
from societies.runs.formats import Suffix

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Societies of persona-conditioned language-model agents: run them, resume them exactly, "
    "replay them, look into them.",
)

USAGE: Any = typer.BadParameter.__mro__[1]
"""Every error of usage; whether Typer, or Click below it, defines it, depends on the version."""

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run's directory.")]
Out = Annotated[Path, typer.Option(help="Where run directories are made.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"societies {version('societies')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Take what stands before any command."""


@app.command("list")
def list_scenarios() -> None:
    """List the scenarios and their shipped files."""
    from societies import registry

    for name in registry.names():
        scenario = registry.find(name)
        say(f"{name}: {scenario.title}")
        for file in scenario.files():
            first = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
            say(f"  {f'{name}/{file.stem}':32} {first}")


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="A scenario, or one shipped file (donor_game/demo).")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to copy it.")
    ] = None,
    scenario: Annotated[
        bool, typer.Option("--scenario", help="Write a new scenario NAME: a small, whole game.")
    ] = False,
) -> None:
    """Copy a shipped scenario's YAML and prompts, or write a new scenario, to start from."""
    from societies.cli.init import copy_scenario, write_scenario

    for path in (write_scenario if scenario else copy_scenario)(name, folder):
        say(path)


@app.command()
def validate(file: File, seed: Seed = None, sets: Sets = None) -> None:
    """Check a scenario file; nothing is run."""
    from societies.config.probes import unshown
    from societies.loading.load import confounded_factors, left_out, load

    config, scenario = load(file, overrides(seed, sets))
    repeated = [] if config.interventions else unshown(config.probes)
    for warning in (*confounded_factors(config), *repeated):
        say(warning, err=True)
    size = config.population.size
    say(f"{file} is valid: {scenario.name}, {size:,} agents (societies estimate counts its calls)")
    for note in left_out(config, scenario):
        say(f"note: {note}")


@app.command()
def estimate(
    file: File,
    seed: Seed = None,
    sets: Sets = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate as JSON.")] = False,
) -> None:
    """Estimate the calls, tokens and cost of a run as a range; nothing is asked or spent."""
    from societies.cli.estimate import show_estimate
    from societies.loading.load import load

    config, scenario = load(file, overrides(seed, sets))
    show_estimate(config, scenario, as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    import json

    from societies.loading.load import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@app.command()
def run(
    file: File, seed: Seed = None, sets: Sets = None, out: Out = Path("runs"), quiet: Quiet = False
) -> None:
    """Run a scenario; the last line printed is the run's directory."""
    from societies.cli.progress import watch_with
    from societies.execute.run import run as run_scenario

    given = overrides(seed, sets)
    _perform(lambda: run_scenario(file, out=out, sets=given, watch=watch_with(quiet=quiet)))


@app.command()
def resume(path: RunPath, sets: Sets = None, quiet: Quiet = False) -> None:
    """Finish an interrupted run; nothing that was answered is asked again.

    --set may raise limits, or say where a model is reached now; it cannot change what is asked.
    """
    from societies.cli.progress import watch_with
    from societies.execute.resume import resume as resume_run

    given = overrides(None, sets)
    _perform(lambda: resume_run(path, sets=given, watch=watch_with(quiet=quiet)))


@app.command()
def fork(
    path: RunPath,
    at: Annotated[str, typer.Option(metavar="SCOPE", help="Where the fork begins: g3/game1.")],
    sets: Sets = None,
    out: Out = Path("runs"),
    quiet: Quiet = False,
) -> None:
    """Re-execute a run from its journal up to a scope, and go live from there, changed."""
    from societies.cli.progress import watch_with
    from societies.execute.fork import fork as fork_run

    changes, watch = overrides(None, sets), watch_with(quiet=quiet)
    _perform(lambda: fork_run(path, at, sets=changes, out=out, watch=watch))


@app.command()
def replay(path: RunPath, quiet: Quiet = False) -> None:
    """Re-execute a finished run from its journal alone, and compare the records."""
    from societies.cli.progress import watch_with
    from societies.execute.replay import left_out
    from societies.execute.replay import replay as replay_run

    replayed = replay_run(path, watch=watch_with(quiet=quiet))
    say("replayed: every request and every row is the same", err=True)
    for what in left_out(replayed):
        say(f"not compared: {what}", err=True)
    say(replayed.path)


@app.command()
def rebuild(path: RunPath, quiet: Quiet = False) -> None:
    """Write a run's tables and run.json anew from its journal alone; nothing is asked."""
    from societies.cli.progress import watch_with
    from societies.execute.rebuild import rebuild as rebuild_run

    rebuilt = rebuild_run(path, watch=watch_with(quiet=quiet))
    say("rebuilt: the tables and run.json are written anew", err=True)
    say(rebuilt.path)


@app.command()
def show(
    paths: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="A run's directory, or several.")
    ],
    call: Annotated[
        str | None, typer.Option(help="Print one call's full prompt and reply.")
    ] = None,
    transcript: Annotated[bool, typer.Option("--transcript", help="Print the story.")] = False,
    plots: Annotated[bool, typer.Option("--plots", help="Draw the plots into RUN/plots.")] = False,
    suffix: Annotated[Suffix | None, typer.Option("--format", help="Draw them as these.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Show a run: its summary and results, one call, its story, or its plots.

    Several runs are compared: what was set differently, where they part, what came of it.
    """
    from societies.cli import show as display
    from societies.runs.run import Run

    if len(paths) > 1:
        _compare(paths, as_json=as_json, other=bool(call or transcript or plots or suffix))
        return
    found = Run(paths[0]).remembering()  # results and plots are made of the same tables
    if call is None or plots:
        found.check()
    if call is not None:
        display.show_call(found, call)
    elif transcript:
        display.show_transcript(found)
    elif as_json:
        display.show_json(found)
    else:
        display.show_summary(found)
        if found.status == "finished":
            from societies.cli.estimate import show_against_actual

            show_against_actual(found)
    if plots or suffix:
        display.draw_plots(found, suffix or "png")


app.command()(population)


def _compare(paths: list[Path], *, as_json: bool, other: bool) -> None:
    from societies.cli import compare
    from societies.errors import InputError
    from societies.runs.run import Run

    if other:
        raise InputError("--call, --transcript and --plots show one run; name only one")
    runs = [Run(path) for path in paths]
    for run in runs:
        run.check()
    (compare.show_comparison_json if as_json else compare.show_comparison)(runs)


def _perform(work: Callable[[], Any]) -> None:
    """Run something that makes or finishes a run; print its directory, whatever the end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for sent in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sent) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(sent, _stop)
    try:
        say(work().path)
    except SocietyError as error:
        if error.run is None:
            raise
        say(f"{type(error).__name__.removesuffix('Error')}: {error}", err=True)
        if isinstance(error, PromptError):
            say("correct the prompt, and run it anew", err=True)
        else:
            say(f"resume it with: societies resume {error.run}", err=True)
        say(error.run)
        raise typer.Exit(_code(error)) from error


def _stop(number: int, _: FrameType | None) -> None:
    """End a run as Ctrl-C does; whoever tells it twice, as shells do, hurries nobody.

    Raises:
        KeyboardInterrupt: always.
    """
    for sent in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sent, signal.SIG_IGN)
    raise KeyboardInterrupt(f"stopped by {signal.Signals(number).name}")


def _code(error: SocietyError) -> int:
    from societies.errors import exit_code

    return exit_code(error)


def _tell_usage(error: Any) -> None:
    """Print what is wrong with the arguments; they may hold anything."""
    told = StringIO()
    if error.ctx is not None:
        error.ctx.color = True  # else Typer drops what looks like a colour, and nobody sees it
    error.show(told)
    say(told.getvalue().rstrip("\n"), err=True)


def main() -> None:
    """Run the command line; errors of ours are told in words, with their exit code."""
    try:
        sys.exit(app(standalone_mode=False))
    except USAGE as error:
        _tell_usage(error)
        sys.exit(error.exit_code)
    except SocietyError as error:
        say(f"error: {error}", err=True)
        sys.exit(_code(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        say(f"error: {place}{error.strerror or error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
