"""How high a peak fits into some memory, and how large a batch."""

from collections.abc import Callable

#: the share of the memory that a step may fill; the rest is for fragmentation
ROOM = 0.75
#: bytes of freed memory that glibc's heap keeps at most: it returns only blocks above a threshold that it raises to
#: 32 MiB, and keeps holes that no later block fits into
GAPS = 128 << 20


def usable(memory: int) -> int:
    """The highest peak that fits into so many bytes: min(3/4 · memory, max(memory / 2, memory − 128 MiB)).

    A process needs more than the peak, as its heap is fragmented: measured, up to the peak once more where that is
    small, up to 205 MiB where it is larger (819 MiB of a Transformer layer; another figure in each process); 1 MiB if
    every block is returned when freed (MALLOC_MMAP_THRESHOLD_=65536).
    """
    return min(int(ROOM * memory), max(memory // 2, memory - GAPS))


def largest(peak: Callable[[int], int], memory: int) -> int:
    """The largest batch whose peak fits into memory; 0 if there is none.

    Memory grows by the same bytes with each example, so two batches give the slope; the result is then verified.
    """
    few, many = peak(32), peak(64)
    batch = 32 + int((memory - few) // max((many - few) / 32, 1))
    while batch > 0 and peak(batch) > memory:  # not a line at small batches, where gradients outweigh activations
        batch -= max(batch // 50, 1)
    return max(batch, 0)
