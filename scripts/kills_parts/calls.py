"""A command in a process of its own, and the moment at which it is killed.

The process is forked from this one, where torch and weftnet are imported already, so that a kill hits the work and not
the imports. A moment is a share of a stage's time, or one of the stage's writes: what changes a folder or opens a file
for writing. Both were measured in a call that nobody killed. Writes are counted in the forked process alone, not in
those that it starts.
"""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weftnet.cli import main

_LONGEST = 900
_POLL = 0.002
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.symlink")


@dataclass(frozen=True)
class Moment:
    """When a command is killed: in a stage, after a share of its seconds, or right before a share of its writes.

    Args:
        stage: its name.
        share: 0 … 1.
        write: whether of its writes.
    """

    stage: str
    share: float
    write: bool


@dataclass
class Ended:
    """How a call ended.

    Args:
        status: of the process; −9 if it was killed.
        seconds: in each stage.
        writes: in each stage.
    """

    status: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)

    @property
    def killed(self) -> bool:
        """Whether it was."""
        return self.status == -signal.SIGKILL


def call(
    words: Sequence[str], here: Path, stage: Callable[[], str], moment: Moment | None = None, usual: Ended | None = None
) -> Ended:
    """Run a command; kill it at a moment, if there is one.

    Args:
        words: of the command.
        here: the folder to run it in; what is printed goes to the file log.txt beside it.
        stage: what the folder tells of how far the command is.
        moment: of the kill.
        usual: the same command, as it ends if nobody kills it.
    """
    receive, send = os.pipe()
    process = os.fork()
    if not process:
        os.close(receive)
        _child(words, here, stage, send, moment, usual)
    os.close(send)
    os.set_blocking(receive, False)
    ended, written = Ended(), b""
    entered, before = time.monotonic(), ""
    last = entered + _LONGEST
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        with suppress(BlockingIOError):
            written += os.read(receive, 2**16)
        now, at = time.monotonic(), stage()
        if at != before:
            entered, before = now, at
        ended.seconds[at] = ended.seconds.get(at, 0.0) + _POLL if done else now - entered
        if done:
            break
        over = moment is not None and usual is not None and not moment.write and at == moment.stage
        if now > last or (over and now - entered >= moment.share * usual.seconds.get(at, 0.0)):  # type: ignore[union-attr]
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            break
        time.sleep(_POLL)
    with suppress(BlockingIOError):
        while more := os.read(receive, 2**16):
            written += more
    os.close(receive)
    ended.writes.update(written.decode().split())
    ended.status = os.waitstatus_to_exitcode(status)
    return ended


def _child(
    words: Sequence[str], here: Path, stage: Callable[[], str], send: int, moment: Moment | None, usual: Ended | None
) -> None:
    """The command, in the forked process, which it ends."""
    code = 1
    try:
        os.chdir(here)
        log = os.open(here.parent / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.argv = ["weftnet", *words]
        sys.addaudithook(_Writes(here, stage, send, moment, usual))
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


class _Writes:
    """Tells every write below a folder, and kills its own process right before one of them."""

    def __init__(
        self, here: Path, stage: Callable[[], str], send: int, moment: Moment | None, usual: Ended | None
    ) -> None:
        self.here, self.stage, self.send, self.last, self.count = str(here), stage, send, "", 0
        if moment is not None and usual is not None and moment.write:
            self.last, self.count = moment.stage, 1 + int(moment.share * usual.writes[moment.stage])

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An event of Python's auditing."""
        opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not (opened or event in _CHANGES) or not isinstance(arguments[0], str | os.PathLike):
            return
        path = os.fspath(arguments[0])
        if not isinstance(path, str) or (os.path.isabs(path) and not path.startswith(self.here)):
            return
        at = self.stage()
        self.count -= at == self.last
        if at == self.last and not self.count:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(self.send, f"{at}\n".encode())


def left_processes(here: Path) -> list[int]:
    """The processes that work in a folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if Path(os.readlink(each / "cwd")).is_relative_to(here):
                found.append(int(each.name))
    return found
