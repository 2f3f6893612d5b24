"""The measures of negotiations, against games whose outcomes are known; and their plots."""

from math import dist, log2, sqrt
from typing import Any

import polars as pl
import pytest

from societies.analysis.kit import save_panels
from societies.analysis.statistics import mean_interval
from societies.runs.results import plot, summarise
from societies.runs.run import Run
from societies.scenarios.negotiation import measures as negotiation
from societies.scenarios.negotiation.contexts import Context
from societies.scenarios.negotiation.figures import OUTCOMES, PANELS

from .negotiation_games import BLUE_LINES, RED_LINES, one_game, play

__all__ = ["play"]


def played(play, red: str = RED_LINES[1], blue: str = BLUE_LINES[1], **protocol: Any) -> Run:
    """Return a run of one game that ends with these proposals."""
    return play(one_game([RED_LINES[0], red], [BLUE_LINES[0], blue], **protocol))


def rated(run: Run) -> dict[str, Any]:
    return negotiation.games(run).row(0, named=True)


def test_an_efficient_deal(play):
    row = rated(played(play))
    assert (row["red_points"], row["blue_points"], row["joint_points"]) == (9, 8, 17)
    assert (row["joint_ceiling"], row["joint_share"]) == (17, 1.0)
    assert (row["nash_product"], row["nash_share"]) == (72, 1.0)
    assert (row["pareto"], row["distance"]) == (True, 0.0)


def test_an_inefficient_deal(play):
    """Each gets what the other wants, where hats to red and the book to blue would be 8 and 6."""
    row = rated(played(play, "[propose] book 1, hat 0, ball 3", "[propose] book 0, hat 2, ball 0"))
    assert (row["red_points"], row["blue_points"]) == (3, 2)
    assert row["joint_share"] == 5 / 17
    assert row["nash_share"] == 6 / 72
    assert row["pareto"] is False
    frontier = [(0, 11), (4, 10), (8, 9), (9, 8), (10, 7), (11, 6)]
    assert row["distance"] == min(dist((3, 2), points) for points in frontier) == sqrt(65)


def test_no_deal_is_the_pair_of_zeros(play):
    row = rated(played(play, "[propose] book 1, hat 2, ball 3"))
    assert (row["agreed"], row["joint_share"], row["nash_product"]) == (False, 0.0, 0)
    assert row["pareto"] is False


def test_under_the_cooperative_objective_optimal_means_the_largest_sum(play):
    assert rated(played(play, objective="cooperative"))["pareto"] is True
    lesser = ("[propose] book 0, hat 1, ball 3", "[propose] book 1, hat 1, ball 0")
    assert rated(played(play, *lesser, objective="cooperative"))["pareto"] is False


def test_under_the_strict_objective_no_pareto_rate_is_reported(play):
    run = played(play, objective="strict")
    assert rated(run)["pareto"] is None
    assert negotiation.measures(run)["pareto"].to_list() == [None]


def test_the_distance_is_to_the_nearest_frontier_point():
    context = Context((1, 1), ((4, 0), (0, 3)))
    assert negotiation.distance_to_frontier(context, (4, 3)) == 0
    assert negotiation.distance_to_frontier(context, (0, 0)) == 5


def test_measures_of_a_run(play):
    row = negotiation.measures(played(play)).row(0, named=True)
    assert {name: row[name] for name in ("games", "score", "own", "joint", "lead")} == {
        "games": 1,
        "score": 8.5,
        "own": 8.5,
        "joint": 17,
        "lead": 0,
    }
    assert {name: row[name] for name in ("agreement", "pareto", "errors", "aborts", "turns")} == {
        "agreement": 1,
        "pareto": 1,
        "errors": 0,
        "aborts": 0,
        "turns": 4,
    }
    assert row["low"] is None
    assert row["inconsistent"] is None


