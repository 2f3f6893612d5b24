"""What debaters write: how different candidates are, and how good translations."""

from itertools import permutations

import polars as pl
from sacrebleu.metrics.bleu import BLEU

from societies.analysis.kit import Column, Runs, measure
from societies.analysis.tables import Defaulted
from societies.scenarios.debate.positions import statements, table


@measure(question=Column("question"), diversity=Column("diversity", "100 - Self-BLEU"))
def diversity(runs: Runs) -> pl.DataFrame:
    """Return how different each question's candidates are: 100 - Self-BLEU (Liang et al. 2023).

    The candidates are the first replies of the debaters (of the samples); for one agent with
    several rounds its first and its last reply. Self-BLEU is the mean sentence BLEU over all
    ordered pairs; translations are compared without the words around them. A question with fewer
    than two candidates has no row.
    """
    bleu = BLEU(effective_order=True)
    rows = []
    for (run, question), group in _candidates(runs).group_by(
        "run", "question", maintain_order=True
    ):
        pairs = list(permutations(group["text"].to_list(), 2))
        if pairs:
            scores = [bleu.sentence_score(one, [other]).score for one, other in pairs]
            rows.append((run, question, max(0.0, 100 - sum(scores) / len(scores))))
    schema = {"run": pl.String, "question": pl.String, "diversity": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@measure(
    bleu=Column("BLEU of the corpus"),
    signature=Column("sacrebleu's signature, to be quoted with the score"),
)
def corpus_bleu(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return the corpus BLEU of the final translations (sacrebleu's defaults; `zh` for Chinese).

    A question without a translation counts as an empty one; `defaulted` is the share of these.
    Other tasks have no row.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves questions without a translation out; a run that has nothing
            else has no row then.
    """
    rows = []
    for label, run in runs.labelled():
        if run.config.protocol.task.kind != "translation":
            continue
        final = table(run, "results").join(
            table(run, "questions").select("question", "accepted"), on="question"
        )
        lost = final["answer"].is_null().mean()
        if defaulted == "exclude":
            final = final.drop_nulls("answer")
        if final.is_empty():
            continue
        language = run.config.protocol.task.target_language.casefold()
        metric = BLEU(tokenize="zh" if language in {"chinese", "zh"} else "13a")
        hypotheses = final["answer"].fill_null("").to_list()
        references = final["accepted"].list.first().to_list()
        score = metric.corpus_score(hypotheses, [references]).score
        rows.append((label, score, str(metric.get_signature()), lost))
    schema = {"run": pl.String, "bleu": pl.Float64, "signature": pl.String, "defaulted": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _candidates(runs: Runs) -> pl.DataFrame:
    """Return the replies whose diversity counts: run, question, text."""
    said = table(runs, "messages").select("run", "scope", "agent", "seq", "text")
    taken = statements(runs).with_columns((pl.col("seq") - 1).alias("said"))
    both = taken.join(
        said.rename({"seq": "said"}), on=["run", "scope", "agent", "said"], maintain_order="left"
    )
    kinds = table(runs, "questions").select("run", "question", "kind")
    worded = both.join(kinds, on=["run", "question"], maintain_order="left").with_columns(
        pl.when(pl.col("kind") == "translation")
        .then(pl.col("answer").fill_null(""))
        .otherwise(pl.col("text"))
        .alias("text")
    )
    seats = pl.struct("agent", "sample").n_unique().over("run", "question")
    last = pl.col("round").max().over("run", "question")
    alone = (seats == 1) & (pl.col("round") == last)
    return worded.filter((pl.col("round") == 1) | alone).select("run", "question", "text")
