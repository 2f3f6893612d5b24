"""The scripted negotiators: what each of them reaches, and how they speak."""

from itertools import product
from random import Random
from typing import Any

import pytest

import societies
from societies.agents.models.base import Request
from societies.agents.persona.persona import Persona
from societies.scenarios.negotiation import SCENARIO
from societies.scenarios.negotiation.answers import TurnAnswer, TurnError
from societies.scenarios.negotiation.contexts import (
    Context,
    count_tuples,
    generate,
    joint_ceiling,
    outcomes,
    worth,
)
from societies.scenarios.negotiation.minds import (
    Boulware,
    Conceder,
    Greedy,
    Liar,
    Negotiator,
    View,
)
from societies.scenarios.negotiation.offers import read_offer
from societies.scenarios.negotiation.society import Said

RESOURCES = ["book", "hat", "ball"]
CONTEXT = Context((1, 2, 3), ((4, 3, 0), (1, 0, 3)))


def request(*said: tuple[str, str], persona: Persona | None = None, **changes: Any) -> Request:
    """Return what red is asked after a dialogue, each message with its seat."""
    situation = {
        "seat": "red",
        "resources": RESOURCES,
        "counts": CONTEXT.counts,
        "values": CONTEXT.values[0],
        "history": tuple(Said(n, seat, text) for n, (seat, text) in enumerate(said, start=1)),
        "proposed": False,
        **changes,
    }
    return Request((), "red-1", "turn", situation, persona)


def games(tmp_path, mind: str, partner: str = "", **protocol: Any):
    """Return the outcomes, with the contexts, of two minds' games."""
    model: dict[str, Any] = {"name": f"scripted/{mind}"}
    if partner:
        model["roles"] = {"blue": {"name": f"scripted/{partner}"}}
    given = {
        "scenario": "negotiation",
        "name": mind,
        "model": model,
        "population": {"size": 1},
        "protocol": protocol,
    }
    run = societies.run(given, out=tmp_path)
    contexts = run.table("contexts").select(
        "game", "resources", "counts", "red_values", "blue_values"
    )
    return run.table("outcomes").join(contexts, on="game").collect().to_dicts()


def context_of(row: dict[str, Any]) -> Context:
    return Context(tuple(row["counts"]), (tuple(row["red_values"]), tuple(row["blue_values"])))


@pytest.mark.slow
def test_two_logrollers_reach_the_joint_ceiling_on_every_generated_context(tmp_path):
    rows = games(tmp_path, "logroller", draw="in_order", games=5793)
    assert {context_of(row) for row in rows} == set(generate(count_tuples(3, 5, 7), 10))
    for row in rows:
        assert row["red_points"] + row["blue_points"] == joint_ceiling(context_of(row))
    assert {row["turns"] for row in rows} == {4}


def test_two_logrollers_reach_the_ceiling_with_other_resources(tmp_path):
    resources = ["truck", "rescue crew", "generator", "water pump"]
    generator = {"objects": [4, 8], "total": 24}
    for row in games(tmp_path, "logroller", resources=resources, generator=generator, games=60):
        assert row["red_points"] + row["blue_points"] == joint_ceiling(context_of(row))


def test_a_greedy_pair_never_agrees_where_something_has_value_for_both(tmp_path):
    rows = games(tmp_path, "greedy", games=100)
    assert {row["agreed"] for row in rows} == {False}
    assert {row["reason"] for row in rows} == {"mismatch"}


def test_a_greedy_pair_agrees_exactly_when_no_resource_has_value_for_both(tmp_path):
    values = list(product((0, 2), repeat=3))
    contexts = [
        {"counts": [1, 2, 3], "red": list(red), "blue": list(blue)}
        for red, blue in product(values, repeat=2)
    ]
    rows = games(tmp_path, "greedy", contexts=contexts, draw="in_order", games=len(contexts))
    for row in rows:
        contested = any(a and b for a, b in zip(row["red_values"], row["blue_values"], strict=True))
        assert row["agreed"] is not contested
        if row["agreed"]:
            red, blue = context_of(row).values
            assert (row["red_points"], row["blue_points"]) == (
                worth(red, row["counts"]),
                worth(blue, row["counts"]),
            )


def test_conceders_agree_nearly_always_and_never_below_their_floor(tmp_path):
    rows = games(tmp_path, "conceder", games=150)
    agreed = [row for row in rows if row["agreed"]]
    assert len(agreed) > 0.9 * len(rows)
    assert all(min(row["red_points"], row["blue_points"]) >= 4 for row in agreed)


def test_a_boulware_mind_gets_more_than_a_linear_one_does_from_it(tmp_path):
    rows = games(tmp_path, "boulware", "conceder", games=150)
    assert sum(row["red_points"] for row in rows) > sum(row["blue_points"] for row in rows)


