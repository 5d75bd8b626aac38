"""Bytes, latency and score of runs, side by side.

    bytes     of the model file: weights.safetensors, or model.onnx
    latency   seconds of a call with one encoded example on one thread: the best call within a few milliseconds, the
              median over rounds
    rate      examples per second in batches of 64
    speed-up  the baseline's time / a run's time, round by round; median, and the quartiles as its spread

All contenders are timed in turn within a round, in one process. Other load on the machine slows a whole round, and so
leaves its ratios unchanged.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch

from weftnet.data import Data
from weftnet.data.batch import Batch
from weftnet.execution.session import MASK, Session
from weftnet.run.loading import Loaded

#: how long a contender is timed in a round of single examples, in seconds, and the minimum number of calls
_SLICE, _CALLS = 0.004, 3
_BATCH = 64
Call: TypeAlias = Callable[[Batch], object]


@dataclass(frozen=True)
class Timing:
    """How long a run takes.

    Args:
        latency: seconds per example, the median over rounds.
        low: the first quartile.
        high: the third.
        rate: examples per second in batches.
        speedup: the baseline's latency divided by this one's, the median over rounds.
        speedup_low: the first quartile.
        speedup_high: the third.
        batch_speedup: the same for a batch.
        rounds: the number of rounds.
    """

    latency: float
    low: float
    high: float
    rate: float
    speedup: float
    speedup_low: float
    speedup_high: float
    batch_speedup: float
    rounds: int


def size_of(loaded: Loaded) -> int:
    """Bytes of the file that answers."""
    if loaded.run.facts.delta is not None:  # its file is not all that answers
        return sum(tensor.nbytes for tensor in loaded.model.state_dict().values())
    return (loaded.run.folder / loaded.run.weights_file).stat().st_size


def timings(contenders: Mapping[str, Loaded], baseline: str, data: Data, rounds: int = 30) -> dict[str, Timing]:
    """Time runs in turn, on one thread.

    Args:
        contenders: the runs by name; those with the engine onnx run on one thread too.
        baseline: the name of the run that speed-ups are relative to.
        data: whose validation split provides the examples.
        rounds: how often each is timed.
    """
    many = next(iter(data.batches("validation", _BATCH)))
    one, calls = many.slice(0, 1), {name: _on_one_thread(loaded) for name, loaded in contenders.items()}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        single = _rounds(calls, one, rounds, _SLICE)
        batch = _rounds(calls, many, max(rounds // 3, 3), 0.0)
    finally:
        torch.set_num_threads(threads)
    return {name: _timing(name, baseline, single, batch, many.size) for name in contenders}


def _on_one_thread(loaded: Loaded) -> Call:
    """A run as a call; ONNX Runtime, which else takes every core, on one thread like torch."""
    engine = loaded.run.facts.engine
    if engine is None:
        return loaded.outputs
    session = Session(loaded.run.folder / engine.file, threads=1)

    def call(batch: Batch) -> object:
        values = {name: value.numpy() for name, value in batch.inputs.items()}
        values |= {name + MASK: mask.numpy() for name, mask in batch.masks.items()}
        return [torch.from_numpy(value) for value in session.run(values).values()]

    return call


def _rounds(contenders: Mapping[str, Call], batch: Batch, rounds: int, seconds: float) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for call in contenders.values():  # warm up
        _seconds(call, batch, 0.0)
    for _ in range(rounds):
        for name, call in contenders.items():
            times[name].append(_seconds(call, batch, seconds))
    return times


def _seconds(call: Call, batch: Batch, at_least: float) -> float:
    """Seconds of a call: the minimum over several, as interruptions only add to it."""
    best, began = float("inf"), time.perf_counter()
    calls = 0
    while calls < _CALLS or time.perf_counter() - began < at_least:
        start = time.perf_counter()
        call(batch)
        best = min(best, time.perf_counter() - start)
        calls += 1
    return best


def _timing(
    name: str, baseline: str, single: Mapping[str, list[float]], batch: Mapping[str, list[float]], size: int
) -> Timing:
    low, middle, high = statistics.quantiles(single[name], n=4)
    ratios = [b / t for b, t in zip(single[baseline], single[name], strict=True)]
    ratio_low, ratio, ratio_high = statistics.quantiles(ratios, n=4)
    batch_ratio = statistics.median(b / t for b, t in zip(batch[baseline], batch[name], strict=True))
    rate = size / statistics.median(batch[name])
    return Timing(middle, low, high, rate, ratio, ratio_low, ratio_high, batch_ratio, len(ratios))
