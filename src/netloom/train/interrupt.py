"""Ctrl-C asks once and insists the second time."""

import signal
import threading
from types import FrameType
from typing import Any


class Interrupt:
    """While it is open, the first SIGINT sets `asked`; the second raises KeyboardInterrupt.

    Outside the main thread signals can't be caught, so nothing happens there.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
