"""Files that are whole or absent: written beside their place, flushed to the disk, then renamed onto it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from netloom.errors import DamagedCheckpoint, RunError


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, lies on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place; a kill leaves the old one or the new one.

    Raises:
        RunError: the disk is full or the folder can't be written.
    """
    new = path.with_name(f".new-{path.name}")
    try:
        write(new)
        flush(new)
        os.replace(new, path)
        flush(path.parent)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise RunError(f"can't be written: {error.strerror or error}", where=str(path)) from error


def write_text(path: Path, text: str) -> None:
    """Replace a text file."""

    def write(new: Path) -> None:
        new.write_text(text, encoding="utf-8")

    replace(path, write)


def write_json(path: Path, document: Any) -> None:
    """Replace a JSON file."""
    write_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def read_text(path: Path) -> str:
    """A text file of a run.

    Raises:
        RunError: it is missing, or can't be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror or error}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise DamagedCheckpoint("is not text", where=str(path), expected="UTF-8", got=error.reason) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds a mapping.

    Raises:
        RunError: it is missing, or can't be read.
        DamagedCheckpoint: it is not such a file.
    """
    text = read_text(path)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DamagedCheckpoint("is not JSON", where=str(path), got=str(error)) from error
    if not isinstance(document, dict):
        raise DamagedCheckpoint("holds no mapping", where=str(path), got=type(document).__name__)
    return document


def inside(folder: Path, name: str) -> Path:
    """The path of a file that an artefact names, which must lie in its folder.

    Raises:
        RunError: the name leads elsewhere, by `..`, from the root, or over a link.
    """
    path = folder / name
    parts = Path(name).parts
    if not parts or "\\" in name or "\0" in name or Path(name).is_absolute() or ".." in parts:
        raise RunError(f"the name {name!r} is refused", where=str(folder), expected="a file inside the folder")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RunError(f"{name!r} is a link that leads out of the folder", where=str(folder))
    return path


def probe(folder: Path, bytes_needed: int) -> None:
    """Make sure, before hours of work, that a folder takes files and the disk has room.

    Raises:
        RunError: it does not, or has not.
    """
    trial = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"netloom")
        trial.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        fix = "give a folder that you may write to"
        raise RunError(f"can't be written: {error.strerror or error}", where=str(folder), fix=fix) from error
    if free < bytes_needed:
        raise RunError(
            "the disk has too little room",
            where=str(folder),
            expected=f"{bytes_needed / 1e6:.1f} MB for three checkpoints",
            got=f"{free / 1e6:.1f} MB free",
            fix="free some space or give a folder on another disk",
        )
