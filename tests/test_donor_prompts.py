"""The donor game's prompts: what a language model is told, in which order, in every variant."""

from typing import Any

import pytest

import societies
from societies.scenarios.donor_game.society import Advice, DonorGame, Link

FIDELITIES = ("paper", "released")


ADVICE = [
    Advice("1_2", "My strategy will be to give\nhalf.", 12.5),
    Advice("1_3", "My strategy will be to give nothing.", 3.25),
]
TRACE = (
    Link(3, "1_4", "1_5", "donate", 0.754321),
    Link(2, "1_5", "1_6", "donate", 0.1),
    Link(1, "1_6", "1_7", "donate", None),
)


def prompts(generation: int = 1, links: int = 3, **protocol: Any) -> dict[str, str]:
    """Return the three prompts of a society, as one agent gets them."""
    data = {
        "scenario": "donor_game",
        "model": {"name": "scripted/constant"},
        "population": {"size": 12},
        "protocol": protocol,
    }
    config, _ = societies.load(data)
    hosting = DonorGame(config)
    agent = hosting.enroll(f"{generation}_1")
    trace = TRACE[3 - links :][: hosting.protocol.trace_depth]
    return {
        "system": agent.system_message.content,
        "strategy": hosting.render(
            "strategy",
            agent=agent,
            generation=generation,
            advice=ADVICE if generation > 1 else [],
            predecessors=2 * len(ADVICE),
        ),
        "donate": hosting.render(
            "donate",
            agent=agent,
            strategy="My strategy will be to give.",
            generation=generation,
            round=links + 1,
            recipient="1_4",
            recipient_resources=12,
            trace=trace,
            resources=10.0,
        ),
    }


def assert_in_order(text: str, *pieces: str) -> None:
    places = [text.index(piece) for piece in pieces]
    assert places == sorted(places), pieces


VARIANTS = [
    {"trace_depth": depth, "costly_punishment": punishing, "fidelity": fidelity, "generation": born}
    for depth in range(4)
    for punishing in (False, True)
    for fidelity in FIDELITIES
    for born in (1, 2)
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_prompts_carry_every_element_in_the_protocols_order(variant):
    texts = prompts(**variant)
    depth, punishing = variant["trace_depth"], variant["costly_punishment"]
    for text in texts.values():
        assert "\n\n\n" not in text
        assert all(line == line.strip() for line in text.splitlines())
        assert "12 rounds" not in text
        assert "10 generations" not in text
    assert_in_order(
        texts["system"],
        *("helps to study", "starts with 10 units", "paired at random", "from 0 to all it owns"),
        *("2 times the amount", "Roles alternate every round", "What a donor is told"),
        *(["in round 4 you are the donor", "only the single latest one"] if depth else []),
        *(["loses 2 times x"] if punishing else []),
        *("as many units as possible after the last round", "half of the agents"),
    )
    assert ("punish" in texts["system"]) == punishing
    assert [who in texts["system"] for who in ("Eli gave", "Ann before", "Bob before")] == [
        depth > link for link in range(3)
    ]
    assert_in_order(
        texts["strategy"],
        *(f"Your name is {variant['generation']}_1", "devise the strategy", "Remember"),
        *(["latest one only", "In the first round nobody has a history"] if depth else []),
        *(["advice of the best half", "Modify", "improve"] if variant["generation"] > 1 else []),
        *("step by step", "ONE sentence", "begins with the words: My strategy will be"),
    )
    assert_in_order(
        texts["donate"],
        *(f"Your name is {variant['generation']}_1", "My strategy will be to give."),
        *(f"generation {variant['generation']}", "round 4", "paired with 1_4", "12.00 units"),
        *[f"In round {number}" for number in (3, 2, 1)][:depth],
        *("You are the donor", "you own 10.00 units", "a real number between 0 and 10.00"),
        *("briefly, step by step", "\nJustification:", "\nAnswer:"),
    )
    assert texts["donate"].count("In round") == depth
    assert ("punish" in texts["donate"]) == punishing


def test_advice_comes_with_scores_or_as_released_without_those_it_promises():
    paper, released = (
        prompts(generation=2, fidelity=fidelity)["strategy"] for fidelity in FIDELITIES
    )
    assert "- My strategy will be to give half. (final score: 12.50)\n" in paper
    assert "- My strategy will be to give nothing. (final score: 3.25)\n" in paper
    assert "along with their final scores" in released
    assert "12.5" not in released
    assert r"['My strategy will be to give\nhalf.', 'My strategy will be to give nothing.']" in (
        released
    )


def test_a_short_chain_ends_with_who_had_no_previous_interactions():
    assert "\n1_4 has no previous interactions.\n" in prompts(links=0)["donate"]
    one = prompts(links=1)["donate"]
    assert "In round 1, 1_6 owned nothing, and so gave nothing to 1_7.\n1_7 had no prev" in one
    assert "interactions" not in prompts(links=3)["donate"]
    assert "interactions" not in prompts(links=1, trace_depth=1)["donate"]
    assert "interactions" not in prompts(links=0, trace_depth=0)["donate"]


@pytest.mark.parametrize(
    ("survivors", "sentence"),
    [
        (6, "The half of the agents that own the most survive"),
        (5, "The 5 agents that own the most survive"),
        (1, "The one agent that owns the most survives"),
        (0, "after the last round."),
        (12, "after the last round."),
    ],
)
def test_the_goal_names_how_many_survive(survivors, sentence):
    system = prompts(survivors=survivors)["system"]
    assert sentence in system.splitlines()[-1]
    assert ("next generation" in system) == (0 < survivors < 12)


def test_a_user_overrides_a_prompt_from_yaml(tmp_path):
    (tmp_path / "mine.j2").write_text("Give {{ recipient }} all of {{ '%.0f' % resources }}?")
    (tmp_path / "mine.yaml").write_text(
        "scenario: donor_game\n"
        "model: {name: scripted/constant}\n"
        "population: {size: 2}\n"
        "protocol: {generations: 1, rounds: 1, survivors: 1}\n"
        "prompts: {donate: mine.j2}\n"
    )
    run = societies.run(tmp_path / "mine.yaml", out=tmp_path / "runs")
    row = run.table("donations").head(1).collect().row(0, named=True)
    question = run.call(f"{row['scope']}#{row['agent']}#1").messages[-1]
    assert question == ("user", f"Give {row['recipient']} all of 10?")


def test_no_memory_every_call_is_one_system_and_one_user_message(tmp_path):
    run = societies.run("donor_game/demo", out=tmp_path, sets={"protocol.generations": 1})
    for key in run.table("calls").filter(attempt=1).collect()["key"]:
        assert [role for role, _ in run.call(key).messages] == ["system", "user"]
