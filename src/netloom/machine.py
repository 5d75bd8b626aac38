"""What this machine can do, measured once, and how long a training step will take on it.

    time of a kernel call = overhead + max(flops / rate(kind, size), moved / rate(moving values))
    time of a step        = Σ over the calls of forward, backward and the optimiser

Rates are measured kernel by kernel, forward and backward apart, at two or three sizes, and interpolated between them on
a logarithmic scale (`netloom.meter` says what runs and of which size): S. Williams, A. Waterman, D. Patterson,
Roofline, 2009, https://doi.org/10.1145/1498765.1498785, with a roof for each kind of kernel.
Kept as JSON in `$XDG_CACHE_HOME/netloom`, one file for each device, number of threads and version of torch.
"""

import hashlib
import json
import math
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from netloom import files
from netloom.cost import Cost
from netloom.errors import DamagedCheckpoint, RunError
from netloom.meter import Work

FORMAT = 1
#: kinds whose speed is arithmetic; all others move values
COMPUTING = ("gemm", "conv", "grouped_conv", "attention", "recurrent")
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Machine:
    """What a device can do.

    Args:
        device: cpu or cuda.
        name: the processor's.
        threads: torch's, when it was measured.
        overhead: seconds that any kernel call from Python takes beside its work.
        native: the same of calls that torch makes itself: backward, and in recurrent loops.
        rates: kind of kernel → (size, FLOP/s or bytes/s), sizes growing.
        note: what there is to say about how it came to be, empty if nothing.
    """

    device: str
    name: str
    threads: int
    overhead: float
    native: float
    rates: Mapping[str, Points]
    note: str = ""

    def rate(self, kind: str, size: float) -> float:
        """FLOP/s or bytes/s of a kind of kernel at a size."""
        points = self.rates.get(kind) or self.rates.get(kind.removesuffix("_backward")) or self.rates["move"]
        below = max((p for p in points if p[0] <= size), default=points[0])
        above = min((p for p in points if p[0] > size), default=points[-1])
        if above[0] <= below[0]:
            return below[1]
        share = math.log(max(size, 1) / below[0]) / math.log(above[0] / below[0])
        return math.exp((1 - share) * math.log(below[1]) + share * math.log(above[1]))

    @staticmethod
    def counts_flops(kind: str) -> bool:
        """Whether a kind of kernel is rated in FLOP/s; the others are in bytes/s."""
        return kind.removesuffix("_backward") in COMPUTING

    def seconds(self, work: Work, scale: float = 1.0) -> float:
        """How long a kernel call takes, were it `scale` times as large."""
        moving, overhead = work.moved * scale, self.native if work.native else self.overhead
        if not self.counts_flops(work.kind):
            return overhead + moving / self.rate(work.kind, moving)
        computing = work.flops * scale / self.rate(work.kind, work.size)
        return overhead + max(computing, moving / self.rate("move", moving))

    def data(self) -> dict[str, Any]:
        """The machine as JSON."""
        rates = {kind: [list(point) for point in points] for kind, points in self.rates.items()}
        return {
            "format": FORMAT, "device": self.device, "name": self.name, "threads": self.threads,
            "torch": torch.__version__, "overhead": self.overhead, "native": self.native, "rates": rates,
        }  # fmt: skip


def step_time(cost: Cost, machine: Machine, batch: int | None = None) -> float:
    """Seconds of a training step, the loss and the reading of data left out.

    Args:
        cost: of the network.
        machine: as measured.
        batch: examples in a batch if other than the cost's.
    """
    scale = (batch or cost.batch) / cost.batch
    passes = sum(machine.seconds(work, scale) * count for row in cost.rows for work, count in row.work)
    return passes + sum(machine.seconds(work) * count for work, count in cost.update)


def epoch_time(cost: Cost, machine: Machine, examples: int, batch: int | None = None) -> float:
    """Seconds of training on so many examples once; the last batch is dropped if it is not full."""
    return max(examples // (batch or cost.batch), 1) * step_time(cost, machine, batch)


def calibration(device: torch.device | str = "cpu", *, anew: bool = False) -> Machine:
    """This machine as measured before, or measured now (2 seconds) and kept; a damaged file is measured anew."""
    device = torch.device(device)
    path, note = cache_path(device), ""
    if path.exists() and not anew:
        try:
            return _read(path)
        except RunError as error:
            note = f"the calibration kept in {path} {error.what}: measured anew"
    from netloom.calibrate import measure  # a kept calibration needs none of it

    machine = replace(measure(device), note=note)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_json(path, machine.data())
    except (OSError, RunError) as error:
        machine = replace(machine, note=f"the calibration could not be kept in {path}: {error}")
    return machine


def cache_path(device: torch.device | str = "cpu") -> Path:
    """Where the calibration of a device lies, with as many threads as torch uses now."""
    device = torch.device(device)
    folder = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    known = [FORMAT, device.type, name_of(device), torch.get_num_threads(), torch.__version__]
    return Path(folder) / "netloom" / f"machine-{hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12]}.json"


def memory_available(device: torch.device | str = "cpu") -> int:
    """Bytes free to use: the least of the system's and the container's, or the accelerator's."""
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    limits = []
    with suppress(OSError, ValueError, IndexError):
        line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
        limits.append(int(line.split()[1]) * 1024)
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # "max" is no number: no limit
            root = Path("/sys/fs/cgroup")
            limits.append(max(int((root / limit).read_text()) - int((root / used).read_text()), 0))
    if not limits:
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(limits)


def _read(path: Path) -> Machine:
    """A calibration that was kept.

    Raises:
        DamagedCheckpoint: the file does not hold one.
    """
    data = files.read_json(path)
    try:
        rates = {str(k): tuple((float(s), float(r)) for s, r in points) for k, points in data["rates"].items()}
        machine = Machine(
            data["device"], data["name"], int(data["threads"]), float(data["overhead"]), float(data["native"]), rates
        )
        positive = all(s > 0 and 0 < r < math.inf for points in rates.values() for s, r in points)
        if (
            data["format"] != FORMAT
            or not rates["move"]
            or not positive
            or not 0 <= machine.native + machine.overhead < 1
        ):
            raise ValueError("numbers out of range")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedCheckpoint("does not hold a calibration", where=str(path), got=str(error)) from error
    return machine


def name_of(device: torch.device) -> str:
    """The processor's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
