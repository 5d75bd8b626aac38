"""Standard output and error as they come: closed, full, at the end of a broken pipe, or able to show ASCII alone."""

import codecs
import errno
import os
import shutil
import sys
import textwrap
from typing import NoReturn, TextIO

_HANDLER = "weftnet"


def prepare() -> None:
    """Whatever is printed can be: closed streams lead nowhere, and letters that a stream lacks are escaped."""
    _open_closed()
    codecs.register_error(_HANDLER, _escaped)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # for as long as Python runs
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def flush() -> None:
    """Print what is still to be printed.

    Raises:
        OSError: it can't be.
    """
    sys.stdout.flush()


def is_of_output(error: OSError) -> bool:
    """Whether an error is of standard output: of a stream, which has no file's name."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EBADF, errno.EDQUOT)


def give_up(error: OSError) -> NoReturn:
    """End a command whose output nobody gets: silently where a pipe was closed, otherwise with the reason.

    Raises:
        SystemExit: with its status.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())  # Python flushes once more at its end
    if isinstance(error, BrokenPipeError):
        raise SystemExit(141) from None
    fail(f"the output can't be written: {error.strerror or error}", 1)


def fail(text: str, code: int) -> NoReturn:
    """Print to stderr, in red on a terminal; long lines break between words and keep their indent.

    Raises:
        SystemExit: with the status.
    """
    width = shutil.get_terminal_size().columns
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        broken_lines = textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        _print("\n".join(broken_lines), sys.stderr)
    raise SystemExit(code)


def _print(text: str, stream: TextIO) -> None:
    try:
        print(f"\x1b[31m{text}\x1b[0m" if stream.isatty() else text, file=stream, flush=True)
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # nobody to be told


def _open_closed() -> None:
    """Let closed descriptors lead nowhere: the next file to be opened would get their number, and what is printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""A letter as JSON writes it, \\u00d7, so that JSON stays JSON.

    Raises:
        UnicodeError: the error is none of encoding.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)), error.end
