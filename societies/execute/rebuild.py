"""Repairing a run whose journal is whole: what is derived from it is written anew."""

import shutil
from dataclasses import asdict
from pathlib import Path
from shlex import quote

from societies.config.limits import Limits
from societies.errors import ReplayDiffersError
from societies.execute.directory import now, set_aside, write_about
from societies.execute.run import Watch, make_society, release, unwatched
from societies.record.journal import Journal
from societies.runs.run import Run
from societies.society import Society

LOST = "run.json was damaged, and is written anew: when the run began is not known"


def rebuild(path: str | Path, *, watch: Watch = unwatched) -> Run:
    """Write a run's tables and `run.json` anew from its journal alone; nothing is asked.

    What is there is kept until the new tables are whole. What `run.json` says of the past stays.

    Args:
        path: the run's directory.
        watch: makes the context in which the society is run.

    Raises:
        InputError: there is no run, or its journal is missing or was emptied.
        ReplayDiffersError: the journal is not that of a whole run of this configuration; nothing
            was changed.
    """
    found = Run(path)
    found.check_journal()
    fresh = found.path / "log.rebuilt"
    shutil.rmtree(fresh, ignore_errors=True)
    with Journal(found.path / "journal.ndjson") as journal:
        try:
            society = _executed(found, journal, fresh, watch)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        _put_in_place(found, fresh, society)
    return found


def _executed(found: Run, journal: Journal, fresh: Path, watch: Watch) -> Society:
    """Re-execute a run from its journal alone, into a new log.

    Raises:
        ReplayDiffersError: it asks something else, or something more.
    """
    config = found.config.model_copy(update={"limits": Limits()})
    society = make_society(config, found.scenario, journal, fresh, found.name, live=False)
    try:
        with watch(society):
            society.run()
        society.calls.check_all_used()
    except ReplayDiffersError as error:
        told = f"{found.path} cannot be rebuilt: {error}"
        if found.remembered.get("status") != "finished":
            told += f"; if it had not come to its end: societies resume {quote(str(found.path))}"
        raise ReplayDiffersError(told) from error
    finally:
        release(society)
    return society


def _put_in_place(found: Run, fresh: Path, society: Society) -> None:
    """Put a new log in the place of the old one, and say so in `run.json`."""
    about, name = found.remembered, found.name
    if not about:
        found.put_damage_aside()
        totals = asdict(society.calls.totals)
        about = {"began": None, "reason": LOST, "totals": totals, "seconds": None}
    else:
        about["reason"] = None
    log, aside = found.path / "log", found.path / "log.before"
    set_aside(log, aside)
    fresh.rename(log)
    anew = ("status", "run", "scenario", "seed", "machine")
    kept = {key: about[key] for key in about if key not in anew}
    facts = {**kept, "rows": society.log.rows, "tables": society.log.written(), "rebuilt": now()}
    write_about(found.path, found.config, name, "finished", **facts)
    shutil.rmtree(aside, ignore_errors=True)
