"""The conformance kit: every shipped scenario passes it, and faulty scenarios do not."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import societies
from societies import registry
from societies.calls.provider import provider_of
from societies.errors import InputError, RunFailedError
from societies.loading.load import load
from societies.runs.run import Run
from societies.testing import (
    ConformanceAdvice,
    check_conserved,
    check_determinism,
    check_dry_play,
    check_golden,
    check_malformed_answers,
    check_other_process,
    check_replay,
    check_resume,
    check_rows,
    check_scenario,
    check_secrets,
    check_steps,
    golden,
    wrapped_models,
)
from societies.testing.models import MisspeakingModel, Question
from tests.conftest import SMALL, forge
from tests.faulty import SECRETS, install

GOLDEN = Path(__file__).parent / "golden"
RING = Path(__file__).parent / "faulty" / "demo.yaml"
OWN = {name: [secret] for name, secret in SECRETS.items()}

SIZES: dict[str, dict[str, Any]] = {
    "donor_game": SMALL,
    "debate/demo": {"protocol.task.count": 3},
    "debate/judged": {"protocol.task.count": 2},
    "debate/ciar": {"protocol.task.count": 2},
    "debate/translation": {"protocol.task.count": 2},
    "debate/majority": {"protocol.task.count": 2},
    "debate/single": {"protocol.task.count": 2},
    "debate/chain_of_thought": {"protocol.task.count": 2},
    "debate/self_consistency": {"protocol.task.count": 2},
    "debate/self_reflection": {"protocol.task.count": 2},
    "negotiation/demo": {"protocol.games": 4},
    "interview/demo": {
        "population.size": 5,
        "protocol.questionnaires.0.items": ["bold", "shy", "relaxed"],
    },
    "interview/who_am_i": {"protocol.ablations": ["S", "SPC"]},
}
"""What makes a scenario's files (or one file) small, so that forty runs take seconds."""


# -- shipped scenarios ------------------------------------------------------------


def offline_files() -> list[str]:
    """Return the shipped files that scripted minds answer: the demos, and those with a size."""
    files = (f"{name}/{p.stem}" for name in registry.names() for p in registry.find(name).files())
    small = [f for f in files if f.endswith("/demo") or {f, f.partition("/")[0]} & SIZES.keys()]
    free = {f: all(provider_of(s.name).is_free for _, s in load(f)[0].models()) for f in small}
    return [file for file in small if free[file]]


@pytest.mark.slow
@pytest.mark.parametrize("file", offline_files())
@pytest.mark.filterwarnings("default::societies.testing.ConformanceAdvice")
def test_every_shipped_file_keeps_all_promises(file):
    scenario, _, name = file.partition("/")
    demo = name == "demo"
    check_scenario(
        file,
        sets=SIZES.get(file, SIZES.get(scenario)),
        in_flight=(1, 8, 64) if demo else (8,),
        wrong_answers=12 if demo else 6,
        other_process=demo,
    )


@pytest.mark.parametrize("name", ["demo", "punishment"])
def test_golden_runs_of_the_donor_game(tmp_path, name):
    run = societies.run(f"donor_game/{name}", out=tmp_path, sets=SMALL)
    check_golden(GOLDEN / f"donor_game_{name}.txt", golden(run))


# -- a scenario of another package ------------------------------------------------------------


@pytest.fixture(autouse=True, scope="module")
def ring(tmp_path_factory):
    """Install the ring and its faulty versions as the scenarios of another package."""
    site = tmp_path_factory.mktemp("site")
    install(site)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        registry._installed.cache_clear()
        yield
    registry._installed.cache_clear()


@pytest.fixture
def ring_run(tmp_path):
    """Run the ring, or a faulty version of it; dotted keys set over the file."""

    def run(scenario: str = "ring", watch=None, **sets: Any) -> Run:
        more = {"watch": watch} if watch else {}
        over = {"scenario": scenario.lower(), **sets}
        return societies.run(RING, out=tmp_path / "runs", sets=over, **more)

    return run


