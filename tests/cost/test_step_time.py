"""Steps that are timed: what is run and when, by injected clocks; and real steps beside a loop written by hand."""

import statistics
import time

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import resolve
from weftnet.cost.step_time import FIRST, STEPS, Steps, StepTime, random_batch, step_time, undisturbed


class Fake:
    """Steps whose passes take linear times on a clock that only they move.

    Args:
        fixed: seconds of each pass, whatever the batch.
        each: seconds of each pass, per example.
        speed: of the clock on the wall: on a busy machine it goes faster than the processor's.
    """

    def __init__(self, fixed: tuple[float, ...], each: tuple[float, ...], speed: float = 1.0) -> None:
        self.fixed, self.each, self.speed = fixed, each, speed
        self.time, self.sizes = 100.0, list[int]()

    def __call__(self, batch: int) -> StepTime:
        self.sizes.append(batch)
        step = StepTime(*(fixed + each * batch for fixed, each in zip(self.fixed, self.each, strict=True)))
        self.time += self.speed * step.total
        return step

    def now(self) -> float:
        return self.time


def test_a_batch_that_the_budget_allows_is_measured() -> None:
    fake = Fake((0.001, 0.002, 0.003), (1e-4, 2e-4, 0.0))
    step = step_time(fake, 64, budget=5.0, now=fake.now)
    assert (step.forward, step.backward, step.update) == pytest.approx((0.0074, 0.0148, 0.003))
    assert step.measured
    assert step.source == "measured"
    assert step.basis == "steps of 64 examples"
    assert set(fake.sizes) == {FIRST, 64}
    assert fake.sizes.count(64) > STEPS  # one that warms up besides


def test_a_batch_beyond_the_budget_is_estimated_on_a_line() -> None:
    """Exact where the passes are linear."""
    fake = Fake((0.01, 0.02, 0.03), (0.01, 0.02, 0.0))
    step = step_time(fake, 1000, budget=5.0, now=fake.now)
    assert (step.forward, step.backward, step.update) == pytest.approx((10.01, 20.02, 0.03))
    assert step.source == "estimated"
    first, second = sorted(set(fake.sizes))
    assert first == FIRST
    assert 2 * FIRST <= second < 1000
    assert step.basis == f"steps of {first} and {second} examples"
    assert fake.time - 100 < 5.0 + max(fake.sizes) * 0.03 + 0.06  # the budget, and a step


def test_a_step_that_takes_most_of_the_budget_is_scaled() -> None:
    fake = Fake((0.0, 0.0, 0.5), (0.2, 0.3, 0.0))
    step = step_time(fake, 10, budget=5.0, now=fake.now)
    assert set(fake.sizes) == {FIRST}
    assert (step.forward, step.backward, step.update) == pytest.approx((2.0, 3.0, 0.5))
    assert not step.measured
    assert step.basis == "steps of 2 examples"


def test_memory_bounds_the_batch_that_is_timed() -> None:
    fake = Fake((0.0, 0.0, 0.0), (1e-5, 1e-5, 0.0))
    step = step_time(fake, 4096, fits=lambda size: size <= 300, budget=5.0, now=fake.now)
    assert max(fake.sizes) == 256
    assert not step.measured
    assert step.total == pytest.approx(4096 * 2e-5)


def test_the_budget_is_time_on_the_wall() -> None:
    """On a machine that gives this process a tenth of a processor, a tenth of the steps."""
    fake = Fake((0.0, 0.0, 0.0), (1e-3, 1e-3, 0.0), speed=10.0)
    step = step_time(fake, 64, budget=5.0, now=fake.now)
    assert fake.time - 100 < 5.0 + 10 * 64 * 2e-3
    assert step.total == pytest.approx(64 * 2e-3)  # of the processor


def test_small_batches_are_measured_as_they_are() -> None:
    for batch in (1, 2):
        fake = Fake((0.001, 0.001, 0.001), (0.0, 0.0, 0.0))
        step = step_time(fake, batch, now=fake.now)
        assert set(fake.sizes) == {batch}
        assert step.measured
    assert step_time(fake, 1, now=fake.now).basis == "steps of 1 example"


def test_disturbed_steps_don_t_count() -> None:
    fake, busy = Fake((0.01, 0.0, 0.0), (0.0, 0.0, 0.0)), iter([1.0, 9.0, 1.0, 7.0, 1.0] * 100)

    def run(batch: int) -> StepTime:
        fake.time += 0.01
        return StepTime(0.01 * next(busy), 0.0, 0.0)

    assert step_time(run, 2, now=fake.now).forward == pytest.approx(0.01)


