"""The donor game's scripted minds do what they say, and mix by share."""

from collections import Counter
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import societies
from societies.agents.models.base import Message, Request
from societies.agents.persona.persona import Persona
from societies.scenarios.donor_game import SCENARIO
from societies.scenarios.donor_game.answers import GiftAnswer, StrategyAnswer
from societies.scenarios.donor_game.minds import named_part
from societies.scenarios.donor_game.protocol import DonorProtocol
from societies.scenarios.donor_game.society import Advice, Link
from societies.society import load_society

PLAIN, PUNISHING = DonorProtocol(), DonorProtocol(costly_punishment=True)


def gave(share: float | None, donor: str = "A", recipient: str = "B") -> Link:
    return Link(3, donor, recipient, "donate", share)


def punished(share: float) -> Link:
    return Link(3, "A", "B", "punish", share)


def act(
    mind: str,
    *trace: Link,
    protocol: DonorProtocol = PLAIN,
    seed: int = 0,
    strategy: str = "My strategy will be to see.",
    **options: Any,
) -> GiftAnswer:
    """Return what a mind that owns 10 units does towards A."""
    situation = {
        "protocol": protocol,
        "strategy": strategy,
        "recipient": "A",
        "trace": trace,
        "resources": 10.0,
    }
    request = Request((Message("user", "?"),), "Me", "donate", situation, Persona())
    return GiftAnswer.read(SCENARIO.minds[mind](**options).reply(request, Random(seed)), situation)


def plan(
    mind: str, persona: Persona | None = None, seed: int = 0, *advice: str, **options: Any
) -> str:
    """Return the strategy that a mind devises."""
    heard = [Advice(f"1_{number}", text, 10.0) for number, text in enumerate(advice)]
    situation = {"protocol": PLAIN, "generation": 1, "advice": heard}
    request = Request((Message("user", "?"),), "Me", "strategy", situation, persona)
    return StrategyAnswer.read(
        SCENARIO.minds[mind](**options).reply(request, Random(seed)), situation
    ).strategy


def play(**data: Any) -> dict[str, pl.DataFrame]:
    """Return the tables of a society that was run."""
    config, scenario = societies.load({"scenario": "donor_game", **data})
    played = load_society(scenario)(config)
    played.run()
    names = ("agents", "strategies", "donations", "scores", "answers", "calls")
    return {name: played.log.table(name).collect() for name in names}


# -- each mind ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mind", sorted(SCENARIO.minds))
@pytest.mark.parametrize("protocol", [PLAIN, PUNISHING])
def test_every_mind_answers_in_the_grammar(mind, protocol):
    for trace in ((), (gave(0.0),), (gave(None),), (punished(0.5), gave(1.0, "B", "C"))):
        options = {"sloppy": 0.0} if mind == "noisy" else {}
        answer = act(mind, *trace, protocol=protocol, **options)
        assert 0 <= answer.amount <= 10
        assert answer.outcome == "clean"
    assert plan(mind).startswith("My strategy will be ")


@given(fraction=st.floats(0, 1), shares=st.lists(st.floats(0, 1), max_size=3))
def test_constant_gives_the_same_part_to_everybody(fraction, shares):
    answer = act("constant", *[gave(share) for share in shares], fraction=fraction)
    assert answer.amount == fraction * 10


def test_defector_gives_nothing_even_to_the_kindest():
    assert act("defector", gave(1.0), gave(1.0, "B", "C")).amount == 0


def test_random_giver_is_uniform_and_punishes_as_often_as_it_is_told():
    amounts = [act("random", seed=seed).amount for seed in range(400)]
    assert min(amounts) < 0.5
    assert max(amounts) > 9.5
    assert sum(amounts) / 400 == pytest.approx(5, abs=0.5)
    deeds = [act("random", seed=n, protocol=PUNISHING, punishing=0.25).action for n in range(400)]
    assert deeds.count("punish") / 400 == pytest.approx(0.25, abs=0.06)
    assert act("random", punishing=1.0).action == "donate"  # where punishing is not allowed


@pytest.mark.parametrize(
    ("trace", "given_part"),
    [
        ((), 0.6),  # a stranger
        ((gave(0.3),), 0.6),  # just generous enough
        ((gave(0.29),), 0.05),
        ((gave(0.0), gave(0.0, "B", "C")), 0.05),  # B's stinginess is no excuse
        ((gave(1.0), gave(0.0, "B", "C")), 0.6),
        ((punished(0.9),), 0.05),
        ((gave(None), gave(0.0, "B", "C")), 0.6),  # A had nothing to give: not B's gift counts
        ((gave(0.0, "B", "C"),), 0.6),  # A's own act is hidden (an invalid one)
    ],
)
def test_image_scorer_gives_when_the_recipients_own_last_gift_was_generous(trace, given_part):
    assert act("image_scorer", *trace).amount == pytest.approx(10 * given_part)


