"""Rules that interventions change: measures and prompts go by those in force, row by row."""

import polars as pl

import societies
from societies.analysis import tables
from societies.analysis.figures import blank
from societies.runs.course import Course
from societies.runs.results import plot, violations
from societies.scenarios.debate import measures as debate
from societies.scenarios.donor_game import measures
from societies.scenarios.donor_game.figures import draw_resources
from societies.scenarios.negotiation import games as negotiation_games
from societies.scenarios.negotiation import measures as negotiation
from tests.conftest import SMALL

PUNISHERS = {"name": "scripted/image_scorer", "options": {"punish": 0.2, "threshold": 1.0}}


def played(out, *interventions, **sets):
    values = {"population.groups": [], "interventions": list(interventions), **SMALL, **sets}
    return societies.run("donor_game/demo", out=out, sets=values)


def switch(at, **values):
    return {"at": at, "set": {f"protocol.{name}": value for name, value in values.items()}}


def test_the_configuration_in_force_is_told_for_every_row(tmp_path):
    run = played(tmp_path, switch("g1/game2", multiplier=3.0), switch("g2", multiplier=4.0))
    course = Course(run)
    rows = run.table("donations").sort("seq").collect()
    factors = course.read(rows["seq"], lambda config: config.protocol.multiplier)
    told = rows.select("generation", "game").with_columns(pl.Series("factor", factors)).unique()
    expected = {(1, 1, 2.0), (1, 2, 3.0), (2, 1, 4.0), (2, 2, 4.0)}
    assert set(told.iter_rows()) == expected
    assert course.protocol(0).multiplier == 2.0


def test_punishments_count_from_where_they_are_allowed(tmp_path):
    run = played(tmp_path, switch("g2/game2", costly_punishment=True), model=PUNISHERS)
    actions = run.table("donations").filter(generation=2, game=2).collect()["action"]
    first, second = measures.punishment_share(run).iter_rows(named=True)
    assert (first["encounters"], first["allowed"], first["share"]) == (16, 0, None)
    assert (second["encounters"], second["allowed"]) == (16, 8)
    assert second["punished"] == (actions == "punish").sum() > 0
    assert second["share"] == second["punished"] / 8
    assert tables.summary(run)["punishment_share"].to_list() == [None, second["share"]]
    assert "punishment.png" in {file.name for file in plot(run, tmp_path / "plots")}


def test_the_endowment_is_drawn_as_it_was(tmp_path):
    run = played(tmp_path, switch("g2", endowment=100.0))
    assert measures.endowments(run).select("generation", "endowment").rows() == [(1, 10), (2, 100)]
    axes = blank(4, 3, "").subplots()
    draw_resources(axes, run)
    (line,) = [each for each in axes.collections if each.get_label() == "endowment"]
    assert [segment[0][1] for segment in line.get_segments()] == [10, 100]


def test_the_prompt_names_the_endowment_in_force(tmp_path):
    run = played(tmp_path, switch("g2", endowment=100.0))
    told = dict(systems(run))
    assert all(f"starts with {10 if scope < 'g2' else 100} units" in told[scope] for scope in told)


def systems(run):
    """Return scope and system prompt of every call."""
    calls = run.table("calls").collect().select("scope", "key").iter_rows()
    return [(scope, run.call(key).messages[0][1]) for scope, key in calls]


def test_how_many_survive_is_told_by_how_many_play(tmp_path):
    run = played(tmp_path, {"at": "g2", "add": 2})
    for scope, system in systems(run):
        half = "The half of the agents that own the most survive" in system
        counted = "The 2 agents that own the most survive" in system
        assert (half, counted) == ((True, False) if scope < "g2" else (False, True)), scope


def test_advice_is_of_the_best_half_if_half_survived(tmp_path):
    run = played(tmp_path, {"at": "g2", "add": 2}, **{"protocol.generations": 3})
    keys = run.table("calls").filter(pl.col("prompt") == "strategy").collect()["key"]
    told = {key[:2]: run.call(key).messages[-1][1] for key in keys if key >= "g2"}
    assert "advice of the best half of the previous generation" in told["g2"]
    assert "advice of the best agents of the previous generation" in told["g3"]


def test_a_side_wins_by_the_rule_and_before_the_judge_in_force(tmp_path):
    other = {"at": "q0004", "model": {"agents": ["judge"], "name": "scripted/solver"}}
    changes = [switch("q0003", stop_when="answer"), other]
    sets = {"protocol.task.count": 6, "interventions": changes}
    run = societies.run("debate/judged", out=tmp_path, sets=sets)
    wins = debate.side_wins(run).filter("counts")
    counted = wins.group_by("judge", "by").agg(pl.col("questions").sum()).rows()
    assert set(counted) == {
        ("scripted/judge", "named", 2),
        ("scripted/judge", "holding", 1),
        ("scripted/solver", "holding", 3),
    }


def test_a_game_may_take_as_many_turns_as_the_rule_in_force_allows(tmp_path):
    change = switch("game0002", max_turns=8)
    sets = {"protocol.games": 2, "protocol.max_turns": 4, "interventions": [change]}
    sets |= {"model.name": "scripted/talker", "model.options": {}}
    run = societies.run("negotiation/semi_competitive", out=tmp_path, sets=sets)
    assert run.table("outcomes").sort("seq").collect()["turns"].to_list() == [4, 8]
    assert violations(run) == []


def test_a_context_is_rated_by_the_objective_it_was_played_under(tmp_path):
    change = switch("game0003", objective="cooperative")
    sets = {"protocol.games": 4, "interventions": [change]}
    run = societies.run("negotiation/semi_competitive", out=tmp_path, sets=sets)
    games = negotiation.games(run)
    assert games["weight"].to_list() == [0, 0, 1, 1]
    rated = [negotiation_games._rate(row)["pareto"] for row in games.to_dicts()]
    assert rated == games["pareto"].to_list()
