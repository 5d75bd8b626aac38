"""Kills right before a change of a folder, in a process forked from the test's."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")


def killed_before(nth: int, folder: Path, body: Callable[[], object]) -> bool:
    """Whether a process was killed before its n-th change below a folder; False if it made fewer and ended well."""
    child = os.fork()
    if not child:
        code = 1
        try:
            sys.addaudithook(_Kill(nth, folder))
            body()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


class _Kill:
    def __init__(self, nth: int, folder: Path) -> None:
        self.left, self.folder = nth, str(folder)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (opened or event in _CHANGES) and str(arguments[0]).startswith(self.folder):
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
