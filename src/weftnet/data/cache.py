"""Encoded data cached on disk: `$XDG_CACHE_HOME/weftnet/data/<key>/`, one plain .npy file for each input.

The key is a checksum of the content, of every setting that affects the result, and of weftnet's version. An entry is
written under another name and then renamed, so it is complete or absent, even if several processes write it. It lists
its files with sizes and checksums; an entry that does not match is deleted and encoded again. Nothing in it is code.

The fingerprint of a file is remembered by the file's size and modification time, so that it need not be read again.
"""

import atexit
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base import files
from weftnet.base.cache_home import cache_home, say_unkept
from weftnet.base.workplace import workplace
from weftnet.data.memory import words
from weftnet.data.read import npy_header
from weftnet.errors import DataError, RunError, WeftnetError

FORMAT = 2
_LIST = "entry.json"
_WORK = "encoding"
#: a folder that takes the place of the cache in this process, where that can't be written
_instead: list[Path] = []


class Unwritable(DataError):
    """The cache can't be written, or its disk is full."""

    full = True


@dataclass(frozen=True)
class Entry:
    """A finished entry.

    Args:
        path: its folder.
        facts: stored with it.
        bytes: size of its files.
    """

    path: Path
    facts: Mapping[str, Any]
    bytes: int

    def array(self, name: str) -> NDArray[Any]:
        """An array, memory-mapped read-only."""
        file = self.path / f"{name}.npy"
        with file.open("rb") as stream:
            shape, fortran, dtype = npy_header(stream, str(file), file.stat().st_size)
            if 0 in shape:
                return np.empty(shape, dtype)
            return np.memmap(file, dtype, "r", stream.tell(), shape, "F" if fortran else "C")


def home() -> Path:
    """The folder of all entries."""
    return _instead[-1] if _instead else cache_home() / "data"


def elsewhere(fault: Unwritable) -> bool:
    """Use a folder of temporary files from now on, until this process ends; False if that would not help.

    Args:
        fault: of the cache; it is said once.
    """
    if _instead:
        return False
    place, temporary = cache_home(), Path(tempfile.gettempdir())
    there = next((path for path in (place, *place.parents) if path.exists()), temporary)
    if fault.full and _device(there) == _device(temporary):
        return False
    stack = ExitStack()
    try:
        _instead.append(stack.enter_context(workplace(temporary, "weftnet-data")))
    except (OSError, RunError):
        return False
    atexit.register(stack.close)
    say_unkept("encoded data", fault.got or fault.what, "they lie with the temporary files and are encoded again")
    return True