def test_image_scorer_punishes_bad_standing_where_the_protocol_allows_it():
    bad = gave(0.1)
    answer = act("image_scorer", bad, protocol=PUNISHING, punish=0.2)
    assert (answer.action, answer.amount) == ("punish", 2)
    assert act("image_scorer", bad, punish=0.2).action == "donate"
    assert act("image_scorer", gave(0.5), protocol=PUNISHING, punish=0.2).action == "donate"


@pytest.mark.parametrize(
    ("trace", "standing"),
    [
        ((), 0.5),
        ((gave(1.0),), 1.0),
        ((gave(0.0),), 0.25),  # a stranger at 0.5 excuses by half of a half
        ((gave(0.0), gave(1.0, "B", "C")), 0.0),  # B had been kind: no excuse
        ((gave(0.0), gave(0.0, "B", "C")), 0.375),  # B had been stingy (0.25)
        ((gave(0.0), gave(0.0, "B", "C"), gave(0.0, "C", "D")), 0.3125),
        ((gave(0.4), gave(0.0, "B", "C")), 0.4 + 0.375 * 0.6),
        ((punished(1.0), gave(1.0, "B", "C")), 0.0),
        ((gave(None),), 0.5),
        ((gave(0.0), gave(None, "B", "C")), 0.25),
        ((gave(0.0, "B", "C"),), 0.5),
    ],
)
def test_discriminator_excuses_stinginess_towards_the_stingy(trace, standing):
    assert act("discriminator", *trace).amount == pytest.approx(10 * standing)


def test_discriminator_without_forgiveness_looks_at_the_last_gift_alone():
    trace = (gave(0.2), gave(0.0, "B", "C"))
    assert act("discriminator", *trace, forgiveness=0.0).amount == pytest.approx(2)


def test_persona_agreeable_people_plan_to_give_more_than_disagreeable_ones():
    kind = Persona(big_five={"agreeableness": "very high"})
    blunt = Persona(big_five={"agreeableness": "very low"})
    anxious = Persona(big_five={"neuroticism": "very high"})
    assert named_part(plan("persona", kind, noise=0.0)) == 0.65
    assert named_part(plan("persona", Persona(), noise=0.0)) == 0.40
    assert named_part(plan("persona", anxious, noise=0.0)) == 0.30
    assert named_part(plan("persona", blunt, noise=0.0)) == 0.15


def test_persona_agreeable_populations_give_more():
    means = {}
    for level in ("very low", "very high"):
        tables = play(
            model={"name": "scripted/persona"},
            population={"size": 12, "persona": {"big_five": {"agreeableness": level}}},
            protocol={"generations": 1},
        )
        means[level] = tables["donations"]["share"].mean()
    assert means["very high"] > 2 * means["very low"]


def test_persona_culture_travels_in_the_strategy_text():
    heard = ("My strategy will be to give 90%.", "My strategy will be to give 70 %.")
    assert named_part(plan("persona", None, 0, *heard, noise=0.0)) == 0.64  # 0.4 + 0.6 * 0.4
    assert named_part(plan("persona", None, 0, *heard, noise=0.0, conformity=1.0)) == 0.80
    assert named_part(plan("persona", None, 0, *heard, noise=0.0, conformity=0.0)) == 0.40
    silent = ("My strategy will be to be kind.",)
    assert named_part(plan("persona", None, 0, *silent, noise=0.0)) == 0.40
    excessive = ("My strategy will be to give 900%.",)
    assert named_part(plan("persona", None, 0, *excessive, noise=0.0, conformity=1.0)) == 1.0


def test_persona_newcomers_resemble_their_advisers_only_if_they_hear_them():
    differences = {}
    for inheritance in ("strategies", "none"):
        tables = play(
            model={"name": "scripted/persona", "options": {"conformity": 1.0, "noise": 0.0}},
            population={"size": 12, "persona": {"big_five": {"agreeableness": "random"}}},
            protocol={"generations": 2, "inheritance": inheritance},
        )
        part = pl.col("strategy").map_elements(named_part, pl.Float64)
        strategies = tables["strategies"].with_columns(part=part)
        survivors = tables["scores"].filter(generation=1, survived=True)["agent"].to_list()
        taught = strategies.filter(pl.col("agent").is_in(survivors))["part"].mean()
        newcomers = strategies.filter(generation=2)["part"]
        differences[inheritance] = max(abs(part - taught) for part in newcomers)
    assert differences["strategies"] < 0.01  # they name the advisers' mean, in whole per cents
    assert differences["none"] > 0.1


@pytest.mark.parametrize(
    ("trace", "given_part"),
    [
        ((), 0.4),
        ((gave(0.4),), 0.4),
        ((gave(0.9),), 0.4),
        ((gave(0.2),), 0.3),  # half of it follows what A gave
        ((gave(0.0),), 0.2),
        ((punished(1.0),), 0.2),
        ((gave(None),), 0.4),
    ],
)
def test_persona_stands_by_its_strategy_and_answers_in_kind(trace, given_part):
    answer = act("persona", *trace, strategy="My strategy will be to give about 40% of it.")
    assert answer.amount == pytest.approx(10 * given_part)