def test_a_right_scenario_of_another_package_passes_and_gets_advice():
    with pytest.warns(ConformanceAdvice, match="ring: this run never asks confess"):
        check_scenario(RING, sets={"model.options": {"tells": True}}, secrets=OWN, seed=4)


def test_a_scenario_need_not_log_how_its_answers_came_about(ring_run):
    run = ring_run()
    forge(run, "gifts", lambda gifts: gifts.drop("outcome"))
    check_rows(run)


def test_a_right_scenario_may_stop_at_what_it_cannot_read(ring_run):
    check_malformed_answers(ring_run(**{"protocol.fallback": False}))


@pytest.mark.parametrize(
    ("fault", "check", "told"),
    [
        ("SharedRandom", check_determinism, "table 'gifts', row seq .* column 'luck'"),
        ("GlobalRandom", check_determinism, "when executed again: table 'gifts', .* 'luck'"),
        ("FinishingOrder", check_determinism, r"in flight and random latencies: table 'gifts'"),
        ("WallTime", check_determinism, "when executed again: table 'gifts', .*column 'luck'"),
        ("WallTime", check_replay, "not replayed .*table 'gifts' .*column 'luck'"),
        ("WallTime", check_resume, "resumed after line .*column 'luck'"),
        ("SetOrder", check_other_process, r"in another process \(is a set .*table 'gifts'"),
        ("Unsettled", check_determinism, "random latencies: table 'messages', row seq "),
        ("OwnStep", check_steps, "stepped by hand: table 'gifts', row seq .*, agent"),
        ("MoneyFromNowhere", check_conserved, r"r\d/\w+>\w+: \w+ has \d+ coins, and should have"),
        ("Swallow", check_malformed_answers, "recorded as clean.* a value was made up"),
        (
            "Trusting",
            check_malformed_answers,
            "huge .* crashes: .*row seq .* not fit into .*'gifts'",
        ),
        ("Owing", check_malformed_answers, "agent .* negative numbers: Not conserved: .* gives -"),
        ("Crash", check_malformed_answers, "agent .* answers 'give' in r.* the run crashes"),
        ("Nameless", check_malformed_answers, "does not name agent and scope: somebody"),
        ("HiddenDefault", check_malformed_answers, "'clean' of an answer that was defaulted"),
        ("HiddenDefault", check_malformed_answers, "table 'gifts', row seq .*scope r.*, agent "),
        ("Template", check_malformed_answers, "what it says is executed as a template"),
        ("Infinite", check_malformed_answers, "table 'gifts', .* holds a number that is not fin"),
        ("TwoRows", check_rows, "table 'gifts', row seq .* repeats row seq .* recorded twice"),
        (
            "TwoAsked",
            check_dry_play,
            "giver was asked 24 times in the run of .*, and 12",
        ),
    ],
)
def test_a_fault_is_found_and_named(ring_run, fault, check, told):
    run = ring_run(f"ring_{fault}")
    with pytest.raises(AssertionError, match=told):
        check(run)


def test_all_checks_together_find_faults_too():
    with pytest.raises(AssertionError, match="recorded twice"):
        check_scenario(RING, sets={"scenario": "ring_tworows"})


def test_a_mind_that_keeps_state_is_found_when_resuming(ring_run):
    run = ring_run(**{"model.name": "scripted/counter"})
    with pytest.raises(AssertionError, match="when resumed after line"):
        check_resume(run)


# -- secrets ------------------------------------------------------------


def test_a_secret_in_a_strangers_prompt_is_found(ring_run):
    run = ring_run("ring_leak")
    told = "'two left shoes' of bob stands in the prompt of ann .call 'r2/ann>bob#ann#1'"
    with pytest.raises(AssertionError, match=told):
        check_secrets(run, {"bob": ["Two  LEFT shoes"]})


def test_a_secret_that_was_told_is_none_for_those_who_heard_it(ring_run):
    """What a giver says is shown to its receiver, who passes nothing on."""
    run = ring_run(**{"model.options": {"tells": True}})
    shown = [run.call(key).messages[1][1] for key in run.table("calls").collect()["key"]]
    assert any("You were told: I give" in text and "I hide" in text for text in shown)
    check_secrets(run, OWN)
    forge(run, "messages", lambda messages: messages.filter(pl.col("step") > 1))
    with pytest.raises(AssertionError, match=r"call 'r2/.* who had not been told it"):
        check_secrets(run, OWN)


