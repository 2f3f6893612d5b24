"""What debaters hold, round by round, and which answers are the same by the task's equality.

A debate that has ended keeps its positions: a curve over rounds is of all decided questions in each
round, not of those alone whose debate still goes on.
"""

import polars as pl

from societies.analysis.kit import Column, Runs, measure
from societies.analysis.tables import Defaulted
from societies.errors import InputError
from societies.scenarios.debate.questions import Question

SEAT = ("run", "question", "agent", "sample")
"""One agent's (with several samples, one sample's) part in one question."""
ROUND = ("run", "round")


@measure()
def table(runs: Runs, name: str) -> pl.DataFrame:
    """Return a table of all runs together, with the runs' labels.

    Raises:
        InputError: one of them is no debate.
    """
    for _, run in runs.labelled():
        if run.about["scenario"] != "debate":
            raise InputError(f"{run.path} is a run of {run.about['scenario']}, not of debate")
    return runs.rows(name).collect()


@measure()
def statements(runs: Runs) -> pl.DataFrame:
    """Return every position that a debater took, in order; see the record `Statement`.

    Base answers (round 0), which are nobody's position in the debate, are left out.
    """
    return table(runs, "statements").filter(pl.col("round") > 0)


@measure()
def decisions(runs: Runs, name: str) -> pl.DataFrame:
    """Return the rows of a table that belong to how decided questions were answered.

    That is by the scopes of the questions: probes and the writing of personas have others.
    """
    decided = table(runs, "results").select("run", "question")
    posed = table(runs, "questions").join(decided, on=["run", "question"], how="semi")
    scopes = posed.select("run", case="scope")
    rows = table(runs, name).with_columns(case=pl.col("scope").str.split("/").list.first())
    return rows.join(scopes, on=["run", "case"], how="semi", maintain_order="left").drop("case")


@measure(live=Column("whether the debate goes on until then; if not, its positions are kept"))
def held(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return what everybody held in every round of the run, of the questions that are decided.

    The other columns are those of `statements`.
    """
    decided = table(runs, "results").select("run", "question", "rounds")
    taken = statements(runs).join(decided, on=["run", "question"], maintain_order="left")
    last = taken.group_by("run", maintain_order=True).agg(pl.col("round").max())
    rounds = last.with_columns(pl.int_ranges(1, pl.col("round") + 1).alias("round"))
    grid = (
        taken.select(SEAT)
        .unique(maintain_order=True)
        .join(rounds.explode("round"), on="run", maintain_order="left")
    )
    latest = pl.col("seq").forward_fill().over(SEAT, order_by="round")
    spoken = taken.select(*SEAT, "round", "seq")
    carried = grid.join(spoken, on=[*SEAT, "round"], how="left", maintain_order="left")
    rest = taken.drop("round", "question", "agent", "sample").rename({"rounds": "used"})
    positions = (
        carried.with_columns(latest)
        .join(rest, on=["run", "seq"], maintain_order="left")
        .with_columns(live=pl.col("round") <= pl.col("used"))
        .drop("used")
    )
    return positions if defaulted == "include" else positions.filter(outcome_readable())


def counts_by_round(positions: pl.DataFrame) -> pl.DataFrame:
    """Return of how many questions every round is: run, round, `questions`, `live`."""
    question = pl.col("question")
    return positions.group_by(ROUND, maintain_order=True).agg(
        question.n_unique().cast(pl.Int64).alias("questions"),
        question.filter("live").n_unique().cast(pl.Int64).alias("live"),
    )


def outcome_readable() -> pl.Expr:
    """Return whether a reply could be read for a row."""
    return pl.col("outcome") != "defaulted"


def questions(runs: Runs) -> dict[tuple[str, str], Question]:
    """Return the questions by run and name, as far as their answers' equality goes."""
    posed = table(runs, "questions")
    return {
        (row["run"], row["question"]): Question(
            name=row["question"],
            kind=row["kind"],
            text=row["text"],
            accepted=tuple(row["accepted"]),
        )
        for row in posed.iter_rows(named=True)
    }
