"""Ctrl-C asks once and insists the second time."""

import signal
import threading
from types import FrameType
from typing import Any

#: Set where somebody asks in another process, which no signal comes from.
ELSEWHERE = threading.Event()


class Interrupt:
    """While it is open, `asked` tells of the first SIGINT, or of `ELSEWHERE`; a second SIGINT raises KeyboardInterrupt.

    Outside the main thread signals can't be caught, so nothing happens there.
    """

    def __init__(self) -> None:
        self._heard = False
        self._before: Any = None

    @property
    def asked(self) -> bool:
        """Whether somebody wants it to end."""
        return self._heard or ELSEWHERE.is_set()

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._heard:
            raise KeyboardInterrupt
        self._heard = True
