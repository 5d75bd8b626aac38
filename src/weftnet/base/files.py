"""Files that are whole or absent: written under another name, flushed to the disk, then renamed."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from weftnet.base.foreign import reading
from weftnet.errors import DamagedCheckpoint, RunError

#: most bytes of a text file of a run; a vocabulary or a long history takes a few megabytes
LIMIT = 64 * 2**20
#: most bytes of a name on the usual file systems
_LONGEST = 255
#: begins the name of a file or folder that is being written; only what a kill left has it otherwise
UNFINISHED = ".weftnet-new-"
#: bytes read at a time
_BLOCK = 2**20


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with reading(path, error=RunError), path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file, then rename it to `path`; a kill leaves the old file or the new one.

    Raises:
        RunError: the disk is full or the folder can't be written.
    """
    new = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        write(new)
        flush(new)
        os.replace(new, path)
        flush(path.parent)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", where=str(path)) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)  # whatever ended the writing


def discard_unfinished(folder: Path) -> None:
    """Delete the files in a folder that a kill left half written."""
    for path in folder.glob(f"{UNFINISHED}*"):
        if path.is_file() and not path.is_symlink():
            with suppress(OSError):
                path.unlink()


def write_text(path: Path, text: str) -> None:
    """Replace a text file."""

    def write(new: Path) -> None:
        new.write_text(text, encoding="utf-8")

    replace(path, write)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file."""

    def write(new: Path) -> None:
        new.write_bytes(content)

    replace(path, write)


def write_json(path: Path, document: Any) -> None:
    """Replace a JSON file."""
    write_text(path, json_text(document))


def json_text(document: Any) -> str:
    """A JSON file's text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read_text(path: Path, limit: int = LIMIT) -> str:
    """A text file of a run.

    Raises:
        RunError: it is missing, can't be read, or is larger than `limit`.
    """
    content = bytearray()
    with reading(path, error=RunError), path.open("rb") as file:
        while len(content) <= limit and (block := file.read(_BLOCK)):  # a single read would allocate all of it
            content += block
    if len(content) > limit:
        raise DamagedCheckpoint("is too large", where=str(path), expected=f"at most {limit} bytes")
    with reading(path, "is not text", error=DamagedCheckpoint):
        return content.decode("utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """The mapping in a JSON file.

    Raises:
        RunError: it is missing, or can't be read.
        DamagedCheckpoint: it holds no mapping, or is not JSON.
    """
    document = parse_json(read_text(path), str(path))
    if not isinstance(document, dict):
        raise DamagedCheckpoint("holds no mapping", where=str(path), got=type(document).__name__)
    return document


def parse_json(text: str, where: str) -> Any:
    r"""The content of a JSON text.

    A lone surrogate (`"\ud800"`, which JSON allows) is refused: it could never be printed or written again.

    Raises:
        DamagedCheckpoint: it is not JSON, or nests so deeply that reading it would break.
    """
    with reading(where, "is not JSON", error=DamagedCheckpoint):
        document = json.loads(text)
    if "\\u" in text:
        with reading(where, "holds a lone surrogate", error=DamagedCheckpoint):
            json.dumps(document, ensure_ascii=False).encode()
    return document


def inside(folder: Path, name: str) -> Path:
    """The path of a file that a run or an export names, which must be inside its folder.

    Raises:
        RunError: the name leads elsewhere, by `..`, from the root, or over a link.
    """
    path = folder / name
    parts = Path(name).parts
    refused = "\\" in name or "\0" in name or Path(name).is_absolute() or ".." in parts
    if not parts or refused or any(len(part.encode()) > _LONGEST for part in parts):
        raise RunError(f"the name {name[:80]!r} is refused", where=str(folder), expected="a file inside the folder")
    with reading(folder, f"{name!r} can't be resolved", error=RunError):  # links in a circle
        target = path.resolve()
    if not target.is_relative_to(folder.resolve()):
        raise RunError(f"{name!r} is a link that leads out of the folder", where=str(folder))
    return path


def probe(folder: Path, bytes_needed: int) -> None:
    """Make sure, before hours of work, that a folder can be written and its disk has room.

    Raises:
        RunError: it can't, or hasn't.
    """
    trial = folder / f"{UNFINISHED}probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"weftnet")
        trial.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        fix = "give a folder that you can write to"
        raise RunError(f"can't be written: {error.strerror or error}", where=str(folder), fix=fix) from error
    if free < bytes_needed:
        raise RunError(
            "the disk has too little room",
            where=str(folder),
            expected=f"{bytes_needed / 1e6:.1f} MB for three checkpoints",
            got=f"{free / 1e6:.1f} MB free",
            fix="free some space or give a folder on another disk",
        )
