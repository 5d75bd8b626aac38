"""Memory that a step frees stays with the process, so that the next step need not ask the system for it again.

A step frees large blocks and the next asks for the same ones. glibc gives them back to the system in between, which
hands every page of 4 KiB out anew: a fault and a page of zeros each. The residual CNN of `benchmarks/speed` has 13,300
faults a step so, some 13 of 62 ms.

    M_MMAP_THRESHOLD    larger blocks are asked of the system one by one, smaller ones come from the heap
    M_TRIM_THRESHOLD    the heap gives its free end back once it is larger

No value depends on it. Until the end the process holds what it held at its peak; then it is given back.
Source: mallopt(3), malloc_trim(3). With another C library than glibc nothing is done.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
#: Larger blocks still come from the system, as glibc has it at the most: pieces of the heap that are too small for them
#: would lie idle, and the largest batch that `check` foretells would fit no more. With a bound of 1 GiB a step
#: of a residual CNN is as long at 64 images, and 4 % shorter at 512.
LARGEST = 32 << 20
_NEVER = (1 << 31) - 1
#: The most that glibc's own thresholds grow to; once they are set they move no more, so there is no other way back.
_USUAL = {_M_MMAP_THRESHOLD: LARGEST, _M_TRIM_THRESHOLD: 64 << 20}


class _Depth:
    """How many ask for it now: trials are nested."""

    value = 0


@cache
def _libc() -> ctypes.CDLL | None:
    """glibc, where it is the C library."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def can_keep_memory() -> bool:
    """Whether the C library can be told so."""
    return _libc() is not None


def pages_fetched() -> int:
    """How many pages the system has handed to this process so far; where memory can be kept, they can be counted."""
    import resource  # other systems have none

    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


@contextmanager
def kept_memory(on: bool = True) -> Iterator[None]:
    """Keep what is freed while this lasts; with `on` False, and where it can't be done, nothing happens."""
    libc = _libc() if on else None
    if libc is None:
        yield
        return
    _Depth.value += 1
    libc.mallopt(_M_MMAP_THRESHOLD, LARGEST)
    libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        _Depth.value -= 1
        if not _Depth.value:
            for name, usual in _USUAL.items():
                libc.mallopt(name, usual)
            libc.malloc_trim(0)