def test_turns_are_messages_and_proposals_in_order(play):
    table = negotiation.turns(played(play))
    assert table["turn"].to_list() == [1, 2, 3, 4]
    assert table["seat"].to_list() == ["red", "blue", "red", "blue"]
    assert table["action"].to_list() == ["message", "message", "propose", "propose"]
    assert table["text"].to_list()[0] == "[message] I care for hats."
    lengths = [
        -(-len(line) // 4) for pair in zip(RED_LINES, BLUE_LINES, strict=True) for line in pair
    ]
    assert table["tokens"].to_list() == lengths


def test_tokens_are_those_of_accepted_turns(play):
    faulty = ["no tag at all, and rather a long line of text for a turn"]
    table = negotiation.turns(play(one_game(faulty + RED_LINES, BLUE_LINES)))
    assert table["tokens"].to_list()[0] == -(-len(RED_LINES[0]) // 4)
    row = negotiation.measures(play(one_game(faulty + RED_LINES, BLUE_LINES))).row(0, named=True)
    assert row["errors"] == 1.0


def test_vocabulary_and_entropy():
    assert negotiation.words_of("Don't! [END]") == ["don't", "!", "[", "end", "]"]
    assert negotiation.ngram_entropy(["a b a b"], 2) == pytest.approx(
        -(2 / 3 * log2(2 / 3) + 1 / 3 * log2(1 / 3))
    )
    assert negotiation.ngram_entropy(["a b c d e"], 5) == 0.0
    assert negotiation.ngram_entropy(["a b", "b c"], 2) == 1.0
    assert negotiation.ngram_entropy(["a", "b"], 2) is None


def test_vocabulary_of_a_run(play):
    lines = ["[message] Hats, hats. [END]"], ["[message] hats? [END]"]
    row = negotiation.measures(play(one_game(*lines, max_turns=4))).row(0, named=True)
    assert row["vocabulary"] == len({"[", "message", "]", "hats", ",", ".", "?"})


def test_players_and_meetings_of_a_tournament(play):
    run = play("negotiation/tournament", **{"protocol.games": 4})
    players = negotiation.players(run)
    assert players.height == 6
    assert players["games"].to_list() == [2 * 5 * 4] * 6
    assert players["score"].to_list() == sorted(players["score"], reverse=True)
    meetings = negotiation.meetings(run)
    assert meetings.height == 30
    assert meetings["games"].to_list() == [8] * 30
    mean = meetings.group_by("player").agg(pl.col("score").mean()).sort("player")
    assert mean["score"].to_list() == pytest.approx(players.sort("player")["score"].to_list())
    assert negotiation.summary(run).columns[:2] == ["player", "games"]


def test_interval_and_score_agree_with_the_seats(play):
    run = play("negotiation/demo", **{"protocol.games": 30})
    row = negotiation.measures(run).row(0, named=True)
    seats = negotiation.seats(run)
    assert seats.height == 60
    assert row["score"] == pytest.approx(seats["score"].mean())
    assert row["low"] < row["score"] < row["high"]
    assert seats["own"].to_list() == seats["score"].to_list()
    assert sum(seats["lead"]) == 0


def test_inconsistent_messages_are_those_that_the_judge_flagged(play):
    run = play("negotiation/demo", **{"protocol.games": 40})
    verdicts = run.table("verdicts").collect()
    flagged = sum(len(numbers) for numbers in verdicts["flagged"])
    measured = negotiation.measures(run)["inconsistent"].item()
    assert measured == flagged / verdicts["messages"].sum()
    by_player = dict(negotiation.players(run).select("player", "inconsistent").iter_rows())
    assert by_player["liar"] > 0.3
    assert by_player["conceder"] == 0.0


def learning(play) -> list[Run]:
    """Return runs of ever better minds, as if they were iterations."""
    return [
        play("negotiation/semi_competitive", **{"model.name": f"scripted/{mind}"}, **sets)
        for mind in ("random", "conceder", "logroller")
        for sets in [{"protocol.games": 40}]
    ]


def test_the_reward_rises_with_the_iteration(play):
    runs = learning(play)
    table = negotiation.measures(runs)
    assert table["iteration"].to_list() == [1, 2, 3]
    assert table["score"].is_sorted()
    every, agreed = negotiation.reward_iteration_correlation(runs).iter_rows(named=True)
    assert (every["seats"], every["games"], agreed["games"]) == (240, "all", "agreed")
    assert every["correlation"] > 0.2
    assert (every["runs"], every["conditions"]) == (3, 3), "it pools them, and says so"
    one = negotiation.reward_iteration_correlation(runs[0])
    assert one["correlation"].to_list() == [None, None]


def test_the_strict_objective_of_a_self_play_pair_has_mean_zero(play):
    run = play("negotiation/strict", **{"protocol.games": 30})
    assert negotiation.measures(run)["score"].item() == 0
    assert negotiation.measures(run)["low"].item() is None


def test_plots_of_a_run_and_of_a_learning_curve(play, tmp_path):
    run = play("negotiation/tournament", **{"protocol.games": 2})
    files = save_panels(PANELS, run, tmp_path / "plots")
    assert [file.stem for file in files] == ["outcomes", "frontiers", "players", "tournament"]
    alone = save_panels(PANELS, play(one_game(["Hello?"], BLUE_LINES)), tmp_path / "alone")
    assert [file.stem for file in alone] == ["outcomes", "frontiers", "players"]
    curve = save_panels(PANELS, learning(play), tmp_path / "curve")
    assert [file.stem for file in curve] == ["outcomes", "frontiers", "learning"]
    for file in (*files, *alone, *curve):
        assert file.read_bytes().startswith(b"\x89PNG")
        assert file.stat().st_size > 10_000


def told(run: Run) -> str:
    """Return what stands on and beside the picture of the outcomes."""
    texts = OUTCOMES.figure(run).findobj(lambda artist: hasattr(artist, "get_text"))
    return "\n".join(each.get_text() for each in texts)


def test_outcomes_say_what_their_sizes_mean_and_which_contexts_are_pooled(play):
    many = told(play("negotiation/tournament", **{"protocol.games": 2}))
    assert "60 games (0.0% with a corrected turn)\nof 2 contexts, pooled" in many
    assert "\ngames\n" in many
    assert "of one context" in told(play(one_game(RED_LINES, BLUE_LINES, games=5)))


def test_the_scenario_names_its_summary_and_plots(play, tmp_path):
    run = play("negotiation/resources")
    assert summarise(run)["player"].to_list() == ["Hillcrest", "Riverside"]
    assert len(plot(run, tmp_path / "plots")) == 3


def test_the_interval_of_a_score_is_over_contexts_which_every_pair_plays_again(play):
    """A context that is easy is so in all of its thirty games: they are one unit, not thirty."""
    run = play("negotiation/tournament", **{"protocol.games": 4})
    row = negotiation.measures(run).row(0, named=True)
    seated = negotiation.seats(run)
    assert seated["context"].n_unique() == 4
    means = seated.group_by("context").agg(pl.col("score").mean())["score"].to_list()
    assert (row["low"], row["high"]) == pytest.approx(mean_interval(means)[:2])
    few = negotiation.measures(play("negotiation/tournament", **{"protocol.games": 2}))
    assert few.select("low", "high", "note").row(0) == (None, None, "fewer than 3 contexts")


def test_the_interval_over_one_context_is_over_its_games(play):
    run = play(one_game(RED_LINES, BLUE_LINES))
    assert negotiation.measures(run)["note"].to_list() == ["fewer than 3 games"]
