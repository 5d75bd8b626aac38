"""The gate that every read of a foreign file passes: whatever a parser raises becomes an error with file and place.

    with reading(path, "is no table"):
        …                                      any parser

A parser of somebody else's files can raise anything: an `OverflowError` for a shape of 1e999, a `RecursionError`, an
`UnboundLocalError` of its own, `MemoryError`, and from Rust a panic that isn't even an `Exception`. A list of the
classes that were seen is never complete. So all of them are caught here, and nowhere else; the original stays as the
cause. What a person or the interpreter raises to end the program passes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from weftnet.errors import DataError, WeftnetError

_LONG = 200
_ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit)


@contextmanager
def reading(
    where: str | Path | Callable[[], str],
    what: str = "can't be read",
    *,
    error: type[WeftnetError] = DataError,
    fix: str = "",
) -> Iterator[None]:
    """Turn every exception but weftnet's own into one of weftnet's.

    Args:
        where: the file, and the place in it as far as it is known; a function, where that changes while it is read.
        what: is wrong with it, in a sentence.
        error: the class.
        fix: what a person can do.

    Raises:
        WeftnetError: anything was raised.
    """
    try:
        yield
    except (WeftnetError, *_ENDS):
        raise
    except BaseException as fault:
        if type(fault).__name__ == "CancelledError":  # of asyncio: a server stops waiting
            raise
        place = where() if callable(where) else str(where)
        raise error(what, where=place, got=_said(fault), fix=fix) from fault


def _said(fault: BaseException) -> str:
    """What an exception says, in a line."""
    if isinstance(fault, MemoryError):
        return "it asks for more memory than there is"
    if isinstance(fault, RecursionError):
        return "it nests too deeply"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    said = next(iter(str(fault).strip().splitlines()), "")[:_LONG]
    return said if isinstance(fault, ValueError) and said else f"{type(fault).__name__}: {said}".removesuffix(": ")
