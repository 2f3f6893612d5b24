"""Negotiations: who erred is charged, and Pareto-optimal means one thing."""

import pytest
from matplotlib.figure import Figure

from societies.analysis.kit import save_panels
from societies.scenarios.negotiation import measures as negotiation
from societies.scenarios.negotiation.figures import PANELS, _ending, draw_outcomes

from .negotiation_games import BLUE_LINES, RED_LINES, one_game, play

__all__ = ["play"]

CHARGED = ("errors", "aborts")
WAYS = ("include", "exclude")


def charges(run):
    rows = negotiation.players(run).iter_rows(named=True)
    return {row["player"]: tuple(row[name] for name in CHARGED) for row in rows}


def test_only_who_erred_is_charged_with_the_error(play):
    run = play(one_game(["no tag at all", *RED_LINES], BLUE_LINES))
    assert charges(run) == {"red": (1.0, 0.0), "blue": (0.0, 0.0)}
    row = negotiation.measures(run).row(0, named=True)
    assert tuple(row[name] for name in CHARGED) == (1.0, 0.0)


@pytest.mark.parametrize("attempts", [1, 5])
def test_only_who_gave_up_is_charged_with_the_abort(play, attempts):
    run = play(one_game(RED_LINES, ["no tag at all"], attempts=attempts))
    assert charges(run) == {"red": (0.0, 0.0), "blue": (1.0, 1.0)}
    assert negotiation.games(run)["aborted_by"].to_list() == ["blue"]
    row = negotiation.measures(run).row(0, named=True)
    assert tuple(row[name] for name in CHARGED) == (1.0, 1.0)
    game = negotiation.games(run).row(0, named=True)
    assert [_ending(game, player) for player in ("red", "blue")] == [
        "aborted_by_partner",
        "aborted",
    ]


def test_in_a_tournament_one_who_errs_makes_nobody_else_err(play):
    groups = [
        {"name": "careful", "share": 2, "model": {"name": "scripted/conceder"}},
        {
            "name": "sloppy",
            "share": 1,
            "model": {"name": "scripted/conceder", "options": {"malformed": 0.4}},
        },
    ]
    sets = {"population.size": 3, "population.groups": groups, "protocol.games": 5}
    run = play("negotiation/tournament", **sets, **{"protocol.attempts": 2})
    found = charges(run)
    wrong = {player for player, charged in found.items() if any(charged)}
    assert wrong == {"sloppy"}
    assert found["sloppy"][1] > 0
    assert len(found) == 3


def test_games_without_a_readable_turn_can_be_left_out(play):
    run = play("negotiation/demo", **{"protocol.games": 40, "protocol.attempts": 1})
    games = negotiation.games(run)
    lost = games.filter(reason="aborted").height
    assert 0 < lost < 40
    both, left = (negotiation.measures(run, how).row(0, named=True) for how in WAYS)
    assert (both["games"], left["games"]) == (40, 40 - lost)
    assert both["defaulted"] == left["defaulted"] == both["aborts"] == lost / 40
    assert left["score"] == pytest.approx(both["score"] * 40 / (40 - lost))
    names = {name for name, row in charges(run).items() if row[1]}
    assert set(negotiation.players(run, "exclude")["player"]) >= names
    assert "defaulted" in negotiation.summary(run).columns


@pytest.mark.parametrize("objective", ["semi_competitive", "cooperative", 0.5, "strict"])
def test_a_deal_is_pareto_optimal_in_the_table_as_in_the_picture(play, tmp_path, objective):
    sets = {"protocol.games": 30, "protocol.objective": objective}
    run = play("negotiation/semi_competitive", **sets, **{"model.name": "scripted/conceder"})
    games = negotiation.games(run)
    deals = games.filter("agreed")
    if objective == "strict":
        assert games["pareto"].null_count() == games["distance"].null_count() == 30
    else:
        optimal = (deals["distance"] == 0).to_list()
        assert optimal == deals["pareto"].to_list()
        assert len(set(optimal)) == 2
    axes = Figure().subplots()
    draw_outcomes(axes, run)
    drawn = {each.get_label(): len(each.get_offsets()) for each in axes.collections}
    points = deals.select("red_points", "blue_points", "pareto").unique()
    for label, value in (("Pareto-optimal deal", True), ("other deal", False)):
        expected = points.filter(points["pareto"].eq_missing(value)).height
        assert drawn.get(label, 0) == expected
    assert save_panels(PANELS, run, tmp_path / "plots")


def test_the_frontier_drawn_is_that_of_each_games_own_objective(play):
    change = {"at": "game0002", "set": {"protocol.objective": "cooperative"}}
    run = play(one_game(RED_LINES, BLUE_LINES, games=2), interventions=[change])
    games = negotiation.games(run)
    axes = Figure().subplots()
    draw_outcomes(axes, run)
    frontier = next(each for each in axes.collections if each.get_label() == "frontier")
    offsets = {tuple(each) for each in frontier.get_offsets().tolist()}
    assert offsets == {(0, 11), (4, 10), (8, 9), (9, 8), (10, 7), (11, 6)}
    assert games["pareto"].to_list() == [True, True]
    assert games["weight"].to_list() == [0, 1]
