"""The command line: one command per file; each reads its options, calls one function and prints the result.

    exit status    0 done    1 an error    2 options that can't be used    130 Ctrl-C    141 broken pipe

Torch is imported only by the commands that need it, so `weftnet --help` answers at once. This file imports next to
nothing, as Ctrl-C means the same while a command is still being imported.
"""

import atexit
import signal
from types import FrameType
from typing import Any, NoReturn


def __getattr__(name: str) -> Any:
    """The commands as `app`, imported when they are asked for."""
    if name == "app":
        from weftnet.cli._app import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Interrupted:
    """Whether Ctrl-C was pressed; some imports turn the exception into another one."""

    def __init__(self) -> None:
        self.happened = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.happened = True
        raise KeyboardInterrupt


def main() -> None:
    """Run the command line; errors of weftnet's own and of files, Ctrl-C and a broken output leave no traceback."""
    interrupted, before = _Interrupted(), signal.getsignal(signal.SIGINT)
    try:
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupted)
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # while Python takes itself apart
        from weftnet.cli import _streams
        from weftnet.train.worker import end_with_launcher, reported_error

        end_with_launcher()
        if reported_error():
            raise SystemExit(1)
        _streams.prepare()
        from weftnet.cli._app import app

        try:
            app(prog_name="weftnet")  # whoever starts it, also `python -m weftnet`
        except SystemExit as ended:
            _streams.flush()
            if ended.code == 130 or (ended.code and interrupted.happened):
                raise KeyboardInterrupt from None
            raise
    except (KeyboardInterrupt, Exception) as error:
        _end(KeyboardInterrupt() if interrupted.happened else error)
    finally:
        signal.signal(signal.SIGINT, before)


def _end(error: BaseException) -> NoReturn:
    """Say what ended the command, and exit.

    Raises:
        SystemExit: with its status.
    """
    from weftnet.cli import _streams
    from weftnet.errors import WeftnetError
    from weftnet.train.worker import report_error

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if isinstance(error, KeyboardInterrupt):
        eval("0")  # one that passed through evaluated text would make Python end by a signal: this forgets it
        _streams.fail("stopped", 130)
    if isinstance(error, OSError):
        if _streams.is_of_output(error):
            _streams.give_up(error)
        error = WeftnetError(f"can't be used: {error.strerror or error}", where=str(error.filename or "")[:200])
    if not isinstance(error, WeftnetError):
        raise error
    if report_error(error):
        raise SystemExit(1) from None
    _streams.fail(str(error), 1)
