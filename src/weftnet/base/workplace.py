"""Folders of unfinished work: deleted at the end, or by the next one to work there where a kill left them.

.weftnet-new-NAME-abc123.part/.weftnet-lock    held while its maker lives (`lock.py`); free, it is what a kill left
.weftnet-new-NAME-abc123.part/…                the work

One that was just made has no lock for a moment; a sweep that deletes it then makes its maker make another.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from weftnet.base import lock
from weftnet.base.files import UNFINISHED, discard_unfinished
from weftnet.errors import RunError

_SUFFIX = ".part"
#: letters of a name that are kept, as a name may have 255 bytes
_LONGEST = 60
_ATTEMPTS = 5


@contextmanager
def workplace(parent: Path, name: str) -> Iterator[Path]:
    """A new folder below `parent`, which is deleted afterwards. What killed processes left under this name goes first.

    Raises:
        OSError: it can't be made.
    """
    sweep(parent, prefix := _prefix(name))
    with ExitStack() as stack:
        folder = _made(parent, prefix, stack)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


@contextmanager
def temporary(name: str) -> Iterator[Path]:
    """An empty folder among the machine's temporary files, which is deleted afterwards; what a kill left goes first."""
    with workplace(Path(tempfile.gettempdir()), name) as work:
        (empty := work / name).mkdir()
        yield empty


def _made(parent: Path, prefix: str, stack: ExitStack) -> Path:
    """A new folder, whose lock is held until the stack ends."""
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(_SUFFIX, prefix, parent))
        try:
            stack.enter_context(lock.held(folder))
        except RunError:
            if folder.is_dir():
                raise
        if (folder / lock.NAME).is_file():
            return folder
    raise OSError(errno.EBUSY, "is swept by others", str(parent))


def sweep_beside(folder: Path) -> None:
    """Delete what killed processes that wrote a folder left beside it, right after it took its place."""
    sweep(folder.resolve().parent, _prefix(folder.resolve().name))


def sweep(parent: Path, prefix: str) -> None:
    """Delete the workplaces whose makers have ended."""
    for left in parent.glob(f"{_escaped(prefix)}*{_SUFFIX}"):
        if not left.is_symlink() and left.is_dir() and lock.free(left):
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
                discard_unfinished(place)
                lock.forget(place)
                place.rmdir()  # empty
            os.replace(new, place)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", where=str(folder)) from error


def _prefix(name: str) -> str:
    return f"{UNFINISHED}{name[:_LONGEST]}-"


def _escaped(text: str) -> str:
    """Text that a pattern of files takes as it is."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in text)
