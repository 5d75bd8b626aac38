"""How long questions wait for others, to the moment: in a loop whose clock jumps from one timer to the next."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.serve import batcher as module

WAIT, FULL = 1.0, 8


class Jumping(asyncio.SelectorEventLoop):
    """Time passes only while nothing is left to do."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None = None) -> Any:
            events = select(0)
            self.now += 0.0 if events else timeout or 0.0
            return events

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


def gone(arrivals: Sequence[float], before: int) -> list[float]:
    """When each question is answered, in no time; `before` rows were waiting when the last batch went."""

    async def scene() -> list[float]:
        loop = asyncio.get_running_loop()
        batcher = module.Batcher[int, int](lambda items: items, max_batch=FULL, max_wait=WAIT)
        batcher._row_seconds, batcher._last_waiting = 0.0, before
        times: dict[int, float] = {}
        questions = []
        for number, moment in enumerate(arrivals):
            await asyncio.sleep(moment - loop.time())
            question = batcher.submit(number, light=True)
            question.answer.add_done_callback(lambda done: times.setdefault(done.result(), loop.time()))
            questions.append(question.answer)
        await asyncio.gather(*questions)
        await batcher.close()
        return [times[number] for number in range(len(arrivals))]

    with asyncio.Runner(loop_factory=Jumping) as runner:
        return runner.run(scene())


@pytest.fixture(autouse=True, scope="module")
def _in_the_loop() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "QUICK", math.inf)
        yield


def expected(arrivals: Sequence[float], before: int) -> list[float]:
    """A batch goes when as many rows wait as did last time, or when its oldest has waited so long."""
    times: list[float] = []
    while len(times) < len(arrivals):
        first = len(times)
        crowd = arrivals[first + before - 1] if first + before <= len(arrivals) else math.inf
        go = min(crowd, arrivals[first] + WAIT)
        before = sum(arrivals[first] <= moment <= go for moment in arrivals[first:])
        times += [go] * before
    return times


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([0.11, 0.29, 0.53, 1.7]), min_size=1, max_size=12), st.integers(1, 6))
def test_the_oldest_waits_as_long_as_it_may_and_a_crowd_no_longer_than_it_gathers(
    gaps: list[float], before: int
) -> None:
    arrivals = [sum(gaps[: end + 1]) for end in range(len(gaps))]
    assert gone(arrivals, before) == pytest.approx(expected(arrivals, before))


@pytest.mark.parametrize(
    ("arrivals", "before", "times"),
    [
        ([0.0], 1, [0.0]),  # alone last time
        ([0.0], 3, [1.0]),
        ([0.0, 0.6], 3, [1.0, 1.0]),  # a newcomer does not prolong it
        ([0.0, 0.6, 0.7], 3, [0.7, 0.7, 0.7]),
        ([0.0, 0.1, 3.0], 3, [1.0, 1.0, 4.0]),  # then two were waiting
    ],
)
def test_examples(arrivals: list[float], before: int, times: list[float]) -> None:
    assert gone(arrivals, before) == pytest.approx(times)


def test_a_full_batch_waits_for_nobody() -> None:
    assert gone([0.1 * number for number in range(FULL)], 100)[0] == pytest.approx(0.1 * (FULL - 1))
