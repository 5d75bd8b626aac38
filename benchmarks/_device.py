"""Properties of the device that benchmarks need: its name, when its work is finished, its memory."""

import time
from collections.abc import Callable
from statistics import median

import torch

from weftnet.train.listeners._listener import Began, Listener, Step

#: Steps that set things up: compiling, and recording graphs.
FIRST = 5


def done(device: str) -> None:
    """Wait until a GPU has finished its queue; nothing to do on a CPU."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def words(device: str) -> str:
    """The device in words, for a report."""
    if not device.startswith("cuda"):
        return f"On the CPU, {torch.get_num_threads()} thread(s)."
    facts = torch.cuda.get_device_properties(device)
    return (
        f"On one {facts.name}, {facts.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}, "
        f"cuDNN {torch.backends.cudnn.version()}."
    )


def forget_peak(device: str) -> None:
    """Reset the peak-memory statistics."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()


def peak_mib(device: str) -> float:
    """Peak MiB of tensors on a GPU since `forget_peak`; 0 on a CPU, where it is not known."""
    return torch.cuda.max_memory_allocated() / 2**20 if device.startswith("cuda") else 0.0


def seconds(run: Callable[[], object], device: str, warm: int = 3, blocks: int = 5, each: int = 10) -> float:
    """Seconds per call: the median over blocks of calls, with the device synchronised before and after each block."""
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


class Watch(Listener):
    """When weftnet's steps began, when the first ones and the last one ended, with the GPU synchronised each time."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, float]] = []

    def start(self, start: Began) -> None:
        self.steps = start.steps
        self.seen.append((start.step, time.perf_counter()))

    def after_step(self, step: Step) -> None:
        self.seen.append((step.step, time.perf_counter()))

    @property
    def seconds(self) -> tuple[float, float]:
        """Seconds of all steps, the first ones counted at the others' speed; and the first ones' extra time."""
        began, last = self.seen[0][1], next(pair for pair in self.seen if pair[0] == self.steps)
        between = [pair for pair in self.seen if 0 < pair[0] < self.steps]
        if not between:  # the run ended before the first measurement
            return last[1] - began, 0.0
        warm = next((pair for pair in between if pair[0] >= FIRST), between[-1])
        steady = (last[1] - warm[1]) / (last[0] - warm[0]) * self.steps
        return steady, last[1] - began - steady
