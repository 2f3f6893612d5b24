"""Decisions that no readable reply stands behind: with them, or without, in every measure."""

import polars as pl
import pytest

import societies
from societies.scenarios.debate import measures as debate
from societies.scenarios.donor_game import measures
from societies.scenarios.negotiation import measures as negotiation
from tests.conftest import SMALL
from tests.debate_runs import play, settings

WAYS = ("include", "exclude")


@pytest.fixture(scope="module")
def debated(tmp_path_factory):
    """Three debaters over two rounds, who answer four of ten questions with something else."""
    given = settings("symmetric", count=12, solver={"malformed": 0.4})
    return play(given, tmp_path_factory.mktemp("debated"))


def both(measure, runs):
    """Return the only row of a measure, with lost answers and without."""
    return [measure(runs, way).row(0, named=True) for way in WAYS]


def test_the_slope_of_donations(tmp_path):
    """A gift of 0 stands in for who never answers: in more and more of the moves."""
    mind = {"name": "scripted/noisy", "options": {"malformed": 0.5, "sloppy": 0.0}}
    lost = {"model": mind, "population.groups": [], "protocol.attempts": 1}
    run = societies.run("donor_game/demo", out=tmp_path, sets={**SMALL, **lost})
    all_moves, read = both(measures.donation_slope, run)
    moves = run.table("donations").collect()
    share = (moves["outcome"] == "defaulted").mean()
    assert 0.2 < share < 0.8
    assert all_moves["defaulted"] == read["defaulted"] == pytest.approx(share)
    for way, row in zip(WAYS, (all_moves, read), strict=True):
        first, last = measures.generosity_selection(run, way)["fraction"]
        assert row["slope"] == pytest.approx(last - first)
    assert all_moves["slope"] != read["slope"]


def test_flips_of_debaters(debated):
    positions = debated.table("statements").collect().sort("seq")
    ends = positions.group_by("question", "agent", maintain_order=True).agg("right", "answer")
    lost = ends.filter(pl.col("answer").list.eval(pl.element().is_null().any()).list.first())
    read = ends.join(lost, on=["question", "agent"], how="anti")
    assert 0 < lost.height < ends.height == 36
    every, left = both(debate.flips, debated)
    assert (every["agents"], left["agents"]) == (36, read.height)
    assert every["defaulted"] == left["defaulted"] == lost.height / 36
    assert left["first"] == read["right"].list.first().mean()
    assert left["last"] == read["right"].list.last().mean()
    assert every["first"] < left["first"], "with them, who could not be read was wrong"


def test_disagreement_between_rounds(debated):
    """Pairs with an unreadable answer count in neither; of how many answers that is, both say."""
    positions = debated.table("statements").collect()
    every, left = both(debate.disagreement, debated)
    assert every["disagreement"] == left["disagreement"]
    last = positions.filter(round=2)
    assert every["defaulted"] == left["defaulted"] == (last["outcome"] == "defaulted").mean() > 0
    heard = last.drop_nulls("answer")["question"].n_unique()
    assert (every["questions"], left["questions"]) == (12, heard)


def test_comparisons_of_protocols(debated, tmp_path):
    alone = play(settings("single", count=12, solver={"malformed": 0.4}), tmp_path)
    runs = [debated, alone]
    every, left = (debate.compare(runs, way) for way in WAYS)
    for measured in ("right", "accuracy", "questions", "defaulted"):
        assert left[measured].to_list() == debate.accuracy(runs, "exclude")[measured].to_list()
    assert left["accuracy"][1] > every["accuracy"][1]
    for spent in ("calls", "calls_per_question", "cost", "tokens_per_right", "rounds"):
        assert left[spent].to_list() == every[spent].to_list(), "lost answers are paid for, too"


def test_translations_that_nobody_gave(tmp_path):
    task = {"kind": "translation", "count": 8}
    run = play(settings("single", task=task, solver={"malformed": 0.4}), tmp_path)
    lost = run.table("results").collect()["answer"].null_count()
    assert 0 < lost < 8
    every, left = both(debate.corpus_bleu, run)
    assert left["bleu"] > every["bleu"]
    assert every["defaulted"] == left["defaulted"] == lost / 8
    assert debate.compare(run, "exclude")["bleu"].item() == left["bleu"]
    mute = play(settings("single", task=task, solver={"malformed": 1.0}), tmp_path / "mute")
    assert debate.corpus_bleu(mute, "exclude").is_empty()
    assert debate.compare(mute, "exclude")["bleu"].to_list() in ([], [None])


def test_meetings_and_rising_rewards_of_negotiators(tmp_path):
    sets = {"protocol.games": 40, "protocol.attempts": 1}
    runs = [
        societies.run("negotiation/demo", out=tmp_path, seed=seed, sets=sets) for seed in (1, 2)
    ]
    every, left = (negotiation.meetings(runs, way) for way in WAYS)
    seats = negotiation.seats(runs)
    read = negotiation.seats(runs, "exclude")
    assert (every["games"].sum(), left["games"].sum()) == (seats.height, read.height)
    assert read.height < seats.height
    who = ["run", "player", "partner"]
    lost = seats.group_by(who).agg(lost=(pl.col("reason") == "aborted").mean())
    for table in (every, left):
        assert (
            table.join(lost, on=who).select(pl.col("defaulted") == pl.col("lost")).to_series().all()
        )
    counted = [negotiation.reward_iteration_correlation(runs, way)["seats"][0] for way in WAYS]
    assert counted == [seats.height, read.height]