@pytest.mark.parametrize(
    ("beta", "aims"), [(1.0, [10, 8.5, 7, 5.5, 4]), (0.5, [10, 9.625, 8.5, 6.625, 4])]
)
def test_aims_fall_from_everything_to_the_floor(beta, aims):
    mind = Conceder(beta=beta, floor=0.4, patience=8)
    views = [View(request(*[("red", "Well.")] * own), Random(0)) for own in (0, 2, 4, 6, 8)]
    assert [mind.aim(view) for view in views] == pytest.approx(aims)


def test_agreeable_personas_go_lower():
    levels = ("very low", "average", "very high")
    personas = [Persona(big_five={"agreeableness": level}) for level in levels]
    late = [request(*[("red", "Well.")] * 99, persona=persona) for persona in personas]
    assert [Boulware().aim(View(each, Random(0))) for each in late] == pytest.approx([5, 4, 3])


def test_every_claim_of_a_conceder_reaches_its_aim():
    mind = Conceder()
    partner = ("blue", "How about this? I get 1 book and 3 balls; you get 2 hats.")
    dialogue: list[tuple[str, str]] = []
    for _ in range(6):
        dialogue.append(partner)
        view = View(request(*dialogue), Random(0))
        claim = mind.claim(view)
        assert worth(view.values, claim) >= mind.aim(view)
        dialogue.append(("red", mind.offer(view, claim)))


def test_a_liar_with_inflated_values_beats_an_honest_logroller(tmp_path):
    rows = games(tmp_path, "liar", "logroller", games=150)
    assert all(row["agreed"] for row in rows)
    lied = sum(row["red_points"] for row in rows)
    assert lied > 1.2 * sum(row["blue_points"] for row in rows)
    honest = games(tmp_path, "logroller", games=150)
    joint = [
        sum(row["red_points"] + row["blue_points"] for row in found) for found in (rows, honest)
    ]
    assert joint[0] < joint[1]


def test_a_liar_may_break_its_promise():
    offer = ("red", "I get 1 book, 1 hat and no balls; you get the rest.")
    asked = request(("blue", "Well?"), offer, proposed=True)
    kept, broken = (Liar(betrayal=chance).reply(asked, Random(0)) for chance in (0.0, 1.0))
    assert kept == "[propose] book: 1, hat: 1, ball: 0 [END]"
    assert broken == "[propose] book: 1, hat: 2, ball: 0 [END]"


def test_random_minds_reach_deals_by_chance(tmp_path):
    rows = games(tmp_path, "random", games=100)
    assert 0 < sum(row["agreed"] for row in rows) <= 100
    points = {(row["red_points"], row["blue_points"]) for row in rows if row["agreed"]}
    assert len(points) > 20
    for row in rows:
        if row["agreed"]:
            assert (row["red_points"], row["blue_points"]) in outcomes(context_of(row))


def test_what_a_logroller_says():
    mind = SCENARIO.minds["logroller"]()
    opening = mind.reply(request(), Random(0))
    assert opening == (
        "[message] Let us make the best of this together. Per piece I value book at 4, hat at 3 "
        "and ball at 0. And what is it worth to you? [END]"
    )
    answer = ("blue", "Per piece I value book at 1, hat at 0 and ball at 3.")
    assert mind.reply(request(answer), Random(0)) == (
        "[message] Thank you for being open. Per piece I value book at 4, hat at 3 and ball at 0. "
        "This gives the two of us most: I get 1 book, 2 hats and no balls; you get no books, no "
        "hats and 3 balls. [END]"
    )


@pytest.mark.parametrize("name", [name for name in SCENARIO.minds if name != "reciter"])
def test_minds_are_pure_and_speak_the_grammar(name):
    mind = SCENARIO.minds[name]()
    assert isinstance(mind, Negotiator)
    dialogues = [
        [],
        [("blue", "Hello.")],
        [("red", "Hello."), ("blue", "I get 1 book and 3 balls; you get 2 hats.")],
        [("blue", "Hi."), ("red", "I get 2 hats; you get the rest."), ("blue", "No.")] * 4,
    ]
    for dialogue, proposed in product(dialogues, (False, True)):
        if proposed and not dialogue:
            continue
        asked = request(*dialogue, proposed=proposed)
        replies = {mind.reply(asked, Random(3)) for _ in range(3)}
        assert len(replies) == 1
        answer = TurnAnswer.read(replies.pop(), asked.situation)
        assert answer.action == "propose" or not proposed


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_slips_are_faulty_in_every_situation(attempt):
    asked = request(("blue", "Hello."))
    asked.attempt = attempt
    text = Greedy(slips=4).reply(asked, Random(0))
    for situation in (asked.situation, {**asked.situation, "history": ()}):
        with pytest.raises(TurnError):
            TurnAnswer.read(text, situation)


def test_offers_are_put_into_sentences_that_hold_them():
    mind = Greedy()
    text = mind.reply(request(("blue", "Hello.")), Random(0))
    assert read_offer(text, RESOURCES, CONTEXT.counts) == (1, 2, 0)
