"""`societies export`: tables of runs as files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from societies.cli.output import say


def export(
    paths: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="A run's directory, or several.")
    ],
    csv: Annotated[bool, typer.Option("--csv", help="Write every table as CSV.")] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to.")] = Path("csv"),
    raw: Annotated[
        bool, typer.Option("--raw", help="Leave texts that begin as formulas do as they are.")
    ] = False,
) -> None:
    """Write all tables of runs as files, a file per table; nothing is overwritten.

    Several runs are written together, with a column for every parameter that differs.
    """
    from societies.errors import InputError
    from societies.runs.export import export_csv
    from societies.runs.runs import Runs

    if not csv:
        raise InputError("say as what the tables are to be written: --csv")
    for table in export_csv(Runs(paths), out, raw=raw):
        say(table.path)
        if table.defused:
            say(
                f"{table.path}: {table.defused:,} texts begin as formulas do and have an "
                "apostrophe before them (--raw leaves them as they are)",
                err=True,
            )
