"""The files of a folder, and whether a path stays within it."""

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from weftnet.data.media import LARGEST
from weftnet.errors import DataError

_CHUNK = 2**20


@dataclass
class Listing:
    """The contents of a folder: the files wanted, sorted; the folders; and what was skipped."""

    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def list_folder(path: Path, endings: Collection[str]) -> Listing:
    """The files below a folder, sorted.

    Raises:
        DataError: a link leads outside.
    """
    listing, home = Listing(), path.resolve()
    for folder, folders, files in os.walk(path):
        for name in [*folders, *files]:
            inside(Path(folder) / name, home)
        listing.hidden += [name for name in folders if name.startswith(".")]
        shown = sorted(Path(folder) / name for name in folders if not name.startswith("."))
        linked = [each for each in shown if each.is_symlink()]  # its target is listed where it is
        listing.others += [each.relative_to(path).as_posix() for each in linked]
        listing.folders += [each for each in shown if each not in linked]
        folders[:] = [each.name for each in shown]
        for name in sorted(files):
            file = Path(folder) / name
            if name.startswith("."):
                listing.hidden.append(name)
            elif file.suffix.lower() in endings and file.is_file():
                listing.files.append(file)
            else:
                listing.others.append(file.relative_to(path).as_posix())
    return listing


def inside(file: Path, home: Path) -> Path:
    """The file with every link and `..` resolved.

    Raises:
        DataError: it is not in the folder.
    """
    try:
        real = file.resolve()
    except (OSError, RuntimeError, ValueError) as fault:  # circular links; a name with a null byte
        raise DataError("the path can't be resolved", where=repr(str(file)), got=str(fault)) from None
    if not real.is_relative_to(home):
        raise DataError("the path leads out of the folder", where=str(file), expected=f"a file in {home}")
    return real


def _within(file: Path) -> list[Path]:
    """A file, or those of a folder that is a value as a whole."""
    return sorted(each for each in file.iterdir() if each.is_file()) if file.is_dir() else [file]


def digest_of(files: Sequence[Path], home: Path, limit: int = LARGEST) -> str:
    """sha256 over names and bytes.

    Raises:
        DataError: a file can't be read, or is larger than the limit.
    """
    digest = hashlib.sha256()
    for file in (each for value in files for each in _within(value)):
        try:
            size = file.stat().st_size
            if size > limit:
                raise DataError("the file is larger than the limit", where=str(file), expected=f"at most {limit} bytes",
                                got=str(size), fix="if you trust the file, raise the limit: limit=bytes")  # fmt: skip
            digest.update(f"{file.relative_to(home).as_posix()}:{size};".encode("utf-8", "surrogateescape"))
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        except OSError as fault:
            raise DataError("the file can't be read", where=str(file), got=str(fault.strerror or fault)) from None
    return digest.hexdigest()
