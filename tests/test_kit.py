"""The kit of which small scenarios are made: answers, records, minds, moves at once, errors."""

import asyncio
from random import Random
from typing import Literal

import pytest

import societies
from societies import kit
from societies.agents.answers.answer import AnswerError
from societies.agents.answers.structured import response_schema
from societies.agents.errors import ModelError, SocietyError
from societies.agents.models.base import Request
from societies.agents.persona.persona import Persona
from societies.agents.templates.views import views
from societies.cli.init import write_scenario
from societies.kit import (
    ActionRecord,
    ChoiceAnswer,
    Field,
    Mind,
    NumberAnswer,
    ObjectAnswer,
    Record,
    Seen,
    Situation,
    part,
)
from societies.runs.transcript import transcript

# -- answers --------------------------------------------------------------------------------------


class Bid(NumberAnswer, marker="I bid", unit="coins"):
    coins: int = Field(ge=1)

    def most(self, situation: Situation) -> float:
        return situation.purse


class Hunt(ChoiceAnswer, marker="I hunt:", options=("stag", "hare")):
    pass


class Seat(ChoiceAnswer):
    def among(self, situation):
        return situation.free


class Offer(ObjectAnswer):
    mine: int = Field(ge=0)
    reason: str = ""


@pytest.mark.parametrize(
    ("reply", "coins", "outcome"),
    [
        ("It is rare.\nI bid 7", 7, "clean"),
        ("It is rare.\nI bid **7** coins.", 7, "lenient"),
        ("I bid 7\nonce more: I bid 7", 7, "clean"),
        ("I bid 10.00", 10, "clean"),
    ],
)
def test_a_number_is_read(reply, coins, outcome):
    bid = Bid.read(reply, {"purse": 10})
    assert (bid.coins, bid.outcome) == (coins, outcome)
    assert bid.reason == ("It is rare." if "rare" in reply else "")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("I will bid 7", "there is no line that starts with 'I bid'"),
        ("I bid nothing", "'I bid' is not followed by a non-negative number of coins"),
        ("I bid 50 %", "a number of coins, not a percentage"),
        ("I bid 5 or 6", "'5 or 6' is not a plain number of coins"),
        ("I bid 5\nI bid 6", "several lines start with 'I bid', and they are not the same"),
        ("I bid 11", "11 is more than 10.00 coins, the most possible"),
    ],
)
def test_what_is_no_number_or_too_much_is_refused(reply, told):
    with pytest.raises(AnswerError, match=told):
        Bid.read(reply, {"purse": 10})


def test_a_number_is_asked_for_as_an_object_with_the_reason_first():
    assert list(response_schema(Bid)["properties"]) == ["reason", "coins"]


def test_a_number_needs_one_field():
    class Two(NumberAnswer):
        one: float = 0
        other: float = 0

    with pytest.raises(TypeError, match=r"Two should have one field .* \['one', 'other'\]"):
        Two.read("Answer: 1", {})


@pytest.mark.parametrize(
    ("reply", "choice", "outcome"),
    [
        ("Together!\nI hunt: stag", "stag", "clean"),
        ("I hunt: **Hare**.", "hare", "lenient"),
        ("I hunt:\nhare\nbecause", "hare", "clean"),
    ],
)
def test_a_choice_is_read(reply, choice, outcome):
    hunt = Hunt.read(reply, {})
    assert (hunt.choice, hunt.outcome) == (choice, outcome)


@pytest.mark.parametrize("reply", ["I hunt: stag or hare", "I hunt: not stag", "I hunt: "])
def test_what_is_no_choice_is_refused(reply):
    with pytest.raises(AnswerError, match="should be one of: stag, hare"):
        Hunt.read(reply, {})
    with pytest.raises(AnswerError, match="they are not the same"):
        Hunt.read("I hunt: stag\nI hunt: hare", {})


def test_choices_may_depend_on_the_situation():
    assert Seat.read("Answer: b", {"free": ["a", "b"]}).choice == "b"
    with pytest.raises(AnswerError, match="'b' should be one of: a"):
        Seat.read("Answer: b", {"free": ["a"]})


