"""The donor game against its protocol page: oracles, schedule, traces, selection, moves."""

from collections import Counter
from collections.abc import AsyncGenerator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

import societies
from societies.agents.models.base import Request
from societies.agents.models.scripted import Mind
from societies.errors import InputError
from societies.scenarios.donor_game import SCENARIO
from societies.scenarios.donor_game.society import DonorGame, Link
from societies.society import load_society

FIDELITIES = ("paper", "released")


def society(**given_keys: Any) -> DonorGame:
    """Return a society that is not yet run; what is not a top-level key is of the protocol."""
    top = {"seed", "model", "prompts"}
    size = given_keys.pop("size", 12)
    population = given_keys.pop("population", {})
    data = {
        "scenario": "donor_game",
        "model": {"name": "scripted/random"},
        "population": {"size": size, **population},
        "protocol": {key: value for key, value in given_keys.items() if key not in top},
        **{key: value for key, value in given_keys.items() if key in top},
    }
    config, scenario = societies.load(data)
    return load_society(scenario)(config)  # type: ignore[return-value]


def play(**given_keys: Any) -> DonorGame:
    """Return a society that was run, with its tables in memory."""
    played = society(**given_keys)
    played.run()
    return played


def table(played: DonorGame, name: str) -> pl.DataFrame:
    return played.log.table(name).collect()


def giving(fraction: float) -> dict[str, Any]:
    return {"name": "scripted/constant", "options": {"fraction": fraction}}


@pytest.fixture
def told(monkeypatch):
    """A mind `told` that gives each donor the amount (or text) that a test says it should.

    The test fills the returned mapping: (game, round, donor) or donor to an answer's text.
    """
    script: dict[Any, str] = {}

    class Told(Mind):
        def reply(self, request: Request, random: Any) -> str:
            if request.prompt == "strategy":
                return f"Fine.\nMy strategy will be that of {request.agent}."
            return f"Answer: {script.get((request.situation['round'], request.agent), '0')}"

    monkeypatch.setitem(SCENARIO.minds, "told", Told)
    return script


# -- the oracles (of the paper's rules) ---------------------------------------------------


def expected_mean(fraction: Fraction, donors: str) -> Fraction:
    """Return the mean final resources when all give `fraction`; `donors`: the side per round."""
    owned = {"A": Fraction(10), "B": Fraction(10)}
    for side in donors:
        gift = fraction * owned[side]
        owned[side] -= gift
        owned["B" if side == "A" else "A"] += 2 * gift
    return (owned["A"] + owned["B"]) / 2


SIDES = {"paper": "ABABABABABAB", "released": "ABABABBABABA"}
ORACLES = {
    "0": ("10.0", "10.0"),
    "0.1": ("18.7", "18.7"),
    "0.25": ("53.5", "52.0"),
    "0.5": ("393.9", "341.2"),
    "0.62": ("1,108.9", "875.1"),
    "0.75": ("3,482.7", "2,414.8"),
    "0.9": ("12,996.5", "7,493.2"),
    "1": ("30,720.0", "15,360.0"),
}


@pytest.mark.parametrize("fidelity", FIDELITIES)
@pytest.mark.parametrize("fraction", ORACLES)
def test_mean_final_resources_when_all_give_the_same_part(fraction, fidelity):
    exact = expected_mean(Fraction(fraction), SIDES[fidelity])
    assert f"{float(exact):,.1f}" == ORACLES[fraction][FIDELITIES.index(fidelity)]
    played = play(model=giving(float(fraction)), fidelity=fidelity, generations=1)
    scores = table(played, "scores")
    assert scores["score"].mean() == pytest.approx(float(exact), rel=1e-12)
    games = scores["resources"].to_list()
    assert [sum(game) / 12 for game in zip(*games, strict=True)] == pytest.approx(
        [float(exact)] * 2
    )


