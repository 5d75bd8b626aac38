"""The batches of a training, prefetched where making one takes time, and how long the training waited for them.

Rows that are read from the disk, or encoded batch by batch, are gathered by `WORKERS` threads up to `AHEAD` batches
before they are needed; they work in NumPy and wait for the disk, which leaves Python's lock free for the loop. A batch
is a pure function of its number, so order and content don't depend on which thread makes it when, and a resumed
training starts with the batch it needs. Rows in memory are sliced directly: passing them between threads would take
longer.

    waited    seconds between asking for a batch and having it; the rest of the training's time is computation
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import DataError, WeftnetError

#: Threads that make batches.
WORKERS = 2
#: The most batches that are made, or being made, before they are asked for.
AHEAD = 4


class Feed:
    """Gives a training its batches; use it as a context, which ends its threads.

    Args:
        data: that the batches come from.
        batch_size: examples in a batch.
        seed: of the order of the examples.
    """

    def __init__(self, data: Data, batch_size: int, seed: int) -> None:
        self.data, self.batch_size, self.seed, self.waited = data, batch_size, seed, 0.0
        self._pool = ThreadPoolExecutor(WORKERS, "weftnet-data") if data.lazy else None
        self._prefetched: dict[int, Future[Batch]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def train_batch(self, number: int) -> Batch:
        """Batch `number` of the training; they are asked for in order.

        Raises:
            DataError: it can't be made.
        """
        began = time.perf_counter()
        if self._pool is None:
            batch = self.data.train_batch(number, self.batch_size, self.seed)
        else:
            for each in range(number, number + AHEAD):
                if each not in self._prefetched:
                    arguments = each, self.batch_size, self.seed
                    self._prefetched[each] = self._pool.submit(self.data.train_batch, *arguments)
            batch = self._result(self._prefetched.pop(number), f"training batch {number}")
        self.waited += time.perf_counter() - began
        return batch

    def batches(self, split: str) -> Iterator[Batch]:
        """The batches of a split in order; where batches are prefetched, one is made while the one before is in use.

        Raises:
            DataError: one can't be made.
        """
        source = self.data.batches(split, self.batch_size)
        upcoming = self._pool.submit(next, source, None) if self._pool else None
        while True:
            began = time.perf_counter()
            if self._pool is None or upcoming is None:
                batch = next(source, None)
            elif (batch := self._result(upcoming, f"a batch of the {split} split")) is not None:
                upcoming = self._pool.submit(next, source, None)
            self.waited += time.perf_counter() - began
            if batch is None:
                return
            yield batch

    def _result(self, future: "Future[Any]", what: str) -> Any:
        """What a thread made; an error that is not one of weftnet's own is reported as a fault of the data."""
        try:
            return future.result()
        except (WeftnetError, KeyboardInterrupt):
            raise
        except BaseException as fault:  # even a SystemExit of the thread must not end this one silently
            got = f"{type(fault).__name__}: {fault}"
            raise DataError(f"{what} could not be made", where=self.data.source, got=got) from fault