def test_secrets_belong_to_somebody_in_the_run(ring_run):
    with pytest.raises(AssertionError, match="secrets of 'zoe', who is not in the run"):
        check_secrets(ring_run(), {"zoe": ["a stolen name"]})


# -- rows ------------------------------------------------------------


def tampered(table: str, column: str, value: Any) -> Any:
    """Return a change of the first row of a table."""

    def changed(frame: pl.DataFrame) -> pl.DataFrame:
        values = [value, *frame[column].to_list()[1:]]
        return frame.with_columns(pl.Series(column, values, dtype=frame.schema[column]))

    return lambda run: forge(run, table, changed)


def shortened(run: Run) -> None:
    """Cut the last call off the journal."""
    journal = run.path / "journal.ndjson"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (tampered("gifts", "seq", 0), r"row seq 0 .* should have number 1"),
        (tampered("gifts", "step", 9), r"is of step 1, after step 9"),
        (tampered("gifts", "agent", "zoe"), r"table 'gifts', .* names 'zoe', who has not joined"),
        (tampered("messages", "receivers", ["zoe"]), "table 'messages', .* names 'zoe'"),
        (tampered("agents", "agent", "bob"), "table 'agents', .*agent bob.* has joined before"),
        (tampered("calls", "key", "r9/a>b#a#1"), "call 'r9/a>b#a#1' has a row, and no line"),
        (tampered("calls", "request", "0"), "call 'r1/bob>cem#bob#1': .* another request"),
        (tampered("calls", "readable", False), "recorded as clean, but .* were unreadable"),
        (tampered("answers", "calls", 2), "says that it took 2 calls, 1 were made"),
        (tampered("answers", "outcome", "repaired"), "recorded as repaired, .* were readable"),
        (tampered("gifts", "outcome", "lenient"), "'lenient' of an answer that was clean"),
        (shortened, r"call 'r3/\w+>\w+#\w+#1' has a row, and no line in the journal"),
    ],
)
def test_rows_that_do_not_agree_are_found(ring_run, change, told):
    run = ring_run()
    check_rows(run)
    change(run)
    with pytest.raises(AssertionError, match=told):
        check_rows(run)


def test_only_finished_runs_are_checked(ring_run):
    wrong = Question("r1/bob>cem", "bob", 1)
    watch = wrapped_models(
        lambda model: MisspeakingModel(model, wrong, lambda _: "", persistent=True)
    )
    with pytest.raises(RunFailedError) as failed:
        ring_run("ring_crash", watch)
    with pytest.raises(AssertionError, match="only a finished run can"):
        check_rows(Run(failed.value.run))


# -- golden runs, and the kit itself ------------------------------------------------------------


def test_a_golden_run_that_differs_shows_how(tmp_path, ring_run, monkeypatch):
    kept = tmp_path / "ring.txt"
    monkeypatch.delenv("SOCIETIES_WRITE_GOLDEN", raising=False)
    with pytest.raises(AssertionError, match=r"no golden run ring.txt: .*SOCIETIES_WRITE_GOLDEN=1"):
        check_golden(kept, golden(ring_run()))
    monkeypatch.setenv("SOCIETIES_WRITE_GOLDEN", "1")
    check_golden(kept, golden(ring_run()))
    monkeypatch.delenv("SOCIETIES_WRITE_GOLDEN")
    check_golden(kept, golden(ring_run()))
    with pytest.raises(AssertionError, match=r"(?s)ring.txt differs;.*\n-.*seed 1.*\n\+.*seed 2"):
        check_golden(kept, golden(ring_run(seed=2)))


def test_hosted_models_are_not_asked():
    with pytest.raises(InputError, match="model: openai/gpt-4o-mini is not free to ask"):
        check_scenario("donor_game/hosted")


def test_the_kit_does_not_need_pytest():
    code = "import societies.testing, sys; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
