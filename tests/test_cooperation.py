"""Cooperation in the donor game: protocol oracles, and a tiny run that is checked by hand."""

import json
from statistics import fmean

import pytest
import yaml

import societies
from societies.analysis import replication, tables
from societies.errors import InputError
from societies.loading.load import load
from societies.record.log import RunLog
from societies.runs.run import Run
from societies.scenarios.donor_game import measures
from societies.scenarios.donor_game.measures import population
from societies.scenarios.donor_game.records import Donation, Score, Strategy

# Mean final resources if everybody gives a constant fraction (12 agents, 12 rounds).
STRICT = {0: 10, 0.1: 18.7, 0.25: 53.5, 0.5: 393.9, 0.75: 3482.7, 0.9: 12996.5, 1: 30720}
RELEASED = {0.25: 52.0, 0.62: 875.1, 0.9: 7493.2, 1: 15360}


def constant(fraction, out, generations=1, **more):
    sets = {
        "model.name": "scripted/constant",
        "model.options": {"fraction": fraction},
        "population.groups": [],
        "protocol.generations": generations,
        **more,
    }
    return societies.run("donor_game/demo", out=out, sets=sets)


@pytest.mark.parametrize(("fraction", "mean"), STRICT.items())
def test_constant_givers_reach_the_known_mean(tmp_path, fraction, mean):
    run = constant(fraction, tmp_path, generations=2)
    for row in measures.final_resources(run).iter_rows(named=True):
        assert row["resources"] == pytest.approx(mean, abs=0.05)
        assert (row["agents"], row["deviation"]) == (12, pytest.approx(0, abs=1e-6))
    fractions = measures.donation_fractions(run)
    assert fractions.height == 24
    assert fractions["moves"].to_list() == [12] * 24
    assert fractions["fraction"].to_list() == pytest.approx([fraction] * 24)
    assert measures.gini(run)["gini"].to_list() == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize(("fraction", "mean"), RELEASED.items())
def test_the_released_schedule_reaches_less(tmp_path, fraction, mean):
    run = constant(fraction, tmp_path, **{"protocol.fidelity": "released"})
    assert tables.summary(run)["resources"][0] == pytest.approx(mean, abs=0.05)


def test_defectors_keep_what_they_have(tmp_path):
    table = tables.summary(constant(0, tmp_path, generations=2))
    first, last = table.iter_rows(named=True)
    assert (first["resources"], first["donation_fraction"], first["gini"]) == (10, 0, 0)
    assert first["generosity_selection"] is None, "nobody gave, so nothing can be compared"
    assert last["generosity_selection"] is None, "nobody is selected after the last generation"
    assert first["punishment_share"] is None, "nobody could punish"


def test_one_game_of_full_givers_leaves_half_of_them_with_everything(tmp_path):
    run = constant(1, tmp_path, **{"protocol.games": 1})
    assert sorted(set(population(run)["resources"])) == [0, 61440]
    assert measures.gini(run)["gini"].to_list() == [pytest.approx(0.5)]


# -- a run written by hand ------------------------------------------------------------------------


def donation(generation, action, amount, held, outcome="clean"):
    share = amount / held if held and action != "invalid" else None
    return Donation(
        generation=generation,
        game=1,
        round=1,
        recipient="x",
        action=action,
        amount=amount,
        share=share,
        donor_before=held,
        donor_after=held,
        recipient_before=0,
        recipient_after=0,
        links=0,
        justification="",
        outcome=outcome,
    )


DONATIONS = [
    ("a", donation(1, "donate", 5, 10)),
    ("a", donation(1, "punish", 2, 4)),
    ("b", donation(1, "donate", 10, 10, "repaired")),
    ("c", donation(1, "donate", 0, 0, "lenient")),
    ("d", donation(1, "invalid", 99, 8)),
    ("d", donation(1, "donate", 2, 8)),
]
SCORES = [("a", [4, 8], True), ("b", [0, 2], True), ("c", [1, 1], False), ("d", [0, 0], False)]


def strategy(generation, advisers=(), outcome="clean"):
    return Strategy(
        generation=generation, strategy="s", rationale="", advisers=list(advisers), outcome=outcome
    )