def key_of(*parts: Any) -> str:
    """The name of an entry that depends on these values, JSON."""
    try:
        own = version("weftnet")
    except PackageNotFoundError:  # run from its sources
        own = ""
    text = json.dumps([FORMAT, own, *parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def find(key: str) -> tuple[Entry | None, str]:
    """The entry of this key, and what was wrong with one that had to be deleted."""
    for path in dict.fromkeys((cache_home() / "data" / key, home() / key)):  # one that can't be written can be read
        if not path.is_dir():
            continue
        try:
            return _checked(path), ""
        except (WeftnetError, OSError, KeyError, TypeError, ValueError) as fault:
            shutil.rmtree(path, ignore_errors=True)
            reason = str(fault).splitlines()[0]
            return None, f"the cached data in {path} were damaged and are encoded again ({reason})"
    return None, ""


def _device(path: Path) -> int:
    """The disk that a path lies on."""
    return path.stat().st_dev


@contextmanager
def scratch(room: int = 0) -> Iterator[Path]:
    """A new folder on the cache's disk, removed afterwards.

    Args:
        room: bytes that it will need.

    Raises:
        Unwritable: the disk is full or can't be written.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(_scratch(room))
        except Unwritable as fault:
            if not elsewhere(fault):
                raise
            folder = stack.enter_context(_scratch(room))
        yield folder


@contextmanager
def _scratch(room: int) -> Iterator[Path]:
    try:
        home().mkdir(parents=True, exist_ok=True, mode=0o700)
        check_room(room)
        with workplace(home(), _WORK) as work:
            folder = work / "rows"
            folder.mkdir(mode=0o700)
            yield folder
    except OSError as fault:
        raise _unwritable(fault) from None


def check_room(needed: int) -> None:
    """Refuse what the disk can't hold before anything is written."""
    free = shutil.disk_usage(home()).free
    if free < needed:
        raise Unwritable(
            "the disk has too little space for the encoded data",
            where=str(home()),
            expected=words(needed),
            got=f"{words(free)} free",
            fix="free some space, or put the cache on another disk: XDG_CACHE_HOME=FOLDER",
        )


def write_array(folder: Path, name: str, chunks: Iterator[NDArray[Any]], count: int) -> None:
    """Write an array of `count` rows in chunks."""
    written = 0
    with (folder / f"{name}.npy").open("wb") as stream:
        for chunk in chunks:
            if not written:
                header = {"descr": chunk.dtype.str, "fortran_order": False, "shape": (count, *chunk.shape[1:])}
                check_room(count * chunk[:1].nbytes)
                np.lib.format.write_array_header_2_0(stream, header)
            stream.write(np.ascontiguousarray(chunk).data)
            written += len(chunk)


def keep(folder: Path, key: str, facts: Mapping[str, Any]) -> Entry:
    """Turn a folder of arrays into the entry of this key; if another process was faster, its entry is used."""
    listed = {file.name: [file.stat().st_size, files.sha256(file)] for file in sorted(folder.glob("*.npy"))}
    try:
        files.write_json(folder / _LIST, {"format": FORMAT, "facts": dict(facts), "files": listed})
    except RunError as fault:
        raise Unwritable(fault.what, where=fault.where) from fault
    for name in listed:
        files.flush(folder / name)
    path = home() / key
    for _ in range(3):
        with suppress(OSError):  # another one exists already
            folder.rename(path)
        entry, _ = find(key)  # a damaged one is deleted, and the next attempt can rename
        if entry is not None:
            return entry
    raise Unwritable("the encoded data can't be stored", where=str(path), fix="remove this folder")


def recall(source: Path, settings: Any) -> str | None:
    """The fingerprint remembered for a source, if the source has not changed since."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(_note(source, settings).read_text(encoding="utf-8"))["fingerprint"])
    return None


def remember(source: Path, settings: Any, fingerprint: str) -> None:
    """Remember the fingerprint of a source in its present state."""
    with suppress(OSError, DataError):  # a note only saves a reading
        note = _note(source, settings)
        note.parent.mkdir(parents=True, exist_ok=True)
        with scratch() as folder:  # a folder of its own, as another process may write the same note
            files.write_json(folder / note.name, {"fingerprint": fingerprint})
            os.replace(folder / note.name, note)


def _note(source: Path, settings: Any) -> Path:
    paths = sorted(source.rglob("*")) if source.is_dir() else [source]
    facts = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_ino) for path in paths]
    return home() / "sources" / f"{key_of(facts, settings)}.json"


def _checked(path: Path) -> Entry:
    """An entry whose files match its list.

    Raises:
        DataError: they do not.
    """
    listed = json.loads((path / _LIST).read_text(encoding="utf-8"))
    if listed["format"] != FORMAT or path.stat().st_uid != os.getuid():
        raise DataError("the entry is of another version or another user", where=str(path))
    for name, (size, checksum) in listed["files"].items():
        file = files.inside(path, name)
        if file.stat().st_size != size or files.sha256(file) != checksum:
            raise DataError("the file is not as it was written", where=str(file))
    return Entry(path, listed["facts"], sum(size for size, _ in listed["files"].values()))


def _unwritable(fault: OSError) -> Unwritable:
    unwritable = Unwritable(
        "the cache can't be written",
        where=str(home()),
        got=str(fault.strerror or fault),
        fix="put it on another disk: XDG_CACHE_HOME=FOLDER",
    )
    unwritable.full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
    return unwritable
