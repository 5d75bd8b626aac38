"""Folders of unfinished work: deleted at the end, or by the next one to work there where a kill left them.

.NAME-abc123.part/.weftnet-lock    held while its maker lives (`lock.py`); free, it is what a kill left
.NAME-abc123.part/…                the work
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from weftnet.base import lock
from weftnet.errors import RunError

_SUFFIX = ".part"
#: letters of a name that are kept, as a name may have 255 bytes
_LONGEST = 60


@contextmanager
def workplace(parent: Path, name: str) -> Iterator[Path]:
    """A new folder below `parent`, which is deleted afterwards. What killed processes left under this name goes first.

    Raises:
        OSError: it can't be made.
    """
    prefix = f".{name[:_LONGEST]}-"
    sweep(parent, prefix)
    folder = Path(tempfile.mkdtemp(_SUFFIX, prefix, parent))
    try:
        with lock.held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path, prefix: str) -> None:
    """Delete the workplaces whose makers have ended."""
    for left in parent.glob(f"{_escaped(prefix)}*{_SUFFIX}"):
        if not left.is_symlink() and left.is_dir() and lock.note(left) is not None and lock.free(left):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def whole(folder: Path, clear: Callable[[], object] | None = None) -> Iterator[Path]:
    """A folder to fill, which takes the place of `folder` at the end; after an error or a kill `folder` is untouched.

    Args:
        folder: absent or empty; a link to such a folder stays a link.
        clear: empties it, right before the new one takes its place.

    Raises:
        RunError: it can't be written.
    """
    try:
        place = folder.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        with workplace(place.parent, place.name) as work:
            new = work / place.name
            new.mkdir()
            yield new
            if clear is not None:
                clear()
            if place.is_dir():
                place.rmdir()  # empty
            os.replace(new, place)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", where=str(folder)) from error


def _escaped(text: str) -> str:
    """Text that a pattern of files takes as it is."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in text)
