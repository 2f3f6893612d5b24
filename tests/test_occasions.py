"""Occasions: every probe by itself, and no statistics of what nobody was shown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import societies
from societies.analysis.questionnaires import change, consistency, occasions
from societies.analysis.questionnaires.occasion_figures import draw_drift
from societies.analysis.questionnaires.probed import probed
from societies.analysis.questionnaires.shown import NOTHING
from societies.cli.show import draw_plots, show_json, show_summary
from societies.runs.run import Run

Small = Callable[..., Run]
TWICE = {"instrument": "mini_markers", "before": True, "after": True, "context": "fresh"}
DRIFTING = {"respondent": {"drift": 0.3, "noise": 0.05}}
TOLD = {"at": "g1/game1", "say": {"text": "War is near.", "lasting": True}}
GAME: dict[str, Any] = {
    "population.groups": [],
    "model.options": DRIFTING,
    "protocol.generations": 1,
}
STATISTICS = (
    "difference",
    "low",
    "high",
    "d",
    "d_low",
    "d_high",
    "t",
    "t_p",
    "holm_p",
)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the shipped game with probes before and after the games, which show nothing of them."""
    out = tmp_path_factory.mktemp("probed")
    fresh = {f"probes.{number}.context": "fresh" for number in (0, 1)}
    return societies.run("donor_game/probed", out=out, sets={"protocol.generations": 2, **fresh})


def test_the_shipped_probes_show_what_was_lived(tmp_path: Path) -> None:
    sets = {"protocol.generations": 1, "probes.0.items": ["kind"], "probes.1.items": ["kind"]}
    run = societies.run("donor_game/probed", out=tmp_path, sets=sets)
    table = change.before_after(run, "before games", "after games")
    assert table["shown"].to_list() == table["pairs"].to_list()
    assert NOTHING not in table["note"].to_list()


def test_where_nothing_of_the_run_was_shown_there_are_no_statistics(shipped: Run) -> None:
    table = change.before_after(shipped, "before games", "after games")
    assert table.height == 4 * 5
    assert (
        set(table["note"])
        == {NOTHING}
        == {"nothing of the run was shown: the requests are identical"}
    )
    assert table["shown"].sum() == 0 < table["pairs"].min()  # type: ignore[operator]
    assert table.select(STATISTICS).null_count().row(0) == (table.height,) * len(STATISTICS)


def test_drift_of_what_was_never_shown_has_no_slope(shipped: Run) -> None:
    table = change.drift(shipped).filter(pl.col("occasions") > 1)
    assert table.height > 0
    assert table.select("slope", "standard_error").null_count().row(0) == (table.height,) * 2
    assert set(table["note"]) == {NOTHING}
    agreement = change.icc(shipped)
    assert NOTHING in agreement["note"].to_list(), "a coefficient of retests, and said to be"


