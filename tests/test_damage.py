"""What was lost or damaged after a run is told, and written anew from the journal."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import societies
from societies.cli.main import app
from societies.errors import InputError, ReplayDiffersError, RunInterruptedError
from societies.runs.results import summarise
from societies.runs.run import Run
from societies.runs.transcript import transcript
from societies.society import Society
from tests.conftest import SMALL, assert_same_record, record


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Run:
    """A finished run whose table of donations has four segments."""
    sets = {**SMALL, "log.segment_rows": 10}
    return societies.run("donor_game/demo", out=tmp_path_factory.mktemp("runs"), sets=sets)


@pytest.fixture
def run(sound, tmp_path) -> Run:
    """A copy of it, to be damaged."""
    return Run(shutil.copytree(sound.path, tmp_path / "1"))


def files(path: Path) -> dict[Path, bytes]:
    """Return what a directory holds."""
    return {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def lose_a_segment(donations: Path) -> None:
    (donations / "000001.parquet").unlink()


def double_a_segment(donations: Path) -> None:
    shutil.copy(donations / "000003.parquet", donations / "000004.parquet")


def exchange_a_segment(donations: Path) -> None:
    shutil.copy(donations / "000001.parquet", donations / "000002.parquet")


def flip_a_bit(donations: Path) -> None:
    """Damage a page: Parquet reads most such bits as other numbers, without a word."""
    file = donations / "000001.parquet"
    content = bytearray(file.read_bytes())
    content[200] ^= 4
    file.write_bytes(content)


def lose_the_table(donations: Path) -> None:
    shutil.rmtree(donations)


def empty_the_table(donations: Path) -> None:
    for segment in donations.iterdir():
        segment.unlink()


DAMAGES: list[tuple[Callable[[Path], None], str]] = [
    (lose_a_segment, r"'donations' .* was written in 4 segments \(32 rows\), and there are 3"),
    (double_a_segment, r"'donations' .* was written in 4 segments .*, and there are 5"),
    (exchange_a_segment, r"donations/000002\.parquet is damaged \(its checksum"),
    (flip_a_bit, r"donations/000001\.parquet is damaged \(its checksum"),
    (lose_the_table, r"'donations' .* was written in 4 segments .*, and there are 0"),
    (empty_the_table, r"'donations' .* was written in 4 segments .*, and there are 0"),
]


def readers(run: Run) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every way to read a run's tables."""
    from societies.runs import comparison
    from societies.runs.runs import Runs

    yield "table", lambda: run.table("donations").collect()
    yield "story", lambda: list(transcript(run))
    yield "summary", lambda: summarise(run)
    yield "analysis", lambda: Runs(run).rows("donations")
    yield "comparison", lambda: comparison.results([run, run])


@pytest.mark.parametrize(("damage", "told"), DAMAGES)
def test_a_table_that_is_not_what_was_written_is_told_wherever_it_is_read(run, damage, told):
    damage(run.path / "log" / "donations")
    remedy = f".*: societies rebuild {run.path}"
    for _, read in readers(run):
        with pytest.raises(InputError, match=told + remedy):
            read()


@pytest.mark.parametrize(("damage", "told"), DAMAGES)
@pytest.mark.parametrize("verb", ["rebuild", "resume"])
def test_such_a_run_is_mended_from_its_journal(sound, run, damage, told, verb):
    damage(run.path / "log" / "donations")
    mended = getattr(societies, verb)(run.path)
    assert_same_record(record(sound), record(mended))
    totals = mended.about["totals"]
    assert totals["calls"] == 39
    assert not (run.path / "log.before").exists()
    assert not (run.path / "log.rebuilt").exists()


@pytest.mark.parametrize("given", [[], ["--json"], ["--transcript"], ["--plots"], ["again"]])
def test_showing_it_says_what_is_wrong_and_draws_nothing(run, given):
    flip_a_bit(run.path / "log" / "donations")
    arguments = [str(run.path) if word == "again" else word for word in given]
    shown = CliRunner().invoke(app, ["show", str(run.path), *arguments])
    assert isinstance(shown.exception, InputError)
    assert "000001.parquet is damaged" in str(shown.exception)
    assert not shown.output


def test_what_a_table_lost_is_told_though_nothing_shown_is_read_from_it(run):
    shutil.rmtree(run.path / "log" / "messages")
    shown = CliRunner().invoke(app, ["show", str(run.path)])
    assert "table 'messages'" in str(shown.exception)


def test_an_interrupted_run_is_offered_to_be_resumed(tmp_path):
    with pytest.raises(RunInterruptedError) as stopped:
        societies.run("donor_game/demo", out=tmp_path, sets={**SMALL, "limits.max_calls": 20})
    run = Run(stopped.value.run)
    (run.path / "log" / "donations" / "000000.parquet").unlink()
    with pytest.raises(InputError, match=f"societies resume {run.path}"):
        run.table("donations")


def test_damaged_pages_of_an_earlier_versions_run_are_told(run):
    """Whose run.json says nothing of its tables: whatever cannot be read is named."""
    about = run.about
    del about["tables"]
    (run.path / "run.json").write_text(json.dumps(about), encoding="utf-8")
    assert run.table("donations").collect().height == 32
    file = run.path / "log" / "donations" / "000001.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:4] + b"\xff" * (len(content) // 4) + content[4 + len(content) // 4 :])
    assert pl.read_parquet_schema(file)
    with pytest.raises(InputError, match=r"000001\.parquet is damaged .* societies rebuild"):
        run.table("donations")


