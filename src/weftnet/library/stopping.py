"""Ctrl-C at any moment: which runs it left, and how each of them goes on."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from weftnet.errors import WeftnetError
from weftnet.run.folder import Run


@contextmanager
def resumable(say: Callable[[str], None], folders: Iterable[Path]) -> Iterator[None]:
    """When this context is interrupted, say the command that continues each run that was begun and is not finished.

    Raises:
        KeyboardInterrupt: as it came.
    """
    try:
        yield
    except KeyboardInterrupt:
        for folder in folders:
            with suppress(WeftnetError):
                if (folder / "run.json").is_file() and Run.open(folder).status != "finished":
                    say(f"stopped and kept; continue with: weftnet resume {folder}")
        raise
