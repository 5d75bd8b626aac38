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
    """A job file and the files next to it."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        for name, value in json.loads(path.read_text(encoding="utf-8")).items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:  # for fields that the file lacks
        raise AttributeError(f"{self.folder}: the job has no {name}")

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """x, y, held_x, held_y: in training order."""
        with np.load(self.folder / "data.npz", allow_pickle=False) as held:
            return dict(held)


class Clock:
    """Records the time at every step: wall-clock seconds, and processor seconds, which a busy machine affects less.

    `spent` holds start-up seconds that belong to the benchmark: reading the job, building the network.
    """

    def __init__(self) -> None:
        self.ticks: list[float] = []
        self.worked: list[float] = []
        self.spent = 0.0

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Time spent in this context does not count."""
        began = time.perf_counter()
        yield
        self.spent += time.perf_counter() - began

    def begin(self) -> None:
        """Training starts: everything is imported and created."""
        self.begun = time.perf_counter()

    def tick(self) -> None:
        """A step has ended."""
        self.ticks.append(time.perf_counter())
        if len(self.ticks) % BLOCK == 0:  # reading it takes longer than a small step on some machines
            self.worked.append(time.process_time())

    def end(self) -> None:
        """Training has ended."""
        self.ended = time.perf_counter()

    def facts(self, batch: int) -> dict[str, float]:
        """Seconds per step, samples/s, start-up, first epoch."""
        step = typical(self.ticks)
        return {
            "step_seconds": step,
            "step_cpu_seconds": typical(self.worked, every=1) / BLOCK,
            "samples_per_second": batch / step,
            "start_seconds": self.ticks[0] - BEGAN - self.spent,
            "epoch_seconds": self.ended - self.begun,
        }


def typical(times: list[float], every: int = BLOCK) -> float:
    """Median over blocks of the mean difference, without the warm-up."""
    warm = times[max(1, int(len(times) * WARM_UP)) :]
    blocks = [(b - a) / every for a, b in zip(warm[::every], warm[every::every], strict=False)]
    if not blocks:
        raise SystemExit(f"{len(times)} steps are too few to time")
    return median(blocks)


def job() -> Job:
    """The job named on the command line."""
    return Job(Path(sys.argv[1]))


def threads() -> int:
    """How many threads the job may use: as many as the processors it was assigned."""
    return len(os.sched_getaffinity(0))


def report(job: Job, clock: Clock, before: float, loss: float, **more: Any) -> None:
    """Print the line that the parent process reads.

    Args:
        job: what was trained.
        clock: its times.
        before: held-out loss of the initial weights.
        loss: of the trained ones.
        more: further fields.
    """
    facts = clock.facts(job.batch) | {"loss_before": before, "loss": loss, "peak_mib": peak(), "versions": versions()}
    print(json.dumps({"peer": Path(sys.argv[0]).stem.removeprefix("in_"), **facts, **more}), flush=True)


def versions() -> dict[str, str]:
    """Versions of the installed libraries."""
    installed = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            installed[name] = version(name)
    return installed


def peak() -> float:
    """Peak MiB of memory; not `ru_maxrss`, which includes what the parent held when it started this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024, 1)
    return float("nan")
