"""Replacing an output folder: what this program wrote is deleted, whatever else lies there is moved beside it.

    own files      those that a manifest of this program lists, and whose checksum or mark is this program's
    FOLDER-kept-1  gets the rest, each file under its own path
    refused        a folder that is, holds or lies above what is read, the working directory or a home

Links inside the folder are never followed. Own files are deleted last, and manifests last among them, so that after a
kill the folder can still be replaced.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from weftnet.base import lock
from weftnet.base.files import UNFINISHED, discard_unfinished, inside, read_json, sha256
from weftnet.base.workplace import sweep
from weftnet.errors import RunError, WeftnetError

#: the field of a manifest by which this program knows its own
MARK = {"written_by": "weftnet"}
#: the element of a page that does the same
PAGE_MARK = "<meta name='generator' content='weftnet'>"


def occupied(folder: Path) -> bool:
    """Whether a folder holds anything besides the lock of whoever writes it, and what a kill left unfinished."""
    return folder.is_dir() and any(
        path.name != lock.NAME and not path.name.startswith(UNFINISHED) for path in folder.iterdir()
    )


def marked(path: Path) -> dict[str, Any]:
    """The content of a manifest that this program wrote; {} if it is none."""
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        document = read_json(path)
    except WeftnetError:
        return {}
    return document if document.items() >= MARK.items() else {}


def unchanged(folder: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """Of the files that a manifest lists with their checksums, those that are as they were written."""
    for name, checksum in files.items():
        with suppress(RunError, OSError):
            path = inside(folder, name)
            if not linked(path, folder) and path.is_file() and sha256(path) == checksum:
                yield path


def pages(folder: Path) -> Iterator[Path]:
    """The HTML pages right in a folder that this program wrote."""
    for path in sorted(folder.glob("*.html")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if PAGE_MARK.encode() in file.read(1024):
                    yield path


def linked(path: Path, folder: Path) -> bool:
    """Whether a link lies on the way from a folder to a path in it."""
    within = path.relative_to(folder)
    return any((folder / part).is_symlink() for part in (within, *within.parents[:-1]))


def protect(folder: Path, read: Iterable[str | Path] = ()) -> None:
    """Refuse to replace a folder that is, holds or lies above something that must stay.

    Args:
        folder: to be replaced.
        read: sources of data and other files that are needed; what is no path of this machine is left out.

    Raises:
        RunError: names what lies there.
    """
    if not folder.is_dir():
        return
    itself = folder.stat()
    kept = [(Path.cwd(), "the working directory"), *((home, "a home") for home in _homes())]
    kept += [(Path(each), "what is read") for each in read if _is_path(each)]
    for path, what in kept:
        for place in {path.resolve(), path.parent.resolve() / path.name}:
            if any(_same(above, itself) for above in (place, *place.parents)):
                raise RunError(
                    f"the folder can't be replaced: {what} lies there", where=str(folder), got=str(path),
                    fix="give another folder",
                )  # fmt: skip


def clear(folder: Path, own: Iterable[Path]) -> Path | None:
    """Empty a folder: delete own files, move the others aside; where to, or None if there were no others.

    Args:
        folder: to be emptied; a link to a folder stays, and what it leads to is emptied.
        own: paths below `folder`, in the order in which they are deleted.

    Raises:
        RunError: something can't be moved or deleted; what is not this program's is then there or moved.
    """
    real = folder.resolve()
    for below, _, _ in os.walk(real):
        sweep(Path(below), UNFINISHED)
        discard_unfinished(Path(below))
    mine = [real / path.relative_to(folder) for path in own]
    needed = {parent for path in mine for parent in path.parents}
    try:
        foreign = list(_foreign(real, set(mine), needed))
        aside = _aside(real, foreign) if foreign else None
        for path in mine:
            path.unlink(missing_ok=True)
        _remove_empty(real)
    except OSError as error:
        what = f"can't be replaced: {error.strerror or error}"
        raise RunError(what, where=str(error.filename or folder), fix="give another folder") from error
    return aside


def _foreign(folder: Path, mine: set[Path], needed: set[Path]) -> Iterator[Path]:
    """The topmost paths that hold nothing of this program's, but for folders without any file."""
    for path in sorted(folder.iterdir()):
        is_folder = path.is_dir() and not path.is_symlink()
        if is_folder and path in needed:
            yield from _foreign(path, mine, needed)
        elif path not in mine and not (is_folder and _holds_nothing(path)) and path.name != lock.NAME:
            yield path


def _aside(folder: Path, foreign: Iterable[Path]) -> Path:
    """Move paths into a new folder beside theirs."""
    number = 1
    while os.path.lexists(aside := folder.with_name(f"{folder.name}-kept-{number}")):
        number += 1
    for path in foreign:
        target = aside / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    return aside


def _remove_empty(folder: Path) -> None:
    """Remove the folders below it that hold no file; a link is no folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and _holds_nothing(path):
            for below, _, _ in os.walk(path, topdown=False):
                Path(below).rmdir()


def _holds_nothing(folder: Path) -> bool:
    """Whether there is neither a file nor a link below a folder."""
    inner = os.walk(folder)
    return not any(files or any(Path(below, each).is_symlink() for each in folders) for below, folders, files in inner)


def _homes() -> set[Path]:
    """The homes of this machine's users."""
    homes = set()
    with suppress(RuntimeError):  # nobody knows this user
        homes.add(Path.home())
    with suppress(ImportError):  # not on Windows
        import pwd

        homes |= {Path(user.pw_dir) for user in pwd.getpwall()}
    return {home for home in homes if home.is_dir()}


def _is_path(source: str | Path) -> bool:
    try:
        return os.path.lexists(source)
    except ValueError:  # a NUL
        return False


def _same(path: Path, itself: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), itself)
    except OSError:
        return False
