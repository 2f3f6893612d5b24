"""`societies population`: who would be drawn, against what was asked for."""

from pathlib import Path
from typing import Annotated

import typer


def population(
    file: Annotated[
        str, typer.Argument(help="A YAML file, or a shipped name such as donor_game/demo.")
    ],
    plot: Annotated[Path | None, typer.Option(help="Draw the distributions into this PNG.")] = None,
    show: Annotated[int, typer.Option(help="How many personas to show in full.")] = 2,
) -> None:
    """Draw a scenario's population and show it against what was asked for; nothing is run."""
    from societies.agents.population import Population, describe
    from societies.agents.prompts import Prompts
    from societies.loading import load

    config, scenario = load(file)
    people = Population(config.population, config.model, config.seed).people(config.population.size)
    prompts = Prompts([scenario.folder / "prompts"], config.prompts)
    typer.echo(f"{len(people):,} people, seed {config.seed}")
    typer.echo(describe.table(describe.lines(config.population, people)))
    for person in people[:show]:
        text = prompts.render("persona", {"persona": person.persona, "protocol": config.protocol})
        typer.echo(f"\nperson {person.index} ({person.group or 'everybody'}):\n{text}")
    if plot is not None:
        describe.plot(config.population, people, plot)
        typer.echo(plot)
