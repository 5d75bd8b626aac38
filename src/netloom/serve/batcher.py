"""Dynamic batching: questions of many clients are answered together by one worker thread.

    an idle worker takes what is there at once, so a lone question never waits
    while it works, questions gather; then they go together, oldest first, up to `max_batch` rows
    if company came last time, up to `max_wait` is spent on gathering more

All bookkeeping is done in the event loop, without locks; only `work` runs in the thread. What is waiting is bounded
(`queue` rows; beyond, a question is refused), and so is how long it waits. A question whose client hung up or whose
time is over leaves the queue and is not worked on.

Source: Crankshaw et al., Clipper, 2017, https://arxiv.org/abs/1612.03079, section 4.3. Differs: the batch's size isn't
learnt; a busy worker is what makes batches grow.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from netloom.serve.refusal import overloaded, stopping, too_late

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class _Waiting(Generic[Item]):
    """A question in the queue."""

    item: Item
    rows: int
    since: float


class Batcher(Generic[Item, Answer]):
    """A queue before one worker. To be made and used in a running event loop.

    Args:
        work: items → an answer, or the error, for each; runs in a thread.
        max_batch: rows that are worked on together.
        max_wait: seconds the oldest question waits for company while the worker is idle.
        queue: rows that may wait.
        watch: is told the rows of every batch.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], Sequence[Answer | Exception]],
        *,
        max_batch: int = 64,
        max_wait: float = 0.002,
        queue: int = 256,
        watch: Callable[[int], object] = lambda rows: None,
    ) -> None:
        self._work, self.max_batch, self.max_wait, self.queue, self._watch = work, max_batch, max_wait, queue, watch
        self._loop = asyncio.get_running_loop()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="netloom-batch")
        self._waiting: dict[asyncio.Future[Answer], _Waiting[Item]] = {}  # oldest first
        self._timer: asyncio.TimerHandle | None = None
        self._busy = self._closed = False
        self._company = 1  # rows that were there when the last batch went
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting = 0

    async def ask(self, item: Item, rows: int = 1, timeout: float | None = None) -> Answer:
        """The answer to one item.

        Args:
            item: the question.
            rows: how many rows it has, at most `max_batch`.
            timeout: seconds to wait for the answer.

        Raises:
            Refusal: 503 if the queue is full or closed, 504 if the time is over.
            Exception: what `work` gave or raised for it.
        """
        return await self.submit(item, rows, timeout)

    def submit(self, item: Item, rows: int = 1, timeout: float | None = None) -> "asyncio.Future[Answer]":
        """The future answer to one item; cancelling it withdraws the question. Raises as `ask`."""
        if self._closed:
            raise stopping()
        if rows > self.max_batch:
            raise ValueError(f"expected at most {self.max_batch} rows, got {rows}")
        if self.waiting + rows > self.queue:
            raise overloaded(self.waiting, self.queue)
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting[future] = _Waiting(item, rows, self._loop.time())
        self.waiting += rows
        self._idle.clear()
        timer = None if timeout is None else self._loop.call_later(timeout, _expire, future, timeout)
        future.add_done_callback(lambda done: self._leave(done, timer))
        if not self._busy:
            self._next()
        return future

    def room(self, rows: int) -> None:
        """Refuse now what `submit` would refuse in the middle of several parts."""
        if self._closed:
            raise stopping()
        if self.waiting + rows > self.queue:
            raise overloaded(self.waiting, self.queue)

    async def close(self) -> None:
        """Take nothing more, and wait until what was taken is answered."""
        self._closed = True
        if not self._busy:
            self._next()
        await self._idle.wait()
        self._worker.shutdown(wait=False)

    def _next(self) -> None:
        """Give the idle worker its next batch, or wait a little for company."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            self._idle.set()
            return
        if self.waiting < min(self._company, self.max_batch) and not self._closed:
            oldest = next(iter(self._waiting.values()))
            left = oldest.since + self.max_wait - self._loop.time()
            if left > 0:
                self._timer = self._loop.call_later(left, self._go)
                return
        self._go()

    def _go(self) -> None:
        """Send the oldest questions to the worker, as many as fit."""
        self._timer = None
        self._company = self.waiting
        batch, rows = [], 0
        for future, question in list(self._waiting.items()):
            if rows + question.rows > self.max_batch:
                break
            self.waiting -= self._waiting.pop(future).rows
            if not future.done():  # withdrawn in this very moment
                batch.append((future, question.item))
                rows += question.rows
        if not batch:
            self._next()
            return
        self._busy = True
        self._watch(rows)
        done = self._loop.run_in_executor(self._worker, self._work, [item for _, item in batch])
        done.add_done_callback(lambda given: self._answered([future for future, _ in batch], given))

    def _answered(
        self, asked: "list[asyncio.Future[Answer]]", given: "asyncio.Future[Sequence[Answer | Exception]]"
    ) -> None:
        """Hand out the answers of a batch, and go on."""
        self._busy = False
        answers: Sequence[Answer | Exception]
        if error := given.exception():
            answers = [error if isinstance(error, Exception) else RuntimeError(repr(error))] * len(asked)
        elif len(given.result()) != len(asked):
            wrong = RuntimeError(f"the worker gave {len(given.result())} answers to {len(asked)} questions")
            answers = [wrong] * len(asked)
        else:
            answers = given.result()
        for future, answer in zip(asked, answers, strict=True):
            if future.done():  # hung up, or too late
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        self._next()

    def _leave(self, future: "asyncio.Future[Answer]", timer: asyncio.TimerHandle | None) -> None:
        """A question is answered, withdrawn or late: forget it."""
        if timer is not None:
            timer.cancel()
        question = self._waiting.pop(future, None)
        if question is not None:
            self.waiting -= question.rows
            if not self._waiting and not self._busy:
                self._idle.set()


def _expire(future: "asyncio.Future[Answer]", seconds: float) -> None:
    if not future.done():
        future.set_exception(too_late(seconds))