def write_run(path, donations=DONATIONS, scores=SCORES):
    """Write generation 1; if it has scores, also the strategy stage of generation 2."""
    path.mkdir(parents=True)
    sets = {"protocol.costly_punishment": True, "protocol.generations": 2}
    config, _ = load("donor_game/demo", sets)
    (path / "scenario.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    (path / "run.json").write_text(json.dumps({"status": "finished"}))
    log = RunLog(path / "log", "tiny/1", (Strategy, Donation, Score))
    for name in "abcd":
        log.write(strategy(1, outcome="defaulted" if name == "d" else "clean"), 1, "s", name)
    for name, record in donations:
        log.write(record, 2, "g1", name)
    if scores:
        for rank, (name, resources, survived) in enumerate(scores, start=1):
            score = fmean(resources)
            record = Score(
                generation=1, resources=resources, score=score, rank=rank, survived=survived
            )
            log.write(record, 2, "g1", name)
        log.write(strategy(2, advisers=["a", "b"]), 3, "s", "e")
        log.close()
    log.flush()
    return Run(path)


@pytest.fixture
def tiny(tmp_path):
    return write_run(tmp_path / "tiny" / "1")


def test_donation_fractions_by_hand(tiny):
    table = measures.donation_fractions(tiny)
    assert table.select("run", "agent", "moves", "fraction").rows() == [
        (tiny.name, "a", 2, 0.25),  # half of it, and a punishment, which gives nothing
        (tiny.name, "b", 1, 1.0),
        (tiny.name, "c", 1, None),  # of nothing, no part is defined
        (tiny.name, "d", 2, 0.25),  # the invalid move has no share
    ]


def test_selection_by_hand(tiny):
    row = measures.generosity_selection(tiny).row(0, named=True)
    assert row["fraction"] == pytest.approx(0.5)
    assert (row["survivors"], row["eliminated"]) == (0.625, 0.25)
    assert row["selection"] == pytest.approx((0.625 - 0.25) / 0.5)


def test_summary_by_hand(tiny):
    first, second = tables.summary(tiny).iter_rows(named=True)
    assert first == pytest.approx(
        {
            "generation": 1,
            "agents": 4,
            "resources": 2.0,
            "resources_deviation": (22 / 3) ** 0.5,
            "donation_fraction": 0.5,
            "punishment_share": 1 / 6,
            "gini": 0.5625,  # of 0, 1, 1, 6: 2 * (0*1 + 1*2 + 1*3 + 6*4) / (4*8) - 5/4
            "generosity_selection": 0.75,
            "answers": 10,
            "lenient": 0.1,
            "invalid": 0.3,  # the amount beyond its means, and two whose reply was not read
            "repaired": 0.1,
            "defaulted": 0.1,
        }
    )
    known = {name for name, value in second.items() if value is not None}
    assert known == {"generation", "answers", "lenient", "invalid", "repaired", "defaulted"}


def test_lineage_by_hand(tiny):
    rows = measures.lineage(tiny).select("generation", "agent", "adviser").rows()
    founders = [(1, name, None) for name in "abcd"]
    assert rows == [*founders, (2, "e", "a"), (2, "e", "b")]


def test_a_run_that_was_stopped_shows_what_is_known(tmp_path):
    row = tables.summary(write_run(tmp_path / "cut" / "1", scores=())).row(0, named=True)
    assert row["donation_fraction"] == pytest.approx(0.5)
    assert (row["resources"], row["gini"], row["generosity_selection"]) == (None, None, None)


# -- runs of mixed minds --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return societies.run("donor_game/demo", out=tmp_path_factory.mktemp("demo"))


def test_the_summary_is_the_same_every_time_and_agents_of_one_game_make_no_interval(demo):
    table = tables.summary(demo)
    assert all(table.equals(tables.summary(demo)) for _ in range(5))
    assert table["generation"].to_list() == list(range(1, 11))
    assert not {"resources_low", "resources_high"} & set(table.columns)
    assert table["resources_deviation"].min() > 0
    assert table["answers"].to_list() == [156] + [150] * 9
    assert table["repaired"].sum() > 0, "one of the minds often forgets the format"
    assert table["generosity_selection"].null_count() == 1


def test_selection_is_what_the_survivors_gave_more(demo):
    """The same from the rows, in plain words; scorers and misers make it fall both ways."""
    shares: dict[tuple[int, str], list[float]] = {}
    for row in demo.table("donations").collect().iter_rows(named=True):
        shares.setdefault((row["generation"], row["agent"]), []).append(row["share"])
    fates = {
        (row["generation"], row["agent"]): row["survived"]
        for row in demo.table("scores").collect().iter_rows(named=True)
    }
    selection = measures.generosity_selection(demo)["selection"].to_list()
    for generation in range(1, 10):
        by_fate: dict[bool, list[float]] = {True: [], False: []}
        for (when, agent), given in shares.items():
            if when == generation:
                by_fate[fates[when, agent]].append(fmean(given))
        generous = fmean(by_fate[True]) - fmean(by_fate[False])
        mean = fmean(by_fate[True] + by_fate[False])
        assert selection[generation - 1] == pytest.approx(generous / mean)
    assert min(selection[:-1]) < 0 < max(selection[:-1])


@pytest.mark.parametrize(("givers_survive", "selection"), [(True, 2.0), (False, -2.0)])
def test_generosity_is_selected_for_if_the_givers_survive(tmp_path, givers_survive, selection):
    donations = [("a", donation(1, "donate", 5, 10)), ("b", donation(1, "donate", 0, 10))]
    scores = [("a", [4], givers_survive), ("b", [2], not givers_survive)]
    run = write_run(tmp_path / "pair" / "1", donations, scores)
    assert tables.summary(run)["generosity_selection"][0] == selection


def test_punishers_are_counted(tmp_path):
    groups = [
        {
            "name": "punishers",
            "share": 6,
            "model": {"name": "scripted/image_scorer", "options": {"punish": 0.2}},
        },
        {"name": "misers", "share": 6, "model": {"name": "scripted/defector"}},
    ]
    sets = {"population.groups": groups, "protocol.generations": 1}
    sets["protocol.costly_punishment"] = True
    run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    row = measures.punishment_share(run).row(0, named=True)
    actions = run.table("donations").collect()["action"].to_list()
    assert row["encounters"] == len(actions) == 144
    assert row["punished"] == actions.count("punish") > 0
    assert row["share"] == row["punished"] / 144


def test_several_runs_are_told_apart(tmp_path):
    runs = [
        constant(f, tmp_path, generations=3, seed=seed) for f, seed in ((0.5, 1), (0, 1), (0.1, 2))
    ]
    table = replication.across_runs(runs, tables.summary, "resources", by="generation")
    assert table.columns[:2] == ["model.options.fraction", "generation"], "three conditions"
    assert table["runs"].to_list() == [1] * 9
    first = table.filter(generation=1)
    assert first["model.options.fraction"].to_list() == [0, 0.1, 0.5]
    assert first["mean"].to_list() == pytest.approx([10, 18.7, 393.9], abs=0.1)
    assert set(first["note"]) == {"fewer than 3 runs"}
    slopes = measures.donation_slope(runs)
    assert slopes["run"].to_list() == sorted(run.name for run in runs)
    assert slopes["slope"].to_list() == pytest.approx([0, 0, 0], abs=1e-12)
    with pytest.raises(InputError, match="demo/1 is given twice"):
        replication.across_runs([runs[0], runs[0]], tables.summary, "resources")
    with pytest.raises(
        InputError, match=r"at least two of them, and there is only .*demo/1: repeat"
    ):
        replication.across_runs(runs[:1], tables.summary, "resources", by="generation")
    with pytest.raises(InputError, match=f"the table of {runs[0].name} has no column 'wealth'"):
        replication.across_runs(runs, tables.summary, "wealth")
    with pytest.raises(InputError, match="none is given"):
        measures.measures([])


def test_newcomers_learn_from_the_survivors(demo):
    players = population(demo)
    heard = measures.lineage(demo).drop_nulls("adviser")
    for generation in range(2, 11):
        before = players.filter(generation=generation - 1, survived=True)["agent"]
        advisers = heard.filter(generation=generation)["adviser"]
        assert set(advisers) == set(before)
        assert advisers.len() == 36, "each of six newcomers hears six survivors"