def test_oracles_that_floating_point_holds_exactly():
    assert expected_mean(Fraction(1, 2), SIDES["paper"]) == Fraction("393.90625")
    half = table(play(model=giving(0.5), generations=1), "scores")
    assert half["score"].mean() == 393.90625
    everything = table(play(model=giving(1.0), generations=1), "scores")
    assert everything["score"].mean() == 30_720
    assert {tuple(game) for game in everything["resources"]} == {(0.0, 61_440.0), (61_440.0, 0.0)}


def test_who_gives_everything_last_ends_with_nothing():
    played = play(model=giving(1.0), generations=1)
    for row in table(played, "donations").filter(round=12).iter_rows(named=True):
        assert (row["donor_after"], row["recipient_after"]) == (0, 61_440)


def test_the_other_multipliers_of_the_paper():
    for multiplier in (1.5, 3.0):
        owned = [10.0, 10.0]
        for number in range(12):
            gift = owned[number % 2] / 2
            owned[number % 2] -= gift
            owned[1 - number % 2] += multiplier * gift
        played = play(model=giving(0.5), multiplier=multiplier, generations=1)
        assert table(played, "scores")["score"].mean() == pytest.approx(sum(owned) / 2, rel=1e-12)


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_the_published_run_makes_1506_calls(fidelity):
    config, scenario = societies.load("donor_game/paper", {"protocol.fidelity": fidelity})
    played = load_society(scenario)(config)
    played.run()
    calls = played.log.table("calls").collect()
    assert Counter(calls["prompt"]) == {"strategy": 12 + 9 * 6, "donate": 10 * 2 * 72}
    assert played.calls.totals.calls == 1506
    donations = played.log.table("donations").collect()
    assert donations.group_by("generation", "game", "round").len()["len"].to_list() == [6] * 240


# -- two games ---------------------------------------------------------------------------------


def test_the_second_game_swaps_the_roles_of_every_pair_and_starts_afresh():
    donations = table(play(generations=2), "donations")
    key = ["generation", "round", "agent", "recipient"]
    first = donations.filter(game=1).select(key)
    second = donations.filter(game=2).select(
        "generation", "round", agent=pl.col("recipient"), recipient=pl.col("agent")
    )
    assert first.sort(key).equals(second.sort(key))
    opening = donations.filter(round=1)
    assert set(opening["donor_before"]) == set(opening["recipient_before"]) == {10.0}
    assert set(opening["links"]) == {0}


# -- traces ------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_visible_links_grow_by_round_up_to_the_depth(depth):
    donations = table(play(trace_depth=depth, generations=1), "donations")
    links = donations.group_by("round").agg(pl.col("links").unique()).sort("round")["links"]
    assert links.to_list() == [[min(round_number, depth)] for round_number in range(12)]


def chains(donations: pl.DataFrame) -> dict[tuple[int, int, str], list[Link]]:
    """Return the chain of each recipient as it stood at (game, round), by the trace rule of 1.4."""
    held: dict[tuple[int, str], list[Link]] = {}
    seen = {}
    for row in donations.iter_rows(named=True):
        game, agent, recipient = row["game"], row["agent"], row["recipient"]
        chain = held.get((game, recipient), [])
        seen[game, row["round"], recipient] = chain
        deed = Link(row["round"], agent, recipient, row["action"], row["share"])
        held[game, agent] = [*chain, deed]
    return seen


