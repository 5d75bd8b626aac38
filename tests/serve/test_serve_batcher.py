"""Dynamic batching, with a worker that is held and let go by the test."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.serve import batcher as module
from weftnet.serve.batcher import QUICK
from weftnet.serve.refusal import Refusal


class Batcher(module.Batcher[Any, Any]):
    """Asked for futures; cancelling one withdraws its question."""

    def put(self, item: Any, rows: int = 1, timeout: float | None = None) -> "asyncio.Future[Any]":
        question = self.submit(item, rows, timeout)

        def withdraw(done: "asyncio.Future[Any]") -> None:
            if done.cancelled():
                self.withdraw(question)

        question.answer.add_done_callback(withdraw)
        return question.answer

    async def ask(self, item: Any, rows: int = 1, timeout: float | None = None) -> Any:
        return await self.put(item, rows, timeout)


class Squares:
    """Answers x with x²; remembers its batches; waits for `go` if it is held."""

    def __init__(self, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.began, self.go = threading.Event(), threading.Event()
        if not held:
            self.go.set()

    def __call__(self, items: list[int]) -> Sequence[int | Exception]:
        self.batches.append(items)
        self.began.set()
        assert self.go.wait(10)
        return [ValueError(f"{item} is odd luck") if item == 13 else item**2 for item in items]


def run(scene: Callable[[], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(scene(), 20)

    return asyncio.run(bounded())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def test_a_full_batch_behind_the_first_is_worked_on_after_it() -> None:
    """The second comes together with the first, while more rows are waited for: both are handed over at once."""
    work = Squares()

    async def scene() -> None:
        batcher = Batcher(work, max_batch=5, max_wait=10)
        await asyncio.gather(*(batcher.put(number, 5) for number in (1, 2)))  # two at once, so that the next one waits
        batcher._last_waiting = 100
        first = batcher.put(3, 1)  # waits
        await asyncio.gather(first, batcher.put(4, 5), batcher.put(5, 5))
        await batcher.close()

    run(scene)
    assert [item for batch in work.batches for item in batch] == [1, 2, 3, 4, 5]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.integers(1, 5), min_size=1, max_size=60),
    pauses=st.lists(st.sampled_from([0, 0, 0, 0.001]), min_size=60, max_size=60),
    cancelled=st.sets(st.integers(0, 59)),
    max_batch=st.integers(5, 16),
)
def test_every_question_gets_its_own_answer(
    rows: list[int], pauses: list[float], cancelled: set[int], max_batch: int
) -> None:
    """Whatever comes, in whatever rhythm: own answer, oldest first, never more than `max_batch` rows at once."""
    work = Squares()
    seen: list[int] = []

    async def scene() -> list[Any]:
        batcher = Batcher(work, max_batch=max_batch, max_wait=0.001, queue=1000, watch=seen.append)
        questions = []
        for number, (count, pause) in enumerate(zip(rows, pauses, strict=False)):
            questions.append(batcher.put(100 + number, count))
            if number in cancelled:
                questions[-1].cancel()
            if pause:
                await asyncio.sleep(pause)
        answers = await asyncio.gather(*questions, return_exceptions=True)
        await batcher.close()
        assert batcher.waiting == 0
        return answers

    answers = run(scene)
    for number, answer in enumerate(answers):
        assert answer == (100 + number) ** 2 or (number in cancelled and isinstance(answer, asyncio.CancelledError))
    flat = [item for batch in work.batches for item in batch]
    assert flat == sorted(flat)
    assert all(sum(rows[item - 100] for item in batch) <= max_batch for batch in work.batches)
    assert seen == [sum(rows[item - 100] for item in batch) for batch in work.batches]


def test_a_lone_question_goes_at_once_and_a_crowd_together() -> None:
    work = Squares(held=True)

    async def scene() -> None:
        batcher = Batcher(work, max_batch=8)
        first = batcher.put(1)
        await until(work.began.is_set)
        others = [batcher.put(number) for number in range(2, 14 - 1)]
        work.go.set()
        await asyncio.gather(first, *others)
        await batcher.close()

    run(scene)
    assert work.batches == [[1], [2, 3, 4, 5, 6, 7, 8, 9], [10, 11, 12]]


def test_a_full_batch_is_begun_without_waiting_for_the_loop() -> None:
    work = Squares(held=True)

    async def scene() -> None:
        batcher = Batcher(work, max_batch=2)
        questions = [batcher.put(1)]
        await until(work.began.is_set)
        questions += [batcher.put(number) for number in (2, 3, 4)]
        assert batcher.waiting == 3  # what lies ready waits still
        work.go.set()
        end = time.monotonic() + 10
        while len(work.batches) < 2 and time.monotonic() < end:
            time.sleep(0.001)  # the loop stands still
        assert work.batches == [[1], [2, 3]]
        assert await asyncio.gather(*questions) == [1, 4, 9, 16]
        await batcher.close()

    run(scene)


def test_after_a_crowd_the_oldest_waits_for_others_no_longer_than_it_may() -> None:
    work = Squares(held=True)

    async def scene() -> float:
        batcher = Batcher(work, max_batch=8, max_wait=0.05)
        crowd = [batcher.put(number) for number in range(5)]
        work.go.set()
        await asyncio.gather(*crowd)
        began = time.monotonic()
        assert await batcher.ask(7) == 49  # nobody else comes
        waited = time.monotonic() - began
        await batcher.ask(8)  # alone last time, so at once
        await batcher.close()
        return waited

    assert run(scene) >= 0.04
    assert work.batches[-2:] == [[7], [8]]


def test_the_queue_is_bounded() -> None:
    work = Squares(held=True)

    async def scene() -> None:
        batcher = Batcher(work, max_batch=2, queue=4)
        running = batcher.put(1)
        await until(work.began.is_set)
        waiting = [batcher.put(2, 2), batcher.put(3, 2)]
        with pytest.raises(Refusal, match="the queue is full") as refused:
            batcher.put(4)
        assert refused.value.status == 503
        assert refused.value.headers["Retry-After"] == "1"
        with pytest.raises(Refusal, match="the queue is full"):
            batcher.check_room(1)
        waiting[0].cancel()  # a client hangs up: there is room again
        await asyncio.sleep(0)
        batcher.check_room(2)
        work.go.set()
        assert await batcher.ask(5, 2) == 25
        assert await waiting[1] == 9
        assert await running == 1
        await batcher.close()

    run(scene)
    assert [2] not in work.batches  # nobody waits for that any more


def test_a_question_too_late() -> None:
    work = Squares(held=True)

    async def scene() -> None:
        batcher = Batcher(work, max_batch=1)
        running = batcher.put(1, timeout=0.02)  # in work when its time is over
        await until(work.began.is_set)
        with pytest.raises(Refusal, match="no answer in time") as late:
            await batcher.ask(2, timeout=0.02)  # still waiting
        assert late.value.status == 504
        with pytest.raises(Refusal, match="no answer in time"):
            await running
        work.go.set()
        assert await batcher.ask(3, timeout=10) == 9
        await batcher.close()

    run(scene)
    assert work.batches == [[1], [3]]


def test_an_error_reaches_the_one_who_asked() -> None:
    async def scene() -> None:
        work = Squares(held=True)
        batcher = Batcher(work, max_batch=8)
        questions = [batcher.put(number) for number in (12, 13, 14)]
        work.go.set()
        answers = await asyncio.gather(*questions, return_exceptions=True)
        assert answers[0] == 144
        assert str(answers[1]) == "13 is odd luck"
        assert answers[2] == 196
        await batcher.close()

    run(scene)


@pytest.mark.parametrize(
    ("work", "message"),
    [(lambda items: [0], "the worker gave 1 answers to 2 questions"), (lambda items: 1 / 0, "division by zero")],
)
def test_a_worker_that_fails_fails_its_batch_alone(work: Callable[[Any], Any], message: str) -> None:
    async def scene() -> None:
        batcher = Batcher(lambda items: work(items) if len(items) == 2 else [0], max_batch=8)
        batcher.put(0)  # occupies the worker, so that the next two go together
        pair = await asyncio.gather(batcher.put(1), batcher.put(2), return_exceptions=True)
        assert [str(error) for error in pair] == [message] * 2
        assert await batcher.ask(3) == 0
        await batcher.close()

    run(scene)


def test_closing_finishes_what_was_taken() -> None:
    work = Squares(held=True)

    async def scene() -> None:
        batcher = Batcher(work, max_batch=2, max_wait=60)
        questions = [batcher.put(number) for number in range(7)]
        closing = asyncio.ensure_future(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(Refusal, match="the server is stopping"):
            batcher.put(9)
        assert not closing.done()
        work.go.set()
        assert await asyncio.gather(*questions) == [number**2 for number in range(7)]
        await closing

    run(scene)


def test_more_rows_than_a_batch_holds() -> None:
    async def scene() -> None:
        batcher = Batcher(Squares(), max_batch=4)
        with pytest.raises(ValueError, match="expected at most 4 rows, got 5"):
            batcher.put(1, 5)
        await batcher.close()
        usual = Batcher(Squares())
        assert await usual.ask(3, 64) == 9
        with pytest.raises(ValueError, match="expected at most 64 rows, got 65"):
            usual.put(1, 65)
        await usual.close()

    run(scene)


def test_light_questions_are_worked_on_in_the_loop_once_the_model_is_known_to_be_quick() -> None:
    threads: list[str] = []
    slow = threading.Event()

    def work(items: list[int]) -> list[int]:
        threads.append(threading.current_thread().name)
        if slow.is_set():
            time.sleep(2 * QUICK)
        return [item**2 for item in items]

    async def scene() -> None:
        batcher = Batcher(work, max_batch=8)

        async def ask(item: int, light: bool) -> str:
            assert await batcher.submit(item, light=light).answer == item**2
            return threads[-1]

        here = threading.current_thread().name
        assert await ask(1, light=True) != here  # nothing is known yet
        for number in range(40):  # a busy machine may slow down any of them
            if await ask(number, light=True) == here:
                break
        assert threads[-1] == here
        assert await ask(2, light=False) != here
        slow.set()
        await ask(3, light=True)
        assert await ask(4, light=True) != here  # it was slow a moment ago
        await batcher.close()

    run(scene)