def test_an_object_is_read_into_the_fields_of_its_names():
    offer = Offer.read('{"mine": 3, "reason": "half"}', {})
    assert (offer.mine, offer.reason, offer.outcome) == (3, "half", "clean")
    assert Offer.read("Here: {'mine': 3}", {}).outcome == "lenient"
    with pytest.raises(AnswerError, match=r"mine: Input should be greater .*; yours: Extra inputs"):
        Offer.read('{"mine": -1, "yours": 3}', {})


def test_a_situation_says_what_it_holds():
    assert Situation(round=1).round == 1
    with pytest.raises(AttributeError, match="was not given 'purse', only round"):
        Bid.read("I bid 1", {"round": 1})


# -- records --------------------------------------------------------------------------------------


class Catch(ActionRecord):
    table = "catches"
    told = "{agent} hunts {game} in round {round:02}"

    round: int
    game: Literal["stag", "hare"]


def test_a_record_takes_reason_and_outcome_from_its_answer():
    hunt = Hunt(choice="hare", reason="I am hungry {sic}").marked("repaired")
    row = Catch.of(hunt, round=1, game=hunt.choice)
    assert (row.reason, row.outcome) == ("I am hungry {sic}", "repaired")
    assert row.story("ann") == "ann hunts hare in round 01 [repaired]"
    assert Catch.of(Hunt(choice="hare"), round=1, game="hare").story("bob").endswith("01")


class Weather(Record):
    table = "weather"
    told = "it is {degrees:.0f} degrees where {agent} stands"

    degrees: float


def test_a_record_without_an_answer_is_told_in_its_own_words_too():
    assert Weather(degrees=21.4).story("ann") == "it is 21 degrees where ann stands"


@pytest.mark.parametrize("base", [ActionRecord, Record])
def test_a_line_that_names_no_field_is_told(base):
    with pytest.raises(TypeError, match=r"Wrong\.told names prey, which it has not"):

        class Wrong(base):
            table = "wrong"
            told = "{agent} hunts {prey}"


# -- minds ----------------------------------------------------------------------------------------


class Hunter(Mind):
    def hunt(self, seen: Seen, random: Random) -> str:
        return f"round {seen.round}: {seen['form']}, {seen.persona.level('openness')}"


def request(prompt: str, purpose="decision", **situation):
    persona = Persona(big_five={"openness": "high"}).as_view()
    return Request((), "ann", prompt, views(situation), persona, purpose=purpose)


def test_a_mind_answers_a_template_by_the_method_of_its_name():
    reply = Hunter().answer_request(request("hunt", round=1, form="round"), Random(1))
    assert reply == "round 1: round, high"


@pytest.mark.parametrize("template", ["fish", "copy"])
def test_a_mind_without_such_a_method_says_so(template):
    with pytest.raises(ModelError, match=f"Hunter has no answer to template '{template}': give it"):
        Hunter().answer_request(request(template), Random(1))


def test_what_a_mind_is_not_shown_is_told():
    with pytest.raises(AttributeError, match=r"template 'hunt' is not given 'round'; .*: form"):
        Hunter().answer_request(request("hunt", form=1), Random(1))
    seen = Seen(Request((), "ann", "hunt", views({"persona": 1, "request": 2, "values": 3})))
    assert (seen.persona.score("openness"), seen["persona"], seen.values) == (0, 1, 3)
    assert seen.request.agent == "ann"


def test_minds_go_by_the_purpose_and_not_by_the_names_of_variables():
    description = {"description": "You are kind.", "steps": (), "portrayed": 1}
    assert Hunter().answer_request(request("hunt", round=1, **description, form=2), Random(1)) == (
        "round 1: 2, high"
    )
    portrait = Hunter().answer_request(
        request("write_persona", "portrait", **description), Random(1)
    )
    assert portrait == "This is a portrait of you. You are kind."


def test_parts_are_from_0_to_1():
    assert [part(value) for value in (-1.0, 0.25, 2.0)] == [0.0, 0.25, 1.0]


# -- the society ----------------------------------------------------------------------------------


