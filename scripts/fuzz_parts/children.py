"""Something done in a forked child with limits of time and memory, so that it can't touch anything else."""

import io
import os
import resource
import signal
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

SECONDS, BYTES = 20, 2**30
CLEAN, ACCEPTED, TRACEBACK, SLOW, LARGE = "clean error", "accepted", "traceback", "over 20 s", "over 1 GiB"
#: seconds by the clock, after which a child that waits for something is ended
_WAITING = 300
#: letters of a message that are kept
_LONGEST = 3000


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Args:
        outcome: a clean error, accepted, a traceback, over time, over memory.
        seconds: of the processor.
        mebibytes: peak memory beyond that at its start.
        said: the error.
    """

    outcome: str
    seconds: float
    mebibytes: float
    said: str = ""


def forked(action: Callable[[], object]) -> Ended:
    """Do it in a child of its own."""
    receive, send = os.pipe()
    if not (child := os.fork()):
        os.close(receive)
        ended = _within_limits(action)
        head = f"{ended.outcome}\n{ended.seconds:.3f}\n{ended.mebibytes:.1f}\n"
        os.write(send, (head + ended.said[-_LONGEST:]).encode("utf-8", "replace"))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, encoding="utf-8", errors="replace") as pipe:
        text = pipe.read()
    _, status, used = os.wait4(child, 0)
    if text:
        outcome, seconds, mebibytes, said = text.split("\n", 3)
        return Ended(outcome, float(seconds), float(mebibytes), said)
    number, seconds = -os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
    outcome = TRACEBACK
    if number in (
        signal.SIGALRM,
        signal.SIGXCPU,
        signal.SIGKILL,
    ):  # the last where memory ran out, or time a second ago
        outcome = LARGE if number == signal.SIGKILL and seconds < SECONDS else SLOW
    return Ended(outcome, seconds, 0.0, f"ended by signal {number}")


def _within_limits(action: Callable[[], object]) -> Ended:
    from weftnet.errors import WeftnetError

    own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_AS, (own + 4 * BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))  # of this process, however busy the machine is
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_WAITING)
    said, outcome = "", ACCEPTED
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            action()
    except WeftnetError as error:
        try:
            outcome, said = CLEAN, str(error)
        except Exception:
            outcome, said = TRACEBACK, traceback.format_exc()
    except BaseException:
        outcome, said = TRACEBACK, traceback.format_exc()
    after = resource.getrusage(resource.RUSAGE_SELF)
    peak = (after.ru_maxrss - before.ru_maxrss) * 1024
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(LARGE if peak > BYTES else outcome, seconds, peak / 2**20, said)
