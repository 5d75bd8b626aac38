"""How long a training step takes, measured: real steps of the real networks, with random weights on random inputs.

    step    forward, backward from a gradient of ones, the optimiser's update; plain eager PyTorch in float32 with freed
            memory kept (`base/heap.py`). The loss and the reading of data are left out.
    time    the lowest decile of at least five steps after one that warms up: others on the machine only ever lengthen
            a step. With one thread it is processor time, which does not count waiting for a busy processor.

A small batch is timed first: it is cheap, and bounds what a larger one will take. Where the budget allows, the batch
asked for is timed then: its time is *measured*. Otherwise the largest batch that budget and memory allow is timed, and
the time of a pass is *estimated* on the line through both sizes:

    t(n) = t₂ + (t₂ − t₁) / (n₂ − n₁) · (n − n₂)

With one size alone, forward and backward grow in proportion to the batch and the update stays what it is.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.base.heap import kept_memory
from weftnet.compose.flow import TORCH, Resolved
from weftnet.compose.network import Network
from weftnet.cost.cost import Tune
from weftnet.optim import OPTIMISERS

#: seconds that measuring may take
BUDGET = 5.0
#: the batch that is timed first: batch norms need two examples
FIRST = 2
#: steps of a measurement, at least and at most; of a size that is only a point of the line, at least
STEPS, MANY, FEW = 5, 200, 3
#: seconds for which short steps are repeated
PATIENCE = 1.0
PASSES = ("forward", "backward", "update")


@dataclass(frozen=True)
class StepTime:
    """Seconds of a training step's passes; the loss and the reading of data are left out.

    Args:
        forward: of all networks.
        backward: of all networks.
        update: of the optimisers.
        measured: whether steps of this very batch size were timed.
        basis: what the figures come from.
    """

    forward: float
    backward: float
    update: float
    measured: bool = False
    basis: str = ""

    @property
    def total(self) -> float:
        """Of all three."""
        return self.forward + self.backward + self.update

    @property
    def source(self) -> str:
        """`measured` or `estimated`."""
        return "measured" if self.measured else "estimated"


#: runs a step with so many examples
Run = Callable[[int], StepTime]


class Steps:
    """Training steps of networks that are trained together; called with a batch size, it runs one.

    Args:
        networks: resolved; they are built with random weights.
        optimiser: of each.
        tunes: what is frozen or adapted in each.
    """

    def __init__(
        self, networks: Iterable[Resolved], optimiser: str = "adamw", tunes: Sequence[Tune] | None = None
    ) -> None:
        self.networks = [Network(resolved) for resolved in networks]
        self._tunes = [None] * len(self.networks) if tunes is None else tunes
        for network, tune in zip(self.networks, self._tunes, strict=True):
            if tune is not None:
                tune(network)
        make = OPTIMISERS.get(optimiser)
        self.optimisers = [
            make(network.named_parameters()) if any(p.requires_grad for p in network.parameters()) else None
            for network in self.networks
        ]
        self._batch, self._inputs = 0, list[tuple[dict[str, Tensor], dict[str, Tensor]]]()
        self._clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter

    def __call__(self, batch: int) -> StepTime:
        """Run a step; the seconds of its passes."""
        if batch != self._batch:
            self._batch, self._inputs = batch, [random_batch(network.inputs, batch) for network in self.networks]
        forward = backward = update = 0.0
        together = zip(self.networks, self.optimisers, self._inputs, self._tunes, strict=True)
        for network, optimiser, (inputs, masks), tune in together:
            network.train(batch > 1)  # a batch norm refuses to train on one example
            if tune is not None:
                tune(network)
            start = self._clock()
            y = network(inputs, masks or None)
            outputs = [each for each in (y.values() if isinstance(y, Mapping) else [y]) if each.requires_grad]
            del y
            forwarded = self._clock()
            if outputs:
                torch.autograd.backward(outputs, [torch.ones_like(each) for each in outputs])
                del outputs
            propagated = self._clock()
            if optimiser is not None:
                optimiser.step()
                optimiser.zero_grad()
            updated = self._clock()
            forward += forwarded - start
            backward += propagated - forwarded
            update += updated - propagated
        return StepTime(forward, backward, update)


def random_batch(signals: Mapping[str, Signal], batch: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Random inputs of those shapes, and masks of sequences that are at least half as long as the longest."""
    inputs, masks = {}, {}
    for name, signal in signals.items():
        shape = signal.shape(batch)
        if signal.dtype == "float":
            inputs[name] = torch.randn(shape)
        else:
            values = torch.randint(signal.known.get("vocabulary", 2), shape)
            inputs[name] = values.to(TORCH[signal.dtype])
        if signal.padded:
            longest = signal.size("time")
            lengths = torch.randint(-(-longest // 2), longest + 1, (batch, 1))
            masks[name] = torch.arange(longest) < lengths
    return inputs, masks


@contextmanager
def undisturbed() -> Iterator[None]:
    """What holds while steps are timed: freed memory is kept, and the process's random numbers stay as they are."""
    with torch.random.fork_rng(devices=[]), kept_memory():
        yield


def typical(samples: Sequence[StepTime]) -> StepTime:
    """The step at the lowest decile of the totals."""
    return sorted(samples, key=lambda sample: sample.total)[len(samples) // 10]


@dataclass(frozen=True)
class _Point:
    """A batch size that was timed.

    Args:
        size: examples in the batch.
        step: a typical step.
        seconds: of a step by the clock on the wall, which the budget is counted by.
    """

    size: int
    step: StepTime
    seconds: float


class _Stopwatch:
    """Times steps within a budget; the arguments are those of `step_time`."""

    def __init__(self, run: Run, budget: float, progress: Callable[[float], None], now: Callable[[], float]) -> None:
        self._run, self._budget, self._progress, self._now = run, budget, progress, now
        self._began = now()

    def left(self) -> float:
        """Seconds of the budget that are left."""
        return max(self._budget - (self._now() - self._began), 0.0)

    def affordable(self, steps: int, point: _Point) -> int:
        """Examples in a batch of which so many steps, and one that warms up, are within the budget.

        At least so many: the time of a step that does not depend on its batch is counted for every example.
        """
        return int(self.left() / ((steps + 1) * max(point.seconds, 1e-9) / point.size))

    def timed(self, size: int, least: int, patience: float) -> _Point:
        """Time steps: so many at least, then until the patience ends; one only once the budget is used up."""
        self._run(size)
        samples: list[StepTime] = []
        start = self._now()
        while len(samples) < least or (self._now() - start < patience and len(samples) < MANY):
            self._progress(1 - self.left() / self._budget)
            if samples and not self.left():
                break
            samples.append(self._run(size))
        return _Point(size, typical(samples), (self._now() - start) / len(samples))

    def measured(self, batch: int) -> StepTime:
        """Steps of the very batch that was asked for."""
        return replace(self.timed(batch, STEPS, PATIENCE).step, measured=True, basis=_steps_of(batch))


def step_time(
    run: Run,
    batch: int,
    *,
    fits: Callable[[int], bool] = lambda _: True,
    budget: float = BUDGET,
    progress: Callable[[float], None] = lambda _: None,
    now: Callable[[], float] = time.perf_counter,
) -> StepTime:
    """How long a step takes, within a budget.

    Args:
        run: runs a step.
        batch: examples in a batch.
        fits: whether the memory suffices for a batch of that size; it must for the first one.
        budget: seconds, by the clock on the wall; no more than one step longer.
        progress: is called after every step with the share of the budget that is used.
        now: that clock.
    """
    watch = _Stopwatch(run, budget, progress, now)
    if batch <= FIRST:
        return watch.measured(batch)
    small = watch.timed(FIRST, FEW, PATIENCE / 10)
    if watch.affordable(STEPS, small) >= batch and fits(batch):
        return watch.measured(batch)
    least = FEW if watch.affordable(FEW, small) >= 2 * FIRST else 1
    second = _second_size(batch, watch.affordable(least, small), fits)
    if second < 2 * FIRST:
        return _in_proportion(small, batch)
    large = watch.timed(second, least, PATIENCE / 3)
    expected = _on_line((small.size, small.seconds), (large.size, large.seconds), batch)
    if (STEPS + 1) * expected <= watch.left() and fits(batch):
        return watch.measured(batch)  # most of the small batch's time had nothing to do with its size
    return _extrapolated(small, large, batch)


def _second_size(batch: int, affordable: int, fits: Callable[[int], bool]) -> int:
    """The second batch to time: up to half of the one asked for, as budget and memory allow."""
    size = min(affordable, max(batch // 2, 2 * FIRST), batch)
    while size > FIRST and not fits(size):
        size //= 2
    return size


def _in_proportion(point: _Point, batch: int) -> StepTime:
    step, share = point.step, batch / point.size
    return StepTime(step.forward * share, step.backward * share, step.update, basis=_steps_of(point.size))


def _extrapolated(small: _Point, large: _Point, batch: int) -> StepTime:
    forward, backward, update = (
        _on_line((small.size, getattr(small.step, name)), (large.size, getattr(large.step, name)), batch)
        for name in PASSES
    )
    return StepTime(forward, backward, update, basis=_steps_of(small.size, large.size))


def _on_line(small: tuple[int, float], large: tuple[int, float], batch: int) -> float:
    slope = max((large[1] - small[1]) / (large[0] - small[0]), 0.0)
    return large[1] + slope * (batch - large[0])


def _steps_of(*sizes: int) -> str:
    counts = " and ".join(map(str, sizes))
    return f"steps of {counts} example{'s' * (sizes != (1,))}"
