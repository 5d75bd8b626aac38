"""Memory that a step frees stays with the process, so that the next step need not request it from the system again.

A step frees large blocks and the next allocates the same ones. In between, glibc returns them to the system, which then
provides every page of 4 KiB anew: a page fault and a page of zeros each. The residual CNN of `benchmarks/speed` has
13,300 page faults per step, which cost some 13 of 62 ms.

    M_MMAP_THRESHOLD    larger blocks are requested from the system one by one, smaller ones come from the heap
    M_TRIM_THRESHOLD    the heap returns its free end once it is larger

No value depends on it. Until the end the process holds its peak; then it is returned.
Source: mallopt(3), malloc_trim(3). With another C library than glibc nothing is done.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
#: Larger blocks still come from the system, as with glibc's own largest threshold: free parts of the heap that are too
#: small for them would be wasted, and the largest batch that `check` predicts would no longer fit. With a bound of
#: 1 GiB a residual CNN's step takes as long with 64 images, and 4 % less with 512.
LARGEST = 32 << 20
_NEVER = (1 << 31) - 1
#: The largest values of glibc's own thresholds; once set, they no longer adapt, so these are the way back.
_USUAL = {_M_MMAP_THRESHOLD: LARGEST, _M_TRIM_THRESHOLD: 64 << 20}


class _Depth:
    """The number of open contexts: trials are nested."""

    value = 0


@cache
def _libc() -> ctypes.CDLL | None:
    """glibc, where it is the C library."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def can_keep_memory() -> bool:
    """Whether the C library offers it."""
    return _libc() is not None


def pages_fetched() -> int:
    """Pages that the system has provided to this process so far; they can be counted wherever memory can be kept."""
    import resource  # other systems lack it

    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


@contextmanager
def kept_memory(on: bool = True) -> Iterator[None]:
    """Keep freed memory until the context ends; with `on` False, and on other C libraries, nothing happens."""
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
