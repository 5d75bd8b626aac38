"""The first Ctrl-C asks a training to stop; the second one ends it at once."""

import signal
import threading
from types import FrameType
from typing import Any

#: Set when somebody asks in another process, from which no signal comes.
ELSEWHERE = threading.Event()


class Interrupt:
    """In this context `asked` is true after a SIGINT or once `ELSEWHERE` is set.

    A second SIGINT raises KeyboardInterrupt.
    Outside the main thread signals can't be handled; there only `ELSEWHERE` counts.
    """

    def __init__(self) -> None:
        self._signalled = False
        self._previous: Any = None

    @property
    def asked(self) -> bool:
        """Whether somebody asked to stop."""
        return self._signalled or ELSEWHERE.is_set()

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._signalled:
            raise KeyboardInterrupt
        self._signalled = True