# -- replies that cannot be read ---------------------------------------------------------------


def test_the_noisy_share_is_what_was_asked_for_and_every_answer_is_accounted_for():
    model = {"name": "scripted/noisy", "options": {"malformed": 0.4, "sloppy": 0.0}}
    tables = play(model=model, population={"size": 12}, protocol={"generations": 2, "attempts": 2})
    calls = tables["calls"].filter(prompt="donate")
    assert 1 - calls["readable"].mean() == pytest.approx(0.4, abs=0.06)
    answers = tables["answers"].filter(prompt="donate")
    outcomes = Counter(answers["outcome"])
    assert outcomes["clean"] / answers.height == pytest.approx(0.6, abs=0.06)
    assert outcomes["repaired"] / answers.height == pytest.approx(0.24, abs=0.06)
    assert outcomes["defaulted"] / answers.height == pytest.approx(0.16, abs=0.06)
    assert sum(outcomes.values()) == tables["donations"].height == 2 * 2 * 72
    assert answers["calls"].sum() == calls.height
    assert Counter(tables["donations"]["outcome"]) == outcomes
    defaulted = tables["donations"].filter(outcome="defaulted")
    assert set(defaulted["amount"]) == {0.0}


@pytest.mark.parametrize("punishing", [False, True])
def test_sloppy_numbers_are_read_leniently_or_asked_again(punishing):
    options = {"malformed": 0.0, "sloppy": 1.0, "punishing": 0.5}
    tables = play(
        model={"name": "scripted/noisy", "options": options},
        population={"size": 12},
        protocol={"generations": 1, "attempts": 20, "costly_punishment": punishing},
    )
    # Only bold is read, with goodwill: a share in per cent, a debt or more than is owned is not.
    assert set(tables["answers"].filter(prompt="donate", calls=1)["outcome"]) == {"lenient"}
    assert "repaired" in set(tables["donations"]["outcome"])
    problems = " ".join(tables["calls"]["problem"].drop_nulls().unique())
    for problem in ("not a percentage", "non-negative number"):
        assert problem in problems
    assert ("punish" in set(tables["donations"]["action"])) == punishing


@pytest.mark.parametrize("fidelity", ["paper", "released"])
def test_in_released_noise_ends_in_invalid_actions_and_in_paper_never(fidelity):
    tables = play(
        model={"name": "scripted/noisy"},
        population={"size": 12},
        protocol={"generations": 1, "fidelity": fidelity},
    )
    assert ("invalid" in set(tables["donations"]["action"])) == (fidelity == "released")


# -- mixes -------------------------------------------------------------------------------------


def test_mixes_by_share_are_exact():
    config, scenario = societies.load("donor_game/demo", {"protocol.generations": 1})
    played = load_society(scenario)(config)
    played.run()
    agents = played.log.table("agents").collect()
    assert Counter(agents["group"]) == {"cultural": 6, "scorer": 3, "reader": 2, "defector": 1}
    assert Counter(agents["model"]) == {
        "scripted/persona": 6,
        "scripted/image_scorer": 3,
        "scripted/discriminator": 2,
        "scripted/defector": 1,
    }


@pytest.mark.parametrize("size", [8, 16, 80])
def test_mixes_by_share_are_exact_in_any_size_they_divide(size):
    minds = {"constant": 5, "defector": 2, "random": 1}
    tables = play(
        model={"name": "scripted/persona"},
        population={
            "size": size,
            "groups": [
                {"name": mind, "share": share, "model": {"name": f"scripted/{mind}"}}
                for mind, share in minds.items()
            ],
        },
        protocol={"generations": 1, "rounds": 1, "survivors": 0},
    )
    counts = Counter(tables["agents"]["model"])
    assert counts == {f"scripted/{mind}": share * size // 8 for mind, share in minds.items()}


def test_the_demo_is_quick_and_shows_minds_that_differ(tmp_path):
    run = societies.run("donor_game/demo", out=tmp_path)
    agents = run.table("agents").select("agent", "group")
    means = dict(
        run.table("donations")
        .join(agents, on="agent")
        .group_by("group")
        .agg(pl.col("share").mean())
        .collect()
        .iter_rows()
    )
    assert means["defector"] == 0
    assert means["reader"] > 0
    assert run.about["seconds"] < 10
    assert "repaired" in set(run.table("answers").collect()["outcome"])


def test_punishment_yaml_punishes_those_who_give_little():
    config, scenario = societies.load("donor_game/punishment")
    played = load_society(scenario)(config)
    played.run()
    donations = played.log.table("donations").collect()
    agents = played.log.table("agents").collect().select("agent", "group")
    punishing = donations.join(agents, on="agent").filter(action="punish")
    assert set(punishing["group"]) == {"punisher", "noisy"}
    assert (punishing["recipient_after"] <= punishing["recipient_before"]).all()
    assert (donations["recipient_after"] >= 0).all()
    assert (donations["donor_after"] >= 0).all()