def test_a_donor_is_shown_the_recipients_last_act_then_what_its_partner_had_done_before(tmp_path):
    run = societies.run(
        {
            "scenario": "donor_game",
            "name": "traces",
            "model": {"name": "scripted/random"},
            "population": {"size": 12},
            "protocol": {"generations": 1},
        },
        out=tmp_path,
    )
    donations = run.table("donations").collect()
    by_rule = chains(donations)
    for row in donations.iter_rows(named=True):
        chain = by_rule[row["game"], row["round"], row["recipient"]]
        prompt = run.call(f"{row['scope']}#{row['agent']}#1").messages[-1][1]
        shown = [line for line in prompt.splitlines() if line.startswith("In round")]
        assert shown == [
            f"In round {link.round}, {link.donor} gave {100 * link.share:.2f} % of its resources "
            f"to {link.recipient}."
            for link in reversed(chain[-3:])
        ]
        assert ("no previous interactions" in prompt) == (len(chain) < 3)
        for newer, older in pairwise(reversed(chain)):
            assert newer.recipient == older.donor
            assert newer.round > older.round


def test_a_game_starts_with_the_endowment_and_forgets_the_one_before():
    played = society(generations=1)
    agents = [played.enroll(name) for name in "ab"]
    hands = played.deal(agents)
    assert all(hand.resources == 10 and hand.chain == () for hand in hands.values())
    donations = table(play(generations=2), "donations")
    assert donations.filter(round=2)["links"].unique().to_list() == [1]


# -- selection and inheritance -----------------------------------------------------------------


def test_the_better_half_survives_with_its_name_and_newcomers_are_named_by_generation():
    played = play(generations=3)
    donations, scores = table(played, "donations"), table(played, "scores")
    names = {number: set(donations.filter(generation=number)["agent"]) for number in (1, 2, 3)}
    assert names[1] == {f"1_{index}" for index in range(1, 13)}
    for generation in (1, 2):
        ranked = scores.filter(generation=generation)
        assert ranked["rank"].to_list() == list(range(1, 13))
        assert ranked["score"].is_sorted(descending=True)
        assert ranked["survived"].to_list() == [True] * 6 + [False] * 6
        newcomers = {f"{generation + 1}_{index}" for index in range(1, 7)}
        assert names[generation + 1] == set(ranked["agent"][:6]) | newcomers
    assert scores.filter(generation=3)["survived"].to_list() == [None] * 12
    assert table(played, "strategies")["agent"].n_unique() == 12 + 2 * 6


def test_survivors_keep_their_strategy_and_newcomers_hear_it_and_nothing_else():
    played = play(generations=2, model={"name": "scripted/persona"})
    strategies, messages = table(played, "strategies"), table(played, "messages")
    survivors = table(played, "scores").filter(generation=1, survived=True)["agent"].to_list()
    devised = dict(zip(strategies["agent"], strategies["strategy"], strict=True))
    assert messages["agent"].to_list() == survivors
    assert messages["text"].to_list() == [devised[name] for name in survivors]
    assert set(messages["channel"]) == {"advice"}
    newcomers = [f"2_{index}" for index in range(1, 7)]
    assert all(receivers == newcomers for receivers in messages["receivers"].to_list())
    assert strategies.filter(generation=2)["advisers"].to_list() == [survivors] * 6
    agents = table(played, "agents")
    parents = dict(zip(agents["agent"], agents["parents"].to_list(), strict=True))
    assert [parents[name] for name in newcomers] == [survivors] * 6
    assert all(played.strategies[agent] == devised[agent.name] for agent in played.strategies)


@pytest.mark.parametrize(("fidelity", "counted"), [("paper", (0, 1)), ("released", (1,))])
def test_the_score_is_the_mean_of_both_games_or_as_released_of_the_second_alone(fidelity, counted):
    for row in table(play(fidelity=fidelity, generations=1), "scores").iter_rows(named=True):
        resources = [row["resources"][game] for game in counted]
        assert row["score"] == sum(resources) / len(resources)


def test_ties_fall_at_random():
    survivors = set()
    for seed in range(5):
        played = play(seed=seed, generations=2, model=giving(0.0), rounds=2)
        ranked = table(played, "scores").filter(generation=1)
        assert set(ranked["score"]) == {10.0}
        survivors.add(tuple(ranked["agent"][:6]))
    assert len(survivors) == 5