def test_a_table_that_is_no_parquet_is_told_with_what_to_do(run):
    (run.path / "log" / "donations" / "000000.parquet").write_bytes(b"junk")
    with pytest.raises(InputError, match=r"000000\.parquet is damaged .* societies rebuild"):
        run.table("donations")


NO_JSON = [b"", b'{"status": "fin', b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, None]


def spoil_run_json(run: Run, content: bytes | None) -> None:
    """Damage `run.json`, or remove it."""
    (run.path / "run.json").unlink()
    if content is not None:
        (run.path / "run.json").write_bytes(content)


@pytest.mark.parametrize("content", NO_JSON)
def test_a_damaged_run_json_is_told_with_what_to_do(run, content):
    spoil_run_json(run, content)
    told = r"run\.json is (damaged|missing).*societies rebuild .*/1, or, .* societies resume"
    for use in (societies.replay, lambda path: Run(path).status):
        with pytest.raises(InputError, match=told):
            use(run.path)
    shown = CliRunner().invoke(app, ["show", str(run.path)])
    assert isinstance(shown.exception, InputError)
    assert "damaged" in repr(Run(run.path))


@pytest.mark.parametrize("content", NO_JSON)
@pytest.mark.parametrize("verb", ["rebuild", "resume"])
def test_a_damaged_run_json_is_written_anew_from_the_journal(sound, run, content, verb):
    spoil_run_json(run, content)
    mended = getattr(societies, verb)(run.path)
    assert mended.status == "finished"
    assert mended.about["began"] is None
    assert mended.about["totals"]["journalled"] == mended.about["totals"]["calls"] == 39
    assert_same_record(record(sound), record(mended))
    kept = run.path / "run.json.damaged"
    assert kept.read_bytes() == content if content is not None else not kept.exists()
    shown = CliRunner().invoke(app, ["show", str(run.path)])
    assert shown.exit_code == 0, shown.output
    assert "donor_game, finished" in shown.output


def test_an_unfinished_run_without_run_json_is_resumed_and_not_rebuilt(sound, tmp_path):
    limited = {**SMALL, "log.segment_rows": 10, "limits.max_calls": 20}
    with pytest.raises(RunInterruptedError) as stopped:
        societies.run("donor_game/demo", out=tmp_path, sets=limited)
    run = Run(stopped.value.run)
    (run.path / "run.json").unlink()
    before = files(run.path)
    with pytest.raises(ReplayDiffersError, match=r"not in the journal.*societies resume"):
        societies.rebuild(run.path)
    assert files(run.path) == before
    societies.resume(run.path, sets={"limits.max_calls": None})
    assert_same_record(record(sound), record(run))


def test_rebuilding_keeps_what_run_json_says_of_the_past(sound, run):
    before = run.about
    shutil.rmtree(run.path / "log")
    after = societies.rebuild(run.path).about
    assert after.pop("rebuilt")
    assert after.pop("tables").keys() == before.pop("tables").keys()  # those of the clock differ
    assert after == before


def test_rebuilding_asks_nothing_and_keeps_the_log_until_the_new_one_is_whole(run):
    lose_a_segment(run.path / "log" / "donations")
    journal = run.path / "journal.ndjson"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    before = files(run.path)
    with pytest.raises(ReplayDiffersError, match=r"cannot be rebuilt: call .* not in the journal"):
        societies.rebuild(run.path)
    assert files(run.path) == before


def test_rebuilding_is_not_bound_by_the_runs_limits(sound, tmp_path):
    run = Run(shutil.copytree(sound.path, tmp_path / "1"))
    file = run.path / "scenario.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("max_calls: null", "max_calls: 3"), encoding="utf-8")
    shutil.rmtree(run.path / "log")
    assert_same_record(record(sound), record(societies.rebuild(run.path)))


def test_rebuild_is_a_command(run):
    lose_a_segment(run.path / "log" / "donations")
    done = CliRunner().invoke(app, ["rebuild", str(run.path), "--quiet"])
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == str(run.path)
    run.check()


@pytest.mark.parametrize("status", ["interrupted", "finished", None])
@pytest.mark.parametrize("use", ["rebuild", "resume"])
def test_an_emptied_journal_is_not_asked_anew(run, status, use):
    """39 calls were paid for: whoever wants them again says so."""
    shutil.rmtree(run.path / "log")
    about = {**run.about, "status": status}
    (run.path / "run.json").write_text(json.dumps(about), encoding="utf-8")
    if status is None:
        (run.path / "run.json").unlink()
    (run.path / "journal.ndjson").write_bytes(b"")
    before = files(run.path)
    told = rf"journal\.ndjson is empty.*paid for, again.*societies run {run.path}/scenario.yaml"
    with pytest.raises(InputError, match=told):
        getattr(societies, use)(run.path)
    assert files(run.path) == before


def test_a_run_that_was_stopped_before_its_first_call_is_resumed(tmp_path):
    def stopped_at_once(society: Society) -> AbstractContextManager[None]:
        society.interrupt("before the first call")
        return nullcontext()

    with pytest.raises(RunInterruptedError) as stopped:
        societies.run("donor_game/demo", out=tmp_path, sets=SMALL, watch=stopped_at_once)
    assert (stopped.value.run / "journal.ndjson").stat().st_size == 0
    assert societies.resume(stopped.value.run).status == "finished"
