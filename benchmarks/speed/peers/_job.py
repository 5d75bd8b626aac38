"""What all peers share apart from their way to train: the job, the clock, the line they print."""

# ruff: noqa: E402  (the clock starts before the imports)

import time

BEGAN = time.perf_counter()  # before anything else is imported

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Steps in a block, of which the mean is taken; the median of the blocks counts.
BLOCK = 5
#: Share of the steps that warm up.
WARM_UP = 0.2
LIBRARIES = ("torch", "lightning", "accelerate", "transformers", "keras", "jax", "tensorflow-cpu")


class Job:
    """A job file and what lies beside it."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        for name, value in json.loads(path.read_text(encoding="utf-8")).items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:  # for what the file lacks
        raise AttributeError(f"{self.folder}: the job has no {name}")

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """x, y, held_x, held_y: in the order in which they are trained on."""
        with np.load(self.folder / "data.npz", allow_pickle=False) as held:
            return dict(held)


class Clock:
    """Takes the time at every step: seconds, and seconds of processors, which a busy machine changes less.

    `spent` holds seconds of the start that are the benchmark's own: reading the job, building the network.
    """

    def __init__(self) -> None:
        self.ticks: list[float] = []
        self.worked: list[float] = []
        self.spent = 0.0

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done here does not count."""
        began = time.perf_counter()
        yield
        self.spent += time.perf_counter() - began

    def begin(self) -> None:
        """Training is asked for: all is imported and made."""
        self.begun = time.perf_counter()

    def tick(self) -> None:
        """A step is done."""
        self.ticks.append(time.perf_counter())
        if len(self.ticks) % BLOCK == 0:  # asking for it takes longer than a small step on some machines
            self.worked.append(time.process_time())

    def end(self) -> None:
        """Training is over."""
        self.ended = time.perf_counter()

    def facts(self, batch: int) -> dict[str, float]:
        """Seconds a step, samples/s, start-up, first epoch."""
        step = typical(self.ticks)
        return {
            "step_seconds": step,
            "step_cpu_seconds": typical(self.worked, every=1) / BLOCK,
            "samples_per_second": batch / step,
            "start_seconds": self.ticks[0] - BEGAN - self.spent,
            "epoch_seconds": self.ended - self.begun,
        }


def typical(times: list[float], every: int = BLOCK) -> float:
    """Median over blocks of the mean difference, the warm-up left out."""
    warm = times[max(1, int(len(times) * WARM_UP)) :]
    blocks = [(b - a) / every for a, b in zip(warm[::every], warm[every::every], strict=False)]
    if not blocks:
        raise SystemExit(f"{len(times)} steps are too few to time")
    return median(blocks)


def job() -> Job:
    """That of the command line."""
    return Job(Path(sys.argv[1]))


def threads() -> int:
    """How many the job may use: the processors it was put on."""
    return len(os.sched_getaffinity(0))


def report(job: Job, clock: Clock, before: float, loss: float, **more: Any) -> None:
    """Print the line that is read by who started this.

    Args:
        job: what was trained.
        clock: what it took.
        before: held-out loss of the weights the training began with.
        loss: of the trained ones.
        more: to be told.
    """
    facts = clock.facts(job.batch) | {"loss_before": before, "loss": loss, "peak_mib": peak(), "versions": versions()}
    print(json.dumps({"peer": Path(sys.argv[0]).stem.removeprefix("in_"), **facts, **more}), flush=True)


def versions() -> dict[str, str]:
    """Of the libraries that there are here."""
    installed = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            installed[name] = version(name)
    return installed


def peak() -> float:
    """MiB of memory at the most; not `ru_maxrss`, which counts what the parent held when it started this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024, 1)
    return float("nan")