@pytest.fixture
def game(tmp_path, monkeypatch):
    """Write the public goods game; return how it is run with its society's code changed."""
    monkeypatch.chdir(tmp_path)
    write_scenario("public_goods", None)
    file = tmp_path / "public_goods" / "society.py"

    def run(old: str = "", new: str = "", **sets):
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new) if old else text)
        small = {"population.size": 3, "protocol.rounds": 2, **sets}
        return societies.run("./public_goods/demo", sets=small)

    return run


def test_answers_come_in_the_order_of_agents_whoever_is_first(game):
    async def late(self, player, number, gave):
        await asyncio.sleep(0.03 - 0.01 * int(player.name[-1]))
        return player.name

    class Late(societies.society.load_society(game().scenario)):
        async def play(self):
            players = self.enroll_all("player")
            self.answers = await self.at_once(players[::-1], self.give, 1, {}, scope="late")
            yield

        give = late

    society = Late(game(name="again").config)
    society.run()
    assert list(society.answers.values()) == ["player 3", "player 2", "player 1"]


def test_what_is_recorded_behind_simultaneous_moves_belongs_to_their_step(game):
    rows = game().table("contributions").collect()
    assert rows["step"].to_list() == [1, 1, 1, 2, 2, 2]
    assert rows["scope"].to_list() == ["r01"] * 3 + ["r02"] * 3
    assert rows["agent"].to_list() == ["player 1", "player 2", "player 3"] * 2


def test_the_transcript_marks_what_was_no_clean_answer(game):
    told = list(transcript(game(**{"model.options": {"malformed": 1.0}})))
    assert any(line.endswith("ends with 20.00 [defaulted]") for line in told)


def test_a_variable_called_form_is_one_like_any_other(game):
    run = game(", others=others)", ", others=others, form=1, portrayed=2)")
    assert run.status == "finished"


# -- what an author gets wrong --------------------------------------------------------------------


UNSETTLED = """
            gifts: dict[Agent, Gift] = {}

            async def keep(player: Agent) -> None:
                gifts[player] = await self.give(player, 1, {})

            for player in players:
                self.schedule(keep(player), agents=[player], scope=f"{number}/{player.name}")
"""
FAULTS = {
    "undeclared record": (
        "records = (Contribution,)",
        "records = ()",
        r"play\(\) failed: TypeError: a Contribution is recorded, and PublicGoods does not declare "
        r"it: add it to its `records = \(Contribution, ...\)`",
    ),
    "scope used twice": (
        'scope=f"r{number:02}")\n            self.share',
        'scope="round")\n            self.share',
        r"ValueError: scope 'round/player 1' is used twice: .* make it unique",
    ),
    "asked in play": (
        'gave: dict[Agent, float] = {}\n        for',
        'gave: dict[Agent, float] = {}\n        await self.give(players[0], 1, gave)\n        for',
        r"agent player 1 is used in play\(\) to ask: schedule an interaction \(self.schedule\(\), "
        r"or self.at_once\(\) for several agents\)",
    ),
    "forgotten settle": (
        'gifts = await self.at_once(players, self.give, number, gave, scope=f"r{number:02}")',
        UNSETTLED,
        r"play\(\) failed while 3 interactions are not done yet \(if it needs what they do, it has "
        r"to `await self.settle\(\)` first\): ZeroDivisionError",
    ),
    "no yield": (
        "            yield\n",
        "",
        r"play\(\) of PublicGoods is no asynchronous generator: write it as `async def play",
    ),
    "simultaneous moves within an interaction": (
        "others = [",
        "await self.at_once([player], self.give, 1, gave, scope='x')\n        others = [",
        r"interaction r01/player 1 schedules 'x/player 1', .* schedule it in play\(\)",
    ),
    "variable that a template lacks": (
        ", others=others)",
        ")",
        r"'others'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_an_author_gets_wrong_is_told_with_what_to_do(game, fault):
    old, new, told = FAULTS[fault]
    with pytest.raises(SocietyError, match=told):
        game(old, new)


def test_the_kit_imports_mesa_only_when_it_is_needed():
    assert set(kit._HEAVY) <= set(kit.__all__)
    assert kit.Agent is societies.agents.LLMAgent
    with pytest.raises(AttributeError, match="has no attribute 'Agents'"):
        kit.Agents  # noqa: B018
