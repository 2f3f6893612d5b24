"""Estimates: what a run will take, as ranges, before anything is spent."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

import societies
from societies.agents.models import hosted
from societies.agents.models.base import ModelSpec
from societies.calls.provider import provider_of
from societies.cli.estimate import against_actual, show_against_actual
from societies.cli.main import app
from societies.cli.progress import watch_with
from societies.errors import InputError
from societies.execute.estimate import (
    LEAST_HIGH,
    QUOTATION,
    REASONING,
    REPAIR,
    REPEATS,
    estimate,
)
from societies.loading.load import load
from tests.conftest import SMALL
from tests.openai_server import Reply, serve
from tests.test_hosted_models import play

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning"
)  # LiteLLM's own

MINI = {"population.groups": [], "model": {"name": "openai/gpt-4o-mini"}}


def estimated(**sets):
    """Estimate a small donor game."""
    return estimate(*load("donor_game/demo", {**SMALL, **sets}))


def test_a_scripted_run_is_known_to_the_token(run_small):
    run = run_small()
    found = estimate(run.config, run.scenario)
    actual = (
        run.table("calls")
        .group_by("model")
        .agg(pl.len(), pl.col("prompt_tokens", "completion_tokens").sum())
    )
    took = {row[0]: row[1:] for row in actual.collect().iter_rows()}
    assert {line.model for line in found.lines} == set(took)
    for line in found.lines:
        expected = (line.calls, line.prompt_tokens, line.completion_tokens)
        assert expected == tuple((n, n) for n in took[line.model])
        assert line.cost == (0, 0)
    assert found.assumptions == [
        "every model is scripted: the run is free, and these are its very calls"
    ]


def test_a_hosted_model_is_priced_by_the_ranges_of_its_tokens():
    [line] = estimated(**MINI).lines
    assert line.calls == (38, 48)
    assert line.tokens_by == "the model's tokenizer"
    low, high = line.prompt_tokens
    again = 10 * (low * QUOTATION / 38 + REPEATS * (LEAST_HIGH + REPAIR))
    assert high == pytest.approx(low * QUOTATION + again)
    assert line.completion_tokens[1] == LEAST_HIGH * 48
    for end in (0, 1):
        tokens = line.prompt_tokens[end], line.completion_tokens[end]
        assert line.cost[end] == pytest.approx(tokens[0] * 0.15e-6 + tokens[1] * 0.60e-6)


def test_max_tokens_bounds_replies_and_reasoning():
    [line] = estimated(**{**MINI, "model.max_tokens": 50}).lines
    assert line.completion_tokens[1] == 50 * 48
    gpt5 = {**MINI, "model": {"name": "openai/gpt-5"}}
    found = estimated(**gpt5)
    [line] = found.lines
    assert line.completion_tokens[0] > REASONING[0] * 38
    assert line.completion_tokens[1] >= (LEAST_HIGH + REASONING[1]) * 48
    assert any("gpt-5 reasons before it replies" in said for said in found.assumptions)
    [line] = estimated(**gpt5, **{"model.max_tokens": 500}).lines
    assert line.completion_tokens[1] == 500 * 48


def test_an_unpriced_model_is_said_to_be_unpriced_and_its_tokens_to_be_rough():
    found = estimated(**{**MINI, "model": {"name": "openai/local-model"}})
    [line] = found.lines
    assert (line.cost, found.unpriced) == (None, ["openai/local-model"])
    assert line.tokens_by == "4 characters per token"
    assert found.cost == (0, 0)
    said = "\n".join(found.assumptions)
    assert "openai/local-model has no known price: its cost is in no sum" in said
    assert "tokens of openai/local-model: 4 characters each" in said


def test_prices_of_ones_own_are_used():
    options = {"input_cost_per_token": 1e-3, "output_cost_per_token": 2e-3}
    spec = ModelSpec(name="openai/local-model", options=options)
    assert hosted.prices(spec) == (1e-3, 2e-3)
    assert hosted.prices(ModelSpec(name="openai/local-model")) is None
    assert provider_of("openai/gpt-5").reasons(ModelSpec(name="openai/gpt-5"))
    assert not provider_of("openai/local-model").reasons(ModelSpec(name="openai/local-model"))


def test_groups_and_interventions_have_lines_of_their_own():
    groups = [
        {"share": 1, "model": {"name": "openai/gpt-4o-mini"}},
        {"share": 1, "model": {"name": "scripted/defector", "options": {"latency": 60.0}}},
    ]
    change = {"at": "g2/game2", "model": {"name": "openai/gpt-4o"}}
    found = estimated(**{"population.groups": groups, "interventions": [change]})
    calls = {line.model: line.calls[0] for line in found.lines}
    assert set(calls) == {"openai/gpt-4o-mini", "scripted/defector", "openai/gpt-4o"}
    assert calls["openai/gpt-4o"] == 8
    assert sum(calls.values()) == 38


def test_a_limit_does_not_cut_the_estimate_short():
    found = estimated(**{**MINI, "limits.max_calls": 5, "limits.max_cost_usd": 0.001})
    assert found.lines[0].calls[0] == 38
    assert any("max_cost_usd pauses the run at $0.001" in said for said in found.assumptions)


def test_a_model_that_answers_by_schema_is_played_in_words():
    structured = {**MINI, "model": {"name": "openai/gpt-4o-mini", "structured": "always"}}
    assert estimated(**structured).lines == estimated(**MINI).lines


def test_what_cannot_be_played_is_told():
    prompts = {"prompts": {"donate": "{{ nobody }}"}}
    with pytest.raises(InputError, match=r"cannot be played beforehand: .*'nobody' is undefined"):
        estimated(**MINI, **prompts)


def test_the_command_prints_table_and_assumptions_and_spends_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    sets = [f"--set={key}={value}" for key, value in SMALL.items()]
    sets += ["--set=population.groups=[]", "--set=model.name=openai/gpt-4o-mini"]
    done = CliRunner().invoke(app, ["estimate", "donor_game/demo", *sets])
    assert done.exit_code == 0, done.exception
    assert "38 to 48" in done.stdout
    assert "low to high, for up to 20% of replies unreadable" in done.stdout
    assert "in all $0.00" in done.stdout
    assert "- calls: counted in one play with scripted/persona" in done.stdout
    facts = json.loads(
        CliRunner().invoke(app, ["estimate", "donor_game/demo", *sets, "--json"]).stdout
    )
    assert facts["lines"][0]["calls"] == [38, 48]
    assert facts["cost"] == facts["lines"][0]["cost"]
    assert list(tmp_path.iterdir()) == []


def test_after_a_run_the_estimate_stands_beside_what_it_took(tmp_path, capsys):
    with serve(play) as server:
        model = {"name": "openai/gpt-4o-mini", "api_base": server.address}
        sets = {**SMALL, "population.groups": [], "model": model}
        run = societies.run(
            "donor_game/demo", out=tmp_path, sets=sets, watch=watch_with(quiet=False)
        )
    assert ": 38 of about 38 answers, 38 calls, " in capsys.readouterr().err
    table = against_actual(run, estimate(run.config, run.scenario))
    [row] = table.iter_rows(named=True)
    assert (row["calls estimated"], row["calls actual"]) == ("38 to 48", len(server.requests))
    assert row["prompt_tokens actual"] == sum(reply.prompt_tokens for reply in server.replies)
    assert row["cost actual"] == f"${run.about['totals']['cost']:,.4f}"
    show_against_actual(run)
    shown = capsys.readouterr().out
    assert "Estimate against actual" in shown
    assert "for up to 20% of replies unreadable; 0.0% of 38 were" in shown


def mumble(body, number):
    """Answer as a giver of a third, and every second question only when it is asked again."""
    first = len(body["messages"]) <= 2
    return Reply("Well.") if first and number % 2 else play(body, number)


def test_what_had_to_be_asked_again_is_within_the_estimate_for_that_share(tmp_path, capsys):
    with serve(mumble) as server:
        model = {"name": "openai/local-model", "api_base": server.address}
        sets = {**SMALL, "population.groups": [], "model": model}
        watch = watch_with(quiet=False)
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets, watch=watch)
    answers, calls = run.about["totals"]["answers"], len(server.requests)
    assert answers == run.table("answers").select(pl.len()).collect().item() == 38 < calls
    assert f": 38 of about 38 answers, {calls} calls, " in capsys.readouterr().err
    unreadable = run.table("calls").select((~pl.col("readable")).mean()).collect().item()
    [line] = estimate(run.config, run.scenario, unreadable).lines
    assert calls <= line.calls[1] <= calls + 1


def test_a_share_that_is_none_is_refused():
    with pytest.raises(InputError, match="from 0 to below 1, not 1"):
        estimate(*load("donor_game/demo", SMALL), 1.0)


def test_windows_that_prompts_outgrow_are_told_before_anything_is_asked():
    found = estimated(**{**MINI, "model": {"name": "openai/m", "context": 300}})
    [told] = [each for each in found.assumptions if "window" in each]
    assert "prompts of openai/m outgrow its window: the longest of the play has " in told
    assert "room for 225 of 300 (model.context); such a call stops the run before it" in told
    assert not [each for each in estimated(**MINI).assumptions if "window" in each]


def test_reasoning_that_may_leave_nothing_for_a_reply_is_foreseen():
    gpt5 = {"name": "openai/gpt-5", "max_tokens": 500}
    said = estimated(**{**MINI, "model": gpt5}).assumptions
    told = "openai/gpt-5 may spend all of max_tokens (500) on reasoning, and reply nothing"
    assert any(each.startswith(told) for each in said)


def test_a_scripted_run_is_shown_without_an_estimate(run_small, capsys):
    show_against_actual(run_small())
    assert capsys.readouterr().out == ""
