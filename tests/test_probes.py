"""Probes: asked as the scenario goes, and changing nothing of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import societies
from societies.cli.show import show_summary
from societies.errors import InputError
from societies.loading.load import load
from societies.runs.run import Run

ALL_MOMENTS = [
    {"instrument": "mini_markers", "items": ["kind", "cold"], "before": True, "after": True},
    {"name": "now and then", "ask": ["How do you feel?"], "every": 4, "first": 2},
]


def scenario_rows(run: Run) -> dict[str, pl.DataFrame]:
    """The record of the game itself: without the rows' running numbers."""
    tables = ("agents", "strategies", "donations", "scores", "messages", "steps")
    return {
        name: run.table(name).drop("seq", "run").select(pl.exclude("^wall_.*$")).collect()
        for name in tables
    }


def game_calls(run: Run) -> pl.DataFrame:
    calls = run.table("calls").filter(~pl.col("scope").str.starts_with("probe/"))
    return calls.select("key", "request", "prompt_tokens", "completion_tokens").collect()


@pytest.mark.parametrize("mind", ["scripted/persona", "scripted/random", "scripted/noisy"])
def test_probes_change_nothing_of_the_game(run_small: Callable[..., Run], mind: str) -> None:
    plain = run_small(**{"model.name": mind})
    probed = run_small(**{"model.name": mind, "probes": ALL_MOMENTS})
    assert plain.table("responses").collect().is_empty()
    assert not probed.table("responses").collect().is_empty()
    for name, rows in scenario_rows(plain).items():
        assert rows.equals(scenario_rows(probed)[name], null_equal=True), name
    assert game_calls(plain).equals(game_calls(probed))


def test_everybody_is_asked_before_the_first_and_after_the_last_interaction(
    run_small: Callable[..., Run],
) -> None:
    run = run_small(probes=ALL_MOMENTS[:1])
    answers = run.table("responses").collect()
    counts = answers.group_by("agent", "moment", "item").len()
    agents = run.table("agents").collect()["agent"].to_list()
    assert counts["len"].to_list() == [1] * (len(agents) * 2 * 2)
    first = run.table("strategies").select("agent", "seq").collect()
    before = answers.filter(pl.col("moment") == "before").group_by("agent").agg(pl.col("seq").max())
    assert before.join(first, on="agent").select((pl.col("seq") < pl.col("seq_right")).all()).item()
    last = run.table("scores").group_by("agent").agg(pl.col("seq").max()).collect()
    after = answers.filter(pl.col("moment") == "after").group_by("agent").agg(pl.col("seq").min())
    assert after.join(last, on="agent")["agent"].n_unique() == len(agents)


def test_steps_are_counted_from_the_first(run_small: Callable[..., Run]) -> None:
    run = run_small(probes=ALL_MOMENTS[1:])
    answers = run.table("responses").collect()
    assert answers["moment"].unique().sort().to_list() == [
        f"step {step:05}" for step in (2, 6, 10, 14, 18)
    ]
    assert answers.group_by("moment").len()["len"].to_list() == [4] * 5
    occasions = answers.sort("seq").group_by("agent", maintain_order=True).agg("occasion")
    assert {tuple(times) for times in occasions["occasion"]} == {(0, 1, 2, 3, 4), (0, 1), (0, 1, 2)}


def test_only_whom_one_names_is_asked(run_small: Callable[..., Run]) -> None:
    probe = {**ALL_MOMENTS[0], "of": {"names": ["1_2"]}}
    answers = run_small(probes=[probe]).table("responses").collect()
    assert set(answers["agent"]) == {"1_2"}


def test_probed_runs_replay_and_enter_no_memory(run_small: Callable[..., Run]) -> None:
    run = run_small(probes=ALL_MOMENTS)
    assert societies.replay(run.path).status == "finished"
    with run.journal() as journal:
        keys = [key for key in journal.keys() if key.startswith("g1/game1")]  # noqa: SIM118
    for key in keys[:8]:
        asked = " ".join(content for _, content in run.call(key).messages)
        assert "How do you feel?" not in asked
        assert "describe you" not in asked


def test_shipped_probes_ask_before_and_after_each_generation(tmp_path: Path) -> None:
    run = societies.run("donor_game/probed", out=tmp_path, sets={"protocol.generations": 2})
    counts = run.table("responses").group_by("probe", "moment").len().sort("moment").collect()
    assert counts.rows() == [
        ("before games", "step 00001", 480),
        ("after games", "step 00025", 480),
        ("before games", "step 00026", 480),
        ("after games", "step 00050", 480),
    ]


def test_a_resumed_run_asks_no_probe_twice(run_small: Callable[..., Run]) -> None:
    run = run_small(probes=ALL_MOMENTS)
    lines = (run.path / "journal.ndjson").read_bytes().splitlines(keepends=True)
    whole = run.table("responses").collect()
    (run.path / "journal.ndjson").write_bytes(b"".join(lines[: len(lines) // 2]))
    about = (run.path / "run.json").read_text().replace('"finished"', '"interrupted"')
    (run.path / "run.json").write_text(about)
    resumed = societies.resume(run.path)
    assert resumed.about["totals"]["journalled"] > 0
    assert resumed.table("responses").collect().equals(whole, null_equal=True)


@pytest.mark.parametrize(
    ("probe", "told"),
    [
        ({"before": True}, "give either an instrument or open questions"),
        ({"ask": ["Why?"]}, "say when to ask: before, after, every"),
        ({"instrument": "tipi", "after": True}, "no such instrument"),
        ({"ask": ["Why?"], "after": True, "evry": 2}, "unknown key; did you mean 'every'"),
    ],
)
def test_wrong_probes_are_told(probe: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        load("donor_game/demo", {"probes": [probe]})


@pytest.mark.parametrize(
    ("probe", "told"),
    [
        ({"ask": [" "], "before": True}, "ask"),
        ({"ask": ["How?"], "before": True, "first": 3}, "first belongs to every"),
        ({"ask": ["How?"], "before": True, "name": "after"}, "'after' is the name of a moment"),
        (
            {"ask": ["How?"], "after": True, "of": {"names": ["a"], "groups": ["b"]}},
            "either groups",
        ),
    ],
)
def test_probes_that_contradict_themselves_are_refused(probe: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        load("donor_game/demo", sets={"probes": [probe]})


def test_a_probe_that_asked_nobody_is_told(
    run_small: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    every = {"instrument": "mini_markers", "items": ["kind"]}
    absent = {**every, "name": "absent", "before": True, "of": {"groups": ["nobody"]}}
    run = run_small(
        probes=[{**every, "before": True}, absent, {**every, "name": "late", "every": 999}]
    )
    show_summary(run)
    printed = capsys.readouterr().out
    assert "warning: probe 'absent' asked nobody" in printed
    assert "warning: probe 'late' asked nobody" in printed
    assert "probe 'mini_markers'" not in printed
