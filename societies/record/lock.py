"""Whether a journal is being written: whoever writes it holds a lock that ends with its process."""

import fcntl
import os
import platform
from pathlib import Path

from filelock import FileLock


def writers_lock(journal: Path) -> FileLock:
    """Return the lock that whoever writes a journal holds, to be taken at once or not at all."""
    return FileLock(_file(journal), blocking=False)


def is_written(journal: Path) -> bool | None:
    """Return whether a process writes a journal, as far as locks of this machine's disks tell.

    Returns:
        None if it cannot be told: the disk keeps no locks, or the lock is not ours to look at.
    """
    try:
        lock = os.open(_file(journal), os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(lock)
    return False


def this_machine() -> str:
    """Return what this machine is called, whose locks another may not see."""
    return platform.node()


def _file(journal: Path) -> Path:
    return journal.with_suffix(".lock")
