"""One writer a folder: a lock of the operating system, which ends with its process, and a note that says who holds it.

    FOLDER/.weftnet-lock    {"process": 4711, "host": "mill", "since": "2026-03-01T12:00:00+01:00", "command": "…"}

The lock is on the file, so a kill frees it: a note without a lock is stale, and whoever comes next takes its place. The
note only tells a person. `filelock` has the calls of each system, and a soft lock for disks that know none.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from weftnet.base.foreign import reading
from weftnet.errors import RunError, WeftnetError

NAME = ".weftnet-lock"
#: seconds to wait for a process that is about to end, as workers whose launcher was killed are
_PATIENCE = 3.0
#: letters of a command that a note keeps
_LONGEST = 200


class Held(RunError):
    """Another process writes the folder."""


@contextmanager
def held(folder: Path, patience: float = _PATIENCE, *, make: bool = False) -> Iterator[None]:
    """Hold a folder's lock; a process that holds it already just goes on.

    Args:
        folder: to write.
        patience: seconds to wait for another process.
        make: make the folder, if there is none.

    Raises:
        Held: another process has it; says which.
        RunError: the folder can't be written.
    """
    path = folder / NAME
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"can't be created: {error.strerror or error}", where=str(folder)) from error
    try:
        lock = FileLock(path.resolve(), is_singleton=True, thread_local=False)
        acquired = lock.acquire(patience, poll_interval=0.1)
    except Timeout:
        fix = "wait until it ends, or stop it"
        raise Held("another process writes here", where=str(folder), got=holder(folder), fix=fix) from None
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", where=str(folder)) from error
    with acquired:
        first = lock.lock_counter == 1
        with suppress(OSError):  # a full disk: the lock holds without its note
            if first:
                path.write_text(json.dumps(_who()), encoding="utf-8")
        try:
            yield
        finally:
            if first:
                with suppress(OSError):  # while it is held, so that nobody's lock loses its file
                    path.unlink()


def free(folder: Path) -> bool:
    """Whether nobody holds the lock of a folder."""
    try:
        if not (folder / NAME).is_file():
            return True
        with FileLock(folder / NAME, timeout=0):
            return True
    except (Timeout, OSError):
        return False


def forget(folder: Path) -> None:
    """Delete the lock's file of a process that was killed."""
    if (folder / NAME).is_file():
        with suppress(RunError), held(folder, 0.0):
            pass


def note(folder: Path) -> dict[str, Any] | None:
    """The note in a folder, of this program's form; None if there is none."""
    path = folder / NAME
    with suppress(WeftnetError), reading(path):
        if not path.is_symlink() and path.stat().st_size < 2**16:
            told = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(told, dict) and told.keys() >= {"process", "host", "since"}:
                return told
    return None


def holder(folder: Path) -> str:
    """Who holds a lock, in words."""
    told = note(folder)
    if told is None:
        return "a process that left no note"
    command = f": {told['command']}" if told.get("command") else ""
    return f"process {told['process']} on {told['host']}, since {told['since']}{command}"


def _who() -> dict[str, Any]:
    command = " ".join(["weftnet", *sys.argv[1:]])[:_LONGEST]
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": since, "command": command}
