"""Properties of the device that benchmarks need: its name, when its work is finished, its memory."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from weftnet.train.progress import Quiet

#: Steps that set things up: compiling, and recording graphs.
FIRST = 5


def done(device: str) -> None:
    """Wait until a GPU has done all that was asked of it; a processor has."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def words(device: str) -> str:
    """The device, for a report."""
    if not device.startswith("cuda"):
        return f"On the CPU, {torch.get_num_threads()} thread(s)."
    facts = torch.cuda.get_device_properties(device)
    return (
        f"On one {facts.name}, {facts.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}, "
        f"cuDNN {torch.backends.cudnn.version()}."
    )


def forget_peak(device: str) -> None:
    """Begin to look for the most memory anew."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()


def peak_mib(device: str) -> float:
    """The most that tensors took on a GPU since `forget_peak`, in MiB; of a processor nothing is known: 0."""
    return torch.cuda.max_memory_allocated() / 2**20 if device.startswith("cuda") else 0.0


def seconds(run: Callable[[], object], device: str, warm: int = 3, blocks: int = 5, each: int = 10) -> float:
    """Seconds of a call: the median over blocks of calls, with a wait for the device before and after each block."""
    for _ in range(warm):
        run()
    times = []
    for _ in range(blocks):
        done(device)
        began = time.perf_counter()
        for _ in range(each):
            run()
        done(device)
        times.append((time.perf_counter() - began) / each)
    return median(times)


class Watch(Quiet):
    """When weftnet's steps began, when the first were done, and when the last; it has waited for the GPU each time."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, float]] = []

    def start(self, step: int, steps: int) -> None:
        self.steps = steps
        self.seen.append((step, time.perf_counter()))

    def update(self, step: int, losses: Any, rate: float) -> None:
        self.seen.append((step, time.perf_counter()))

    @property
    def seconds(self) -> tuple[float, float]:
        """Of all steps, as if the first were like the others; and what the first took beyond that."""
        began, last = self.seen[0][1], next(pair for pair in self.seen if pair[0] == self.steps)
        between = [pair for pair in self.seen if 0 < pair[0] < self.steps]
        if not between:  # all was over before anybody looked
            return last[1] - began, 0.0
        warm = next((pair for pair in between if pair[0] >= FIRST), between[-1])
        steady = (last[1] - warm[1]) / (last[0] - warm[0]) * self.steps
        return steady, last[1] - began - steady
