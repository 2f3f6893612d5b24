"""Whether an agent was asked the same again: then nothing of the run was shown between occasions.

A change between two identical requests is noise of the model's sampling, whatever took place
between them, and no statistic of it says anything about the run.
"""

import polars as pl

from societies.analysis.measures import measure_each
from societies.runs.run import Run

NOTHING = "nothing of the run was shown: the requests are identical"
ASKED = ["agent", "probe", "instrument", "context", "occasion"]
"""What one occasion of a probe is."""


@measure_each()
def requests(run: Run) -> pl.DataFrame:
    """Return what every agent was sent on each occasion of a probe: `ASKED`, and `requests`.

    `requests` are the hashes of all first questions in order; questions that are asked again behind
    their own answer are left out. Answers without a probe have no row.
    """
    place = pl.int_range(pl.len()).over("scope")
    answers = run.table("responses").filter(pl.col("probe") != "").sort("seq")
    calls = run.table("calls").filter(
        pl.col("attempt") == 1, pl.col("scope").str.starts_with("probe/")
    )
    sent = calls.sort("seq").with_columns(alone=pl.len().over("scope") == 1)
    by_form = sent.filter("alone").select("scope", form="request")
    by_item = sent.select("scope", "request", place=place)
    return (
        answers.with_columns(place=place)
        .join(by_form, on="scope", how="left")
        .join(by_item, on=["scope", "place"], how="left")
        .filter(pl.col("asking") == 1)
        .group_by(ASKED)
        .agg(
            pl.coalesce("form", "request")
            .unique()
            .sort()
            .str.join(" ", ignore_nulls=False)
            .alias("requests")
        )
        .sort(ASKED)
        .collect()
    )


def unshown(run: Run) -> list[str]:
    """Return a warning for every probe whose later occasions asked nobody anything new."""
    if run.table("responses").head(1).collect().is_empty():
        return []
    own = ["agent", "probe", "instrument", "context"]
    repeated = requests(run).group_by(own).agg(
        pl.len().alias("times"), pl.col("requests").n_unique().alias("different")
    )  # fmt: skip
    probes = (
        repeated.filter(pl.col("times") > 1)
        .group_by("probe")
        .agg((pl.col("different") == 1).all().alias("same"))
        .filter("same")
        .sort("probe")
    )
    return [
        f"probe {name!r}: {NOTHING} on all occasions, so that changes are noise"
        for name in probes["probe"]
    ]
