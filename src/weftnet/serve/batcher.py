"""Dynamic batching: questions of many clients are answered together by one worker thread.

    an idle worker takes what is there at once, so a lone question never waits
    while it works, questions gather; then they go together, oldest first, up to `max_batch` rows
    as soon as they fill a batch it lies ready, so that the worker goes on without waiting for the loop
    if company came last time, up to `max_wait` is spent on gathering more
    a batch of light questions that isn't full and should take less than `QUICK` is worked on in the loop itself: waking
    a thread and being woken by it costs more than a small network; a full one pays for it, as the loop goes on sending

How long a batch takes is foretold by the slowest row of late, which counts a fifth less with every batch: a model that
is slow, or was slow a moment ago, doesn't hold up the loop.

All bookkeeping is done in the event loop, without locks; the thread is woken once a batch, as is the loop. What is
waiting is bounded (`queue` rows; beyond, a question is refused), and so is how long it waits. A question whose client
hung up or whose time is over leaves the queue and is not worked on.

Source: Crankshaw et al., Clipper, 2017, https://arxiv.org/abs/1612.03079, section 4.3. Differs: the batch's size isn't
learnt; a busy worker is what makes batches grow.
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

#: seconds that the loop may be held up
QUICK = 0.008
_FORGET = 0.8

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Question(Generic[Item, Answer]):
    """A question that was taken.

    Args:
        item: what is asked.
        rows: how many it has.
        since: when it came, in the time of the loop.
        tell: is called once in the event loop, with the answer or the error; None once nobody waits for it.
        light: whether it can't take long to read.
    """

    __slots__ = ("item", "light", "rows", "since", "tell", "timer")

    def __init__(
        self, item: Item, rows: int, since: float, tell: Callable[[Answer | Exception], object], light: bool
    ) -> None:
        self.item, self.rows, self.since, self.light = item, rows, since, light
        self.tell: Callable[[Answer | Exception], object] | None = tell
        self.timer: asyncio.TimerHandle | None = None

    def over(self, answer: Answer | Exception | None = None) -> None:
        """It is answered or given up, once: whoever asked is told, if there is anything to tell."""
        tell, self.tell = self.tell, None
        if self.timer is not None:
            self.timer.cancel()
        if tell is not None and answer is not None:
            tell(answer)


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
        self._batches: SimpleQueue[list[Question[Item, Answer]] | None] = SimpleQueue()
        self._waiting: dict[Question[Item, Answer], None] = {}  # oldest first
        self._ready: list[Question[Item, Answer]] = []  # a full batch that is handed over; its questions wait still
        self._timer: asyncio.TimerHandle | None = None
        self._busy = self._closed = self._here = False  # here: the batch in work is the loop's own
        self._pace = math.inf  # seconds for a row
        self._company = 1  # rows that were there when the last batch went
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting = 0
        threading.Thread(target=self._run, name="weftnet-batch", daemon=True).start()

    def submit(
        self,
        item: Item,
        tell: Callable[[Answer | Exception], object],
        rows: int = 1,
        timeout: float | None = None,
        light: bool = False,
    ) -> Question[Item, Answer]:
        """Take a question; never answers before it returns.

        Args:
            item: the question.
            tell: is called with the answer, with what `work` gave or raised for it, or with a refusal, 504, if the time
                is over; it raises nothing.
            rows: how many rows it has, at most `max_batch`.
            timeout: seconds to wait for the answer.
            light: whether it can't take long to read, so that the loop itself may work on it.

        Raises:
            Refusal: 503 if the queue is full or closed.
        """
        if rows > self.max_batch:
            raise ValueError(f"expected at most {self.max_batch} rows, got {rows}")
        self.room(rows)
        question: Question[Item, Answer] = Question(item, rows, self._loop.time(), tell, light)
        if timeout is not None:
            question.timer = self._loop.call_later(timeout, self._expire, question, timeout)
        self._waiting[question] = None
        self.waiting += rows
        self._idle.clear()
        if self._busy:
            self._prepare()
        else:
            self._next()
        return question

    def room(self, rows: int) -> None:
        """Refuse now what `submit` would refuse in the middle of several parts."""
        if self._closed:
            raise stopping()
        if self.waiting + rows > self.queue:
            raise overloaded(self.waiting, self.queue)

    def withdraw(self, question: Question[Item, Answer]) -> None:
        """Forget a question; nobody is told anything of it any more, and it isn't worked on if it still waits."""
        question.over()
        if question in self._waiting:
            del self._waiting[question]
            self.waiting -= question.rows
            if not self._waiting and not self._busy:
                self._idle.set()

    async def close(self) -> None:
        """Take nothing more, and wait until what was taken is answered."""
        self._closed = True
        if not self._busy:
            self._next()
        await self._idle.wait()
        self._batches.put(None)

    def _next(self) -> None:
        """Give the idle worker its next batch, or wait a little for company."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            self._idle.set()
            return
        if self.waiting < min(self._company, self.max_batch) and not self._closed:
            oldest = next(iter(self._waiting))
            left = oldest.since + self.max_wait - self._loop.time()
            if left > 0:
                self._timer = self._loop.call_later(left, self._go)
                return
        self._go()

    def _go(self) -> None:
        """Send the oldest questions to the worker."""
        self._timer = None
        self._company = self.waiting
        if batch := self._oldest():
            rows = sum(question.rows for question in batch)
            short = rows < self.max_batch and rows * self._pace < QUICK
            self._here = short and all(question.light for question in batch)
            if self._here:
                self._loop.call_soon(lambda: self._answered(*self._worked(batch)))
            else:
                self._batches.put(batch)
            self._begin(batch)  # after it was handed over: the next batch, if it is full, is handed over here
        else:  # all were withdrawn while company was waited for
            self._next()

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
        """The worker has a batch: its questions wait no more."""
        self._busy = True
        for question in batch:
            if question in self._waiting:  # else it was withdrawn while it lay ready
                del self._waiting[question]
                self.waiting -= question.rows
        self._prepare()

    def _prepare(self) -> None:
        """Hand over the next batch if it is full."""
        if not self._ready and not self._here and self.waiting >= self.max_batch:
            self._ready = self._oldest()
            self._batches.put(self._ready)

    def _run(self) -> None:
        """The worker: batch after batch, until there is None."""
        while (batch := self._batches.get()) is not None:
            done = self._worked(batch)
            with suppress(RuntimeError):  # the loop was ended without waiting: nobody is left to be told
                self._loop.call_soon_threadsafe(self._answered, *done)

    def _worked(
        self, batch: list[Question[Item, Answer]]
    ) -> tuple[list[Question[Item, Answer]], Sequence[Answer | Exception], float]:
        """The questions of a batch that somebody waits for, their answers, and the seconds that it took."""
        began = time.perf_counter()
        asked = [question for question in batch if question.tell is not None]
        answers: Sequence[Answer | Exception]
        try:
            answers = self._work([question.item for question in asked]) if asked else []
            if len(answers) != len(asked):
                raise RuntimeError(f"the worker gave {len(answers)} answers to {len(asked)} questions")
        except BaseException as error:  # whoever asked is told; a tokenizer's panic is no Exception
            told = error if isinstance(error, Exception) else RuntimeError(repr(error))
            answers = [told] * len(asked)
        return asked, answers, time.perf_counter() - began

    def _answered(
        self, asked: list[Question[Item, Answer]], answers: Sequence[Answer | Exception], seconds: float
    ) -> None:
        """Go on, and while the worker does, hand out the answers of a batch."""
        self._busy = self._here = False
        rows = sum(question.rows for question in asked)
        if asked:
            slow = 0.0 if self._pace == math.inf else _FORGET * self._pace
            self._pace = max(slow, seconds / rows)
            self._watch(rows)
        if self._ready:
            batch, self._ready = self._ready, []
            self._company = self.waiting
            self._begin(batch)
        else:
            self._next()
        for question, answer in zip(asked, answers, strict=True):
            question.over(answer)

    def _expire(self, question: Question[Item, Answer], seconds: float) -> None:
        tell = question.tell
        self.withdraw(question)
        if tell is not None:
            tell(too_late(seconds))
