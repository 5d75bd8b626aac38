"""What this machine's kernels take, measured once, and how long a training step will take on it.

    time of a kernel call = call(caller) + call + operation · operations + byte · moved + far · max(moved − NEAR, 0)
                            + piece · pieces
    time of a pass        = Σ over its calls; of a step: of forward, backward and the optimiser's update

with prices for each kind of kernel, forward and backward apart (`netloom.work` says what is counted). Prices are
fitted to measurements, none of them negative (`netloom.calibrate`): a roofline (S. Williams, A. Waterman, D. Patterson,
2009, https://doi.org/10.1145/1498765.1498785) whose roofs add up, as kernels of this size do not compute or move alone.
Kept as JSON in `$XDG_CACHE_HOME/netloom`, one file for each device, number of threads and version of torch.
"""

import hashlib
import json
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
from netloom.work import Work

FORMAT = 2
#: bytes that the caches near a core hold; values beyond are fetched from farther away
NEAR = 1 << 20
CALLERS = {"python", "backward", "loop", "view", "start", "node"}
#: of a kernel call: for itself, and for each operation, byte, byte beyond NEAR, and piece
Price = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Machine:
    """What a device takes for its work.

    Args:
        device: cpu or cuda.
        name: the processor's.
        threads: torch's, when it was measured.
        calls: caller (python, backward, loop, view) → seconds that any kernel call takes beside its work; start: those
            of a backward pass; node: those of a block, to be called at all.
        prices: kind of kernel → seconds; `move` is that of kinds that were not measured.
        note: what there is to say about how it came to be, empty if nothing.
    """

    device: str
    name: str
    threads: int
    calls: Mapping[str, float]
    prices: Mapping[str, Price]
    note: str = ""

    def price(self, kind: str) -> Price:
        """Of a kind of kernel; a backward kernel that was not measured costs what its forward does."""
        return self.prices.get(kind) or self.prices.get(kind.removesuffix("_backward")) or self.prices["move"]

    def seconds(self, work: Work) -> float:
        """How long a kernel call takes."""
        if work.kind == "view":
            return self.calls["view"]
        found = zip(self.price(work.kind), counts(work), strict=True)
        return self.calls[work.caller] + sum(price * count for price, count in found)

    def data(self) -> dict[str, Any]:
        """The machine as JSON."""
        return {
            "format": FORMAT, "device": self.device, "name": self.name, "threads": self.threads,
            "torch": torch.__version__, "calls": dict(self.calls),
            "prices": {kind: list(price) for kind, price in self.prices.items()},
        }  # fmt: skip


def counts(work: Work) -> tuple[int, int, int, int, int]:
    """What the prices of a kernel call are multiplied with."""
    return 1, work.operations, work.moved, max(work.moved - NEAR, 0), work.pieces


@dataclass(frozen=True)
class StepTime:
    """Seconds of a training step's passes; the loss and the reading of data are left out."""

    forward: float
    backward: float
    update: float

    @property
    def total(self) -> float:
        """Of all three."""
        return self.forward + self.backward + self.update

    def __add__(self, other: "StepTime") -> "StepTime":
        return StepTime(self.forward + other.forward, self.backward + other.backward, self.update + other.update)


def step_time(cost: Cost, machine: Machine) -> StepTime:
    """How long a training step takes at the cost's batch size."""
    forward = sum(machine.seconds(work) * count for row in cost.rows for work, count in row.forward)
    forward += machine.calls["node"] * len(cost.rows)
    backward = sum(machine.seconds(work) * count for row in cost.rows for work, count in row.backward)
    backward += machine.calls["start"] if cost.trainable else 0.0
    return StepTime(forward, backward, sum(machine.seconds(work) * count for work, count in cost.update))


def calibration(device: torch.device | str = "cpu", *, anew: bool = False) -> Machine:
    """This machine as measured before, or measured now (some seconds) and kept; a damaged file is measured anew."""
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
        prices: dict[str, Price] = {str(kind): _price(price) for kind, price in data["prices"].items()}
        calls = {str(caller): float(seconds) for caller, seconds in data["calls"].items()}
        machine = Machine(data["device"], data["name"], int(data["threads"]), calls, prices)
        sound = all(0 <= seconds < 1 for price in (*prices.values(), tuple(calls.values())) for seconds in price)
        if data["format"] != FORMAT or "move" not in prices or calls.keys() != CALLERS or not sound:
            raise ValueError("numbers out of range")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedCheckpoint("does not hold a calibration", where=str(path), got=str(error)) from error
    return machine


def _price(values: list[float]) -> Price:
    call, operation, byte, far, piece = map(float, values)
    return call, operation, byte, far, piece


def name_of(device: torch.device) -> str:
    """The processor's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
