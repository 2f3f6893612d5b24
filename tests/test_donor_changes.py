"""The donor game whose rules change on the way: what is read anew, and what stays conserved."""

import polars as pl
import pytest

import societies
from societies.errors import InputError
from societies.execute.fork import fork
from societies.runs.results import violations
from societies.testing import check_dry_play

CHANGES = [
    ("g2", {"protocol.multiplier": 3.0}),
    ("g2", {"protocol.endowment": 20.0}),
    ("g2/game1", {"protocol.endowment": 20.0}),
    ("g2/game2/r03", {"protocol.multiplier": 3.0}),
    ("g2/game2", {"protocol.games": 1}),
    ("g2", {"protocol.rounds": 2}),
]


@pytest.mark.parametrize(("at", "change"), CHANGES)
def test_units_are_conserved_by_the_rules_in_force(run_small, at, change):
    run = run_small(**{"protocol.generations": 3, "interventions": [{"at": at, "set": change}]})
    assert violations(run) == []


def test_the_last_change_in_program_order_holds(run_small, tmp_path):
    run = run_small()
    later = fork(run.path, "g2/game2", sets={"protocol.multiplier": 4.0}, out=tmp_path)
    both = fork(later.path, "g2/game1", sets={"protocol.multiplier": 3.0}, out=tmp_path)
    assert violations(both) == []
    gained = (pl.col("recipient_after") - pl.col("recipient_before")) / pl.col("amount")
    gifts = both.table("donations").filter(pl.col("amount") > 0, generation=2)
    factors = gifts.group_by("game").agg(gained.median().round(6)).sort("game").collect()
    assert factors.rows() == [(1, 3.0), (2, 4.0)]


@pytest.mark.parametrize(("at", "planned", "set_to", "played"), [
    ("g2", 2, 4, 4), ("g1/game1", 3, 2, 2), ("g2", 3, 1, 2),
])  # fmt: skip
def test_how_many_generations_there_are_may_be_set_on_the_way(
    run_small, at, planned, set_to, played
):
    change = {"at": at, "set": {"protocol.generations": set_to}}
    run = run_small(**{"protocol.generations": planned, "interventions": [change]})
    scores = run.table("scores").sort("seq").collect()
    assert scores["generation"].max() == played
    by_generation = scores.group_by("generation").agg(pl.len(), pl.col("survived").null_count())
    assert by_generation.sort("generation").rows() == [
        (number, 4, 4 if number == played else 0) for number in range(1, played + 1)
    ]
    societies.replay(run.path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            [{"at": "g2", "add": 2}],
            r"interventions\.0\.add: the released code plays as many rounds",
        ),
        (
            [{"at": "g2", "remove": ["2_1", "2_2"]}],
            r"rounds \(4\) as there are agents, and 2 would",
        ),
    ],
)
def test_the_released_code_has_no_room_for_more_or_fewer(run_small, changes, told):
    with pytest.raises(InputError, match=told):
        run_small(**{"protocol.fidelity": "released", "interventions": changes})


def test_the_released_code_may_exchange_agents(run_small):
    swap = [{"at": "g2", "add": 1}, {"at": "g2", "remove": ["2_1"]}]
    run = run_small(**{"protocol.fidelity": "released", "interventions": swap})
    asked = run.table("answers").filter(prompt="donate").collect().group_by("step").len()
    assert set(asked["len"]) == {2}
    check_dry_play(run)