def test_without_inheritance_newcomers_hear_nothing():
    played = play(generations=2, inheritance="none")
    assert table(played, "messages").is_empty()
    assert set(map(tuple, table(played, "strategies")["advisers"].to_list())) == {()}
    assert table(played, "agents").filter(pl.col("parents").list.len() > 0).is_empty()
    assert table(played, "strategies").height == 18


@pytest.mark.parametrize(("survivors", "lives"), [(0, 36), (12, 12), (3, 30)])
def test_any_number_survives(survivors, lives):
    played = play(generations=3, rounds=2, survivors=survivors)
    assert table(played, "agents").height == lives
    assert table(played, "donations").height == 3 * 2 * 2 * 6


def test_names_of_a_list_are_given_in_order_of_birth():
    names = [f"Agent {letter}" for letter in "ABCDEF"]
    played = play(size=4, survivors=2, generations=2, rounds=4, names=names)
    assert table(played, "agents")["agent"].to_list() == names


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"size": 11}, r"population\.size: agents are paired: 11 is odd, use 12"),
        ({"survivors": 13}, r"13 agents cannot survive of a population of 12"),
        ({"fidelity": "released", "rounds": 6}, r"protocol\.rounds: the released code plays as"),
        ({"fidelity": "released", "games": 1}, r"protocol\.games: the released code plays 2"),
        ({"names": ["A", "B"]}, r"66 agents live in this run, and 2 names are given"),
        ({"names": ["A"] * 66}, r"name 'A' is given twice"),
        ({"names": ["a/b", *map(str, range(65))]}, r"name 'a/b' is blank or has one of"),
        ({"trace_depth": 4}, r"protocol\.trace_depth: .*less than or equal to 3, found 4"),
        ({"fidelty": "paper"}, r"unknown key; did you mean 'fidelity'"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_place(keys, problem):
    with pytest.raises(InputError, match=problem):
        society(**keys)


# -- what moves, and what does not -------------------------------------------------------------


def two(told, first: str, **protocol: Any) -> tuple[DonorGame, dict[str, Any]]:
    """Let two agents play two rounds; the first donor answers `first`, the second gives 0."""
    told[1, "1_1"] = told[1, "1_2"] = first
    played = play(
        model={"name": "scripted/told"},
        size=2,
        survivors=1,
        generations=1,
        rounds=2,
        **protocol,
    )
    return played, table(played, "donations").row(0, named=True)


def test_a_donation(told):
    _, row = two(told, "4")
    assert (row["donor_before"], row["donor_after"], row["share"]) == (10, 6, 0.4)
    assert (row["recipient_before"], row["recipient_after"]) == (10, 18)


@pytest.mark.parametrize(("spent", "left", "hit"), [("2", 8, 6), ("5", 5, 0), ("8", 2, 0)])
@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_a_punishment_costs_the_donor_x_and_the_recipient_twice_x_down_to_0(
    told, spent, left, hit, fidelity
):
    told[2, "1_1"] = told[2, "1_2"] = "donate 0"
    _, row = two(told, f"punish {spent}", costly_punishment=True, fidelity=fidelity)
    assert (row["action"], row["donor_after"], row["recipient_after"]) == ("punish", left, hit)


def test_a_punishment_is_shown_to_others(told, tmp_path):
    for number in range(1, 4):
        for name in ("1_1", "1_2", "1_3", "1_4"):
            told[number, name] = "punish 1"
    run = societies.run(
        {
            "scenario": "donor_game",
            "name": "deeds",
            "model": {"name": "scripted/told"},
            "population": {"size": 4},
            "protocol": {"generations": 1, "rounds": 2, "survivors": 2, "costly_punishment": True},
        },
        out=tmp_path,
    )
    row = run.table("donations").filter(round=2).head(1).collect().row(0, named=True)
    prompt = run.call(f"{row['scope']}#{row['agent']}#1").messages[-1][1]
    assert f"In round 1, {row['recipient']} used 10.00 % of its resources to punish" in prompt


def test_an_amount_beyond_its_means_is_asked_again_in_paper_and_ends_as_a_gift_of_0(told):
    played, row = two(told, "10.01")
    assert (row["action"], row["amount"], row["share"]) == ("donate", 0, 0)
    assert row["outcome"] == "defaulted"
    calls = table(played, "calls").filter(pl.col("scope") == row["scope"])
    assert calls["attempt"].to_list() == list(range(1, 12))
    assert calls["request"].n_unique() == 1  # the identical question, 10 times again
    assert set(calls["problem"]) == {"10.01 is more than the 10.00 units that you have"}
    after = table(played, "donations").row(1, named=True)
    assert after["links"] == 1  # the gift of 0 is seen


def test_an_amount_beyond_its_means_moves_nothing_in_released_and_hides_the_act(told):
    played, row = two(told, "10.01", fidelity="released")
    assert (row["action"], row["amount"], row["share"]) == ("invalid", 10.01, None)
    assert (row["donor_after"], row["recipient_after"], row["outcome"]) == (10, 10, "clean")
    assert table(played, "donations")["links"].to_list() == [0, 0, 0, 0]


class OneDonation(DonorGame):
    """X, who was shown that Y gave Z a half in round 1, acts towards Y in round 2."""

    async def play(self) -> AsyncGenerator[None, None]:
        self.donor, recipient = self.enroll("X"), self.enroll("Y")
        self.strategies = {self.donor: "My strategy will be greed."}
        self.hands = self.deal([self.donor, recipient])
        self.hands[recipient].chain = (HALF_TO_Z,)
        self.schedule(
            self.donate(self.hands, 1, 2, self.donor, recipient),
            agents=(self.donor, recipient),
            scope="one",
        )
        yield


HALF_TO_Z = Link(1, "Y", "Z", "donate", 0.5)


@pytest.mark.parametrize(
    ("amount", "chain"),
    [("5", (Link(2, "X", "Y", "donate", 0.5), HALF_TO_Z)), ("50%", (HALF_TO_Z,))],
)
def test_after_an_invalid_act_others_see_the_recipients_chain_in_its_place(told, amount, chain):
    told[2, "X"] = amount
    config = society(model={"name": "scripted/told"}, fidelity="released").config
    played = OneDonation(config)
    played.run()
    assert played.hands[played.donor].chain == chain


@pytest.mark.parametrize(("fidelity", "share"), [("paper", None), ("released", 1.0)])
def test_giving_nothing_of_nothing_is_no_share_or_as_released_all(fidelity, share):
    donations = table(play(fidelity=fidelity, endowment=0.0, generations=1), "donations")
    assert donations["share"].unique().to_list() == [share]


def test_reask_explain_shows_the_reply_and_the_problem(told, tmp_path):
    told[1, "1_1"] = told[1, "1_2"] = "half"
    run = societies.run(
        {
            "scenario": "donor_game",
            "name": "explain",
            "model": {"name": "scripted/told"},
            "population": {"size": 2},
            "protocol": {
                "generations": 1,
                "rounds": 1,
                "survivors": 1,
                "attempts": 2,
                "reask": "explain",
            },
        },
        out=tmp_path,
    )
    row = run.table("donations").head(1).collect().row(0, named=True)
    assert row["outcome"] == "defaulted"
    messages = run.call(f"{row['scope']}#{row['agent']}#2").messages
    assert messages[-2] == ("assistant", "Answer: half")
    assert "not followed by a non-negative number" in messages[-1][1]


# -- the shipped files -------------------------------------------------------------------------


@pytest.mark.parametrize("file", SCENARIO.files(), ids=lambda path: path.stem)
def test_every_shipped_file_is_valid(file):
    config, _ = societies.load(file)
    assert config.name == f"donor_game-{file.stem}"