def test_show_says_that_nothing_was_shown(shipped: Run, capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(shipped)
    printed = capsys.readouterr().out
    for probe in ("before games", "after games"):
        assert f"warning: probe {probe!r}: {NOTHING} on all occasions" in printed


def test_programs_are_told_what_show_warns_of(
    shipped: Run, run_small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    show_json(shipped)
    told = json.loads(capsys.readouterr().out)["warnings"]
    assert [text.partition(" on all ")[0] for text in told] == [
        f"probe {probe!r}: {NOTHING}" for probe in ("after games", "before games")
    ]
    late = {"instrument": "mini_markers", "name": "late", "every": 500}
    never = {"at": "g9", "say": {"text": "War is near."}}
    show_json(run_small(probes=[late], interventions=[never]))
    unmet, unasked = json.loads(capsys.readouterr().out)["warnings"]
    assert unmet == "interventions.0 (say) never took place: no scope g9"
    assert unasked.startswith("probe 'late' asked nobody: ")
    show_json(run_small())
    assert json.loads(capsys.readouterr().out)["warnings"] == []


def test_the_same_mind_has_statistics_where_something_was_shown(
    run_small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_small(**GAME, probes=[TWICE], interventions=[TOLD])
    table = change.before_after(run, "before", "after")
    assert table.height == 5
    assert table["shown"].to_list() == table["pairs"].to_list() == [4] * 5
    assert NOTHING not in table["note"].to_list()
    assert table["difference"].abs().min() > 0.3  # type: ignore[operator]
    assert table["t_p"].min() < 0.01  # type: ignore[operator]
    assert change.drift(run)["slope"].null_count() == 0
    show_summary(run)
    assert "nothing of the run was shown" not in capsys.readouterr().out


def test_questions_asked_again_behind_their_answer_show_nothing_of_the_run(
    run_small: Small,
) -> None:
    """The answer that stands above the second question may differ; the first question does not."""
    run = run_small(**GAME, probes=[{**TWICE, "reask": True}])
    assert set(change.before_after(run, "before", "after")["note"]) == {NOTHING}


def test_one_request_for_a_whole_form_is_compared_too(run_small: Small) -> None:
    form = {**TWICE, "batch": "form"}
    run = run_small(**GAME, probes=[form])
    assert set(change.before_after(run, "before", "after")["note"]) == {NOTHING}
    told = run_small(**GAME, probes=[form], interventions=[TOLD])
    assert set(change.before_after(told, "before", "after")["note"]) != {NOTHING}


def test_probes_are_not_pooled_by_the_number_of_their_occasion(run_small: Small) -> None:
    """One is fresh, the other is shown what the agent remembers: occasion 0 of both is two."""
    probes = [{**TWICE, "name": "fresh"}, {**TWICE, "name": "kept", "context": "shared"}]
    probes += [{**TWICE, "name": "bold", "items": ["bold"]}]
    run = run_small(**GAME, probes=probes, interventions=[TOLD])
    wanted = {("fresh", "fresh"), ("kept", "shared"), ("bold", "fresh")}
    for table in (
        change.drift(run),
        change.icc(run),
        change.before_after(run, "before", "after"),
    ):
        assert set(table.select("probe", "context").iter_rows()) == wanted
        assert table.filter(probe="bold")["answers"].max() <= 2 * 4, "its own answers alone"
    both = change.before_after(run, "fresh", "bold")
    assert set(both.select("probe", "probe_after", "trait").iter_rows()) == {
        ("fresh", "bold", "extraversion")
    }


def test_moments_that_no_probe_has_in_common_are_told(run_small: Small) -> None:
    fresh = {"instrument": "mini_markers", "context": "fresh"}
    early, late = (
        {**fresh, "name": "early", "before": True},
        {**fresh, "name": "late", "after": True},
    )
    run = run_small(**GAME, probes=[early, late])
    with pytest.raises(ValueError, match="no probe asked anybody both at 'before' and at 'after'"):
        change.before_after(run, "before", "after")
    assert set(change.before_after(run, "early", "late")["note"]) == {NOTHING}


def test_answers_of_one_agent_are_no_pairs_of_their_own(tmp_path: Path) -> None:
    """Two agents and four items are two agents, or four items: not eight independent pairs."""
    design = {
        "instrument": "mini_markers",
        "items": ["kind", "cold", "warm", "harsh"],
        "option_orders": ["forward", "reversed"],
    }
    run = societies.run(
        {
            "scenario": "interview",
            "name": "orders",
            "model": {"name": "scripted/order_biased"},
            "population": {"size": 2},
            "protocol": {"questionnaires": [design]},
        },
        out=tmp_path,
    )
    row = change.administrations(run, of="value").row(0, named=True)
    assert (row["agents"], row["items"]) == (2, 4)
    assert (row["t_p"], row["wilcoxon_p"], row["holm_p"], row["wilcoxon_holm_p"]) == (None,) * 4
    assert row["note"] == ("fewer than 3 agents; fewer than 6 items changed: no Wilcoxon test")


def test_show_prints_what_the_probes_of_any_run_come_to(
    run_small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two probes that ask the same are followed as one; what was asked once has no change."""
    lived = {"instrument": "mini_markers", "items": ["kind", "warm"]}
    early, late = (
        {**lived, "name": "early", "before": True},
        {**lived, "name": "late", "after": True},
    )
    once = {"instrument": "mini_markers", "name": "once", "items": ["bold"], "after": True}
    unsure = {**GAME, "model.options": {"respondent": {"noise": 0.3}}}
    run = run_small(**unsure, probes=[early, late, once])
    show_summary(run)
    printed = capsys.readouterr().out
    assert "): first and last" in printed
    assert "early, late" in printed
    table = probed(run)
    columns = ["probes", "trait", "agents", "pairs", "shown", "note"]
    assert table.select(columns).rows() == [
        ("early, late", "agreeableness", 4, 4, 4, None),
        ("once", "extraversion", 4, 0, 0, "nobody was asked twice"),
    ]
    row = table.row(0, named=True)
    assert row["last"] - row["first"] == pytest.approx(row["difference"])
    assert row["low"] < row["difference"] < row["high"]
    paired = change.before_after(run, "early", "late").row(0, named=True)
    shared = ("difference", "low", "high", "holm_p", "answers")
    assert [row[name] for name in shared] == [paired[name] for name in shared]
    show_json(run)
    assert len(json.loads(capsys.readouterr().out)["probes"]) == 2
    fresh = run_small(**GAME, probes=[TWICE])
    assert set(probed(fresh)["note"]) == {NOTHING}
    assert probed(run_small()).is_empty()


def test_plots_of_probes_lie_beside_those_of_the_scenario(
    run_small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_plots(run_small(**GAME, probes=[{**TWICE, "items": ["kind", "warm"]}]))
    printed = capsys.readouterr().out.splitlines()
    names = [Path(line).parent.name + "/" + Path(line).name for line in printed]
    assert {"plots/overview.png", "probes/profile.png", "probes/before_after.png"} <= set(names)
    assert all(Path(line).is_file() for line in printed)


def test_mean_changes_stand_beside_the_noise_of_repeats(run_small: Small) -> None:
    """The mean change over agents, and how far it would stray by what repeats differ by."""
    model = {"respondent": {"drift": 0.5, "noise": 0.8}}
    game = {**GAME, "model.options": model, "interventions": [TOLD]}
    run = run_small(**game, probes=[{**TWICE, "repeats": 3}])
    table = occasions.mean_drift(run).filter(trait="openness")
    first, last = table.rows(named=True)
    scores = consistency.trait_scores(run).filter(trait="openness")
    cells = {
        key: (part["item_mean"] / 8).to_numpy()
        for key, part in scores.group_by("agent", "occasion")
    }
    changes = [
        np.mean(cells[agent, 1]) - np.mean(cells[agent, 0]) for agent in scores["agent"].unique()
    ]
    variance = np.mean([np.var(repeats, ddof=1) for repeats in cells.values()])
    reach = stats.t.ppf(0.975, 4 * 2 * (3 - 1)) * np.sqrt(2 * variance / 3 / 4)
    assert last["change"] == pytest.approx(np.mean(changes))
    assert last["noise"] == pytest.approx(reach)
    assert last["low"] < last["change"] < last["high"]
    assert (first["change"], first["noise"], first["agents"]) == (0, None, 4)
    drawn = draw_drift.figure(run)
    assert len(drawn.axes) == 5
    names = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert names == ["noise of repeats"]


def test_nothing_drifts_where_nothing_was_shown(run_small: Small) -> None:
    table = occasions.mean_drift(run_small(**GAME, probes=[{**TWICE, "repeats": 2}]))
    assert set(table["note"]) == {NOTHING}
    assert table["change"].null_count() == table["noise"].null_count() == table.height
