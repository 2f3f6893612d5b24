"""`societies population`: who would be drawn, against what was asked for."""

from pathlib import Path
from typing import Annotated

import typer

from societies.cli.options import File, Seed, Sets, overrides
from societies.cli.output import say


def population(
    file: File,
    seed: Seed = None,
    sets: Sets = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the distributions into this PNG.")] = None,
    show: Annotated[int, typer.Option(min=0, help="How many personas to show in full.")] = 2,
) -> None:
    """Draw a scenario's population and show it against what was asked for; nothing is run."""
    from societies.agents.population import describe
    from societies.agents.population.factors import factors, joint_table, warnings
    from societies.agents.templates.prompts import Prompts
    from societies.errors import InputError
    from societies.loading.load import left_out, load

    config, scenario = load(file, overrides(seed, sets))
    spec = config.population
    people = config.draw().people(spec.size)
    prompts = Prompts([scenario.folder / "prompts"], config.prompts)
    say(f"{len(people):,} people, seed {config.seed}")
    for note in left_out(config, scenario):
        say(f"note: {note}")
    say(describe.table(describe.lines(spec, people)))
    design = factors(spec, people)
    if len(design) > 1:
        say(f"\n{joint_table(design)}")
    for warning in warnings(design):
        say(warning, err=True)
    if spec.written_as and show:
        say(f"\nAs they are drawn; a run has a model write them as {spec.written_as} first.")
    for person in people[:show]:
        text = prompts.render("persona", {"persona": person.persona, "protocol": config.protocol})
        say(f"\nperson {person.index} ({person.group or 'everybody'}):\n{text}")
    if plot is not None:
        try:
            describe.plot(spec, people, plot)
        except ValueError as error:
            raise InputError(f"--plot {plot}: {error}") from error
        say(plot)