def test_progress_is_the_share_of_the_budget() -> None:
    fake, shares = Fake((0.1, 0.1, 0.1), (0.0, 0.0, 0.0)), list[float]()
    step_time(fake, 64, budget=5.0, now=fake.now, progress=shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1


def tree(nodes: object, *texts: str):
    signals = {f"x{number}" if number else "x": parse(text) for number, text in enumerate(texts)}
    return resolve(from_dict(nodes).parts["network"], signals)


TWO_INPUTS = {
    "graph": {
        "inputs": ["x", "x1"],
        "nodes": {
            "eye": {"from": "x", "chain": ["flatten", {"dense": {"dim": 4}}]},
            "words": {"from": "x1", "chain": [{"embedding": {"dim": 4}}, {"gru": {"dim": 4}}, "last_step"]},
            "both": {"from": ["eye", "words"], "merge": "concat"},
            "out": {"from": "both", "dense": {"dim": 2}},
        },
        "outputs": ["out", "eye"],
    }
}


@pytest.mark.parametrize(
    "networks",
    [
        [tree([{"dense": {"dim": 3}}, "batch_norm"], "vector:5")],
        [tree(TWO_INPUTS, "image:1x4x4", "tokens:6,vocabulary=9,padded")],
        [tree([{"dense": {"dim": 16}}], "vector:6"), tree(["flatten", {"dense": {"dim": 1}}], "image:1x4x4")],
        [tree(["relu"], "series:5x3,padded")],
    ],
    ids=["batch norm", "two inputs and outputs", "two parts", "nothing to train"],
)
@pytest.mark.parametrize("batch", [1, 8])
def test_networks_of_every_kind_take_a_step(networks: list, batch: int) -> None:
    steps = Steps(networks)
    before = [p.clone() for network in steps.networks for p in network.parameters()]
    step = steps(batch)
    assert step.forward > 0
    assert (step.backward > 0) == (step.update > 0) or not before
    after = [p for network in steps.networks for p in network.parameters()]
    assert all(not torch.equal(old, new) for old, new in zip(before, after, strict=True) if old.ndim > 1)


def test_random_inputs_are_of_their_signals() -> None:
    inputs, masks = random_batch({"a": parse("tokens:7,vocabulary=3,padded"), "b": parse("image:2x3x4")}, 50)
    assert inputs["a"].dtype == torch.int64
    assert set(inputs["a"].unique().tolist()) == {0, 1, 2}
    assert inputs["b"].shape == (50, 2, 3, 4)
    assert 0.8 < inputs["b"].std() < 1.2
    lengths = masks["a"].sum(1)
    assert (lengths >= 4).all()
    assert lengths.max() == 7
    assert (masks["a"].long().diff(dim=1) <= 0).all()  # the real steps come first


def test_the_random_numbers_of_the_process_stay_as_they_are() -> None:
    torch.manual_seed(3)
    wanted = torch.randn(4)
    torch.manual_seed(3)
    with undisturbed():
        Steps([tree([{"dense": {"dim": 3}}, "dropout"], "vector:5")])(4)
    assert torch.equal(torch.randn(4), wanted)


def test_a_step_takes_as_long_as_one_written_by_hand() -> None:
    """By turns, medians of processor time: what disturbs one disturbs the other; within a factor of 1.6."""
    steps = Steps([tree([{"conv2d": {"channels": 32}}, "relu", "max_pool2d", "flatten", {"dense": {"dim": 10}}],
                        "image:3x24x24")])  # fmt: skip
    first, last = nn.Conv2d(3, 32, 3, padding=1), nn.Linear(32 * 12 * 12, 10)
    optimiser = torch.optim.AdamW([*first.parameters(), *last.parameters()], fused=True)
    x = torch.randn(64, 3, 24, 24)

    def by_hand() -> float:
        began = time.thread_time()
        y = last(F.max_pool2d(F.relu(first(x)), 2).flatten(1))
        y.backward(torch.ones_like(y))
        optimiser.step()
        optimiser.zero_grad()
        return time.thread_time() - began

    with undisturbed():
        pairs = [(steps(64).total, by_hand()) for _ in range(12)][2:]
    ratio = statistics.median(own for own, _ in pairs) / statistics.median(other for _, other in pairs)
    assert 1 / 1.6 < ratio < 1.6


def test_what_a_step_takes_whatever_its_batch_does_not_keep_a_batch_from_being_measured() -> None:
    """By two examples alone 64 would take 6.4 s a step; by two sizes it is known that they take little more."""
    fake = Fake((0.2, 0.0, 0.0), (1e-5, 0.0, 0.0))
    step = step_time(fake, 64, budget=5.0, now=fake.now)
    assert step.measured
    assert step.forward == pytest.approx(0.20064)
    assert fake.time - 100 < 5.5


def test_a_single_step_of_a_second_size_is_better_than_none() -> None:
    """A loop over time steps takes as long whatever its batch; in proportion 64 would take 32 times as long as 2."""
    fake = Fake((0.5, 0.0, 0.0), (0.0, 0.0, 0.0))
    step = step_time(fake, 64, budget=5.0, now=fake.now)
    assert step.forward == pytest.approx(0.5)
    assert fake.time - 100 < 5.5
