"""Dynamic batching: questions of many clients are answered together by one worker thread.

    an idle worker takes what is waiting at once, so a lone question is not delayed
    while it works, questions queue up; then they go together, oldest first, up to `max_batch` rows
    a full batch is handed over as soon as it fills, so that the worker continues without waiting for the event loop
    if several rows were waiting last time, up to `max_wait` is spent on waiting for more
    a batch of light questions that is not full and should take less than `QUICK` runs in the event loop itself: waking
    a thread and being woken by it costs more than a small network; a full batch is worth it, as the loop keeps sending

The time of a batch is predicted from the slowest recent row, whose weight falls by a fifth with every batch: a model
that is slow, or was slow a moment ago, does not block the event loop.

All bookkeeping happens in the event loop, without locks; the thread is woken once a batch, as is the loop. The queue is
bounded (`queue` rows; beyond that a question is refused), and so is the time a question waits. A question that was
withdrawn or has timed out leaves the queue and is not computed.

Source: Crankshaw et al., Clipper, 2017, https://arxiv.org/abs/1612.03079, section 4.3. Differs: the batch size isn't
learnt; batches grow because the worker is busy.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Generic, TypeVar

from weftnet.serve.refusal import overloaded, stopping, too_late

#: seconds that the event loop may be blocked
QUICK = 0.008
_FORGET = 0.8

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Question(Generic[Item, Answer]):
    """A question in the queue or in work.

    Args:
        item: what is asked.
        rows: how many rows it has.
        since: when it came, in the time of the loop.
        light: whether reading it is certain to be quick.
        answer: a future, to be awaited by one coroutine.
    """

    __slots__ = ("answer", "item", "light", "rows", "since", "timer")

    def __init__(self, item: Item, rows: int, since: float, light: bool, answer: "asyncio.Future[Answer]") -> None:
        self.item, self.rows, self.since, self.light, self.answer = item, rows, since, light, answer
        self.timer: asyncio.TimerHandle | None = None

    def settle(self, result: Answer | Exception) -> None:
        """Set the answer, or the error; does nothing if it is set already or nobody waits for it."""
        if self.timer is not None:
            self.timer.cancel()
        if self.answer.done():
            return
        if isinstance(result, Exception):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


class Batcher(Generic[Item, Answer]):
    """A queue in front of one worker. Create and use it in a running event loop.

    Args:
        work: items → an answer, or the error, for each; runs in a thread or, for quick light batches, in the loop.
        max_batch: rows computed together.
        max_wait: seconds the oldest question waits for others while the worker is idle.
        queue: rows that may wait.
        watch: is called with the number of rows of every batch.
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
        self._batches: SimpleQueue[list[Question[Item, Answer]] | None] = SimpleQueue()
        self._waiting: dict[Question[Item, Answer], None] = {}  # oldest first
        self._ready: list[Question[Item, Answer]] = []  # a full batch handed over early; its questions still wait
        self._timer: asyncio.TimerHandle | None = None
        self._busy = self._closed = False
        self._inline = False  # whether the batch in work runs in the event loop
        self._row_seconds = math.inf  # predicted
        self._last_waiting = 1  # rows that were waiting when the last batch went
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting = 0
        threading.Thread(target=self._run, name="weftnet-batch", daemon=True).start()

    def submit(
        self, item: Item, rows: int = 1, timeout: float | None = None, light: bool = False
    ) -> Question[Item, Answer]:
        """Queue a question; its answer is never set before this returns.

        Args:
            item: the question.
            rows: how many rows it has, at most `max_batch`.
            timeout: seconds to wait for the answer; after that it is a refusal, 504.
            light: whether reading it is certain to be quick, so that it may run in the event loop.

        Raises:
            Refusal: 503 if the queue is full or closed.
        """
        if rows > self.max_batch:
            raise ValueError(f"expected at most {self.max_batch} rows, got {rows}")
        self.check_room(rows)
        question: Question[Item, Answer] = Question(item, rows, self._loop.time(), light, self._loop.create_future())
        if timeout is not None:
            question.timer = self._loop.call_later(timeout, self._expire, question, timeout)
        self._waiting[question] = None
        self.waiting += rows
        self._idle.clear()
        if self._busy:
            self._hand_over_early()
        else:
            self._next()
        return question

    def check_room(self, rows: int) -> None:
        """Refuse now what `submit` would refuse halfway through a request of several batches.

        Raises:
            Refusal: 503.
        """
        if self._closed:
            raise stopping()
        if self.waiting + rows > self.queue:
            raise overloaded(self.waiting, self.queue)

    def withdraw(self, question: Question[Item, Answer]) -> None:
        """Cancel a question: nobody waits for its answer any more, and it is not computed if it still waits.

        Does nothing to a question that is answered.
        """
        if question.timer is not None:
            question.timer.cancel()
        question.answer.cancel()
        self._leave(question)

    async def close(self) -> None:
        """Accept nothing more, and wait until all accepted questions are answered."""
        self._closed = True
        if not self._busy:
            self._next()
        await self._idle.wait()
        self._batches.put(None)

    def _leave(self, question: Question[Item, Answer]) -> None:
        """Take a question out of the queue, if it is in it."""
        if question in self._waiting:
            del self._waiting[question]
            self.waiting -= question.rows
            if not self._waiting and not self._busy:
                self._idle.set()

    def _expire(self, question: Question[Item, Answer], seconds: float) -> None:
        question.settle(too_late(seconds))
        self._leave(question)

    def _next(self) -> None:
        """Give the idle worker its next batch, or wait a little for more rows."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            self._idle.set()
            return
        if self.waiting < min(self._last_waiting, self.max_batch) and not self._closed:
            oldest = next(iter(self._waiting))
            left = oldest.since + self.max_wait - self._loop.time()
            if left > 0:
                self._timer = self._loop.call_later(left, self._go)
                return
        self._go()

    def _go(self) -> None:
        """Send the oldest questions to the worker."""
        self._timer = None
        self._last_waiting = self.waiting
        batch = self._oldest()
        if not batch:  # all were withdrawn during the wait for more
            self._next()
            return
        self._inline = self._is_quick(batch)
        if self._inline:
            self._loop.call_soon(lambda: self._finish(*self._compute(batch)))
        else:
            self._batches.put(batch)
        self._begin(batch)  # after the batch was handed over: this may hand over the next one, if it is full

    def _is_quick(self, batch: list[Question[Item, Answer]]) -> bool:
        """Whether a batch may run in the event loop."""
        rows = sum(question.rows for question in batch)
        short = rows < self.max_batch and rows * self._row_seconds < QUICK
        return short and all(question.light for question in batch)

    def _oldest(self) -> list[Question[Item, Answer]]:
        """The oldest questions, as many as fit into a batch."""
        batch: list[Question[Item, Answer]] = []
        rows = 0
        for question in self._waiting:
            rows += question.rows
            if rows > self.max_batch:
                break
            batch.append(question)
        return batch

    def _begin(self, batch: list[Question[Item, Answer]]) -> None:
        """The worker has a batch: its questions no longer wait."""
        self._busy = True
        for question in batch:
            if question in self._waiting:  # else it was withdrawn after the batch was handed over
                del self._waiting[question]
                self.waiting -= question.rows
        self._hand_over_early()

    def _hand_over_early(self) -> None:
        """Hand the worker its next batch while it is busy, if that batch is full."""
        if not self._ready and not self._inline and self.waiting >= self.max_batch:
            self._ready = self._oldest()
            self._batches.put(self._ready)

    def _run(self) -> None:
        """The worker: batch after batch, until there is None."""
        while (batch := self._batches.get()) is not None:
            done = self._compute(batch)
            with suppress(RuntimeError):  # the loop ended without waiting: nobody is left to be answered
                self._loop.call_soon_threadsafe(self._finish, *done)

    def _compute(
        self, batch: list[Question[Item, Answer]]
    ) -> tuple[list[Question[Item, Answer]], Sequence[Answer | Exception], float]:
        """The questions of a batch that somebody waits for, their answers, and the seconds it took."""
        began = time.perf_counter()
        wanted = [question for question in batch if not question.answer.done()]
        answers: Sequence[Answer | Exception]
        try:
            answers = self._work([question.item for question in wanted]) if wanted else []
            if len(answers) != len(wanted):
                raise RuntimeError(f"the worker gave {len(answers)} answers to {len(wanted)} questions")
        except BaseException as error:  # every client gets it; a tokenizer's panic is no Exception
            settable = isinstance(error, Exception) and not isinstance(error, StopIteration)  # no future holds that one
            answers = [error if settable else RuntimeError(repr(error))] * len(wanted)  # type: ignore[list-item]
        return wanted, answers, time.perf_counter() - began

    def _finish(
        self, questions: list[Question[Item, Answer]], answers: Sequence[Answer | Exception], seconds: float
    ) -> None:
        """Start the next batch, and while the worker is on it, hand out the answers of the last one."""
        self._busy = self._inline = False
        rows = sum(question.rows for question in questions)
        if questions:
            recent = 0.0 if self._row_seconds == math.inf else _FORGET * self._row_seconds
            self._row_seconds = max(recent, seconds / rows)
            self._watch(rows)
        if self._ready:
            batch, self._ready = self._ready, []
            self._last_waiting = self.waiting
            self._begin(batch)
        else:
            self._next()
        for question, answer in zip(questions, answers, strict=True):
            question.settle(answer)
