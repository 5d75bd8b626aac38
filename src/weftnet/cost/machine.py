"""What this machine's kernels take, measured once, and how long a training step will take on it.

    time of a kernel call = what its kind's price says (`prices.py`), less for the call itself where it is repeated
    time of a pass        = (Σ over its calls + node · blocks + start of a backward pass) · correction by passes near it
    time of a step        = Σ over forward, backward and the optimiser's update

`work.py` says what is counted, `calibrate.py` how it is measured. A step is plain eager PyTorch in float32
with freed memory kept (`base/heap.py`). Kept as JSON in `$XDG_CACHE_HOME/weftnet`, one file for each device, number of
threads and version of torch.
"""

import hashlib
import json
import math
import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from weftnet.base import files
from weftnet.cost.cost import Cost
from weftnet.cost.prices import COUNTS, Nearby, Price
from weftnet.cost.work import Work
from weftnet.errors import DamagedCheckpoint, RunError

FORMAT = 3
CALLS = {"view", "node", "start"}
#: of a pass; alone is a forward pass that nothing is learnt from
WAYS = ("forward", "backward", "alone")
#: a call that is made so often with the same sizes finds its code in the caches
AGAIN = 16
_SCATTERED = "_scattered"


@dataclass(frozen=True)
class Machine:
    """What a device takes for its work.

    Args:
        device: cpu or cuda.
        name: the processor's.
        threads: torch's, when it was measured.
        calls: seconds of a view, and beside all kernels of a block (node) and a backward pass (start).
        again: share of a call's own seconds that it takes when it is repeated.
        prices: of the kinds of kernels; `move` is that of kinds that were not measured.
        passes: corrections of whole passes, by their way.
        note: what there is to say about how it came to be, empty if nothing.
    """

    device: str
    name: str
    threads: int
    calls: Mapping[str, float]
    again: float
    prices: Mapping[str, Price]
    passes: Mapping[str, Nearby]
    note: str = ""

    def price(self, kind: str) -> Price:
        """Of a kind of kernel; of one that was not measured, what is nearest: a backward kernel's is its forward's."""
        stem = kind.removesuffix("_backward")
        nearest = [kind, stem, *(["move" + _SCATTERED] if stem.endswith(_SCATTERED) else [])]
        while "_" in stem:
            stem = stem.rpartition("_")[0]
            nearest += [f"{stem}_backward", stem] if kind.endswith("_backward") else [stem]
        return next((self.prices[each] for each in nearest if each in self.prices), self.prices["move"])

    def seconds(self, works: Iterable[tuple[Work, int]], traffic: float) -> float:
        """How long kernel calls take, each as often as is said, within a step that moves so many bytes."""
        total, kinds = 0.0, defaultdict[str, list[tuple[Work, int]]](list)
        for work, times in works:
            kinds[work.kind].append((work, times))
        total += self.calls["view"] * sum(times for _, times in kinds.pop("view", ()))
        for kind, some in kinds.items():
            calls, rest = self.price(kind).seconds([work for work, _ in some], traffic)
            share = np.array([self.again if times >= AGAIN else 1.0 for _, times in some])
            total += float((share * calls + rest) @ [times for _, times in some])
        return total

    def data(self) -> dict[str, Any]:
        """The machine as JSON."""
        return {
            "format": FORMAT, "device": self.device, "name": self.name, "threads": self.threads,
            "torch": torch.__version__, "calls": dict(self.calls), "again": self.again,
            "prices": {kind: asdict(price) for kind, price in self.prices.items()},
            "passes": {way: asdict(nearby) for way, nearby in self.passes.items()},
        }  # fmt: skip


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


def traffic(cost: Cost) -> int:
    """Bytes that a step's forward and backward kernels move."""
    return sum(work.moved * times for row in cost.rows for work, times in (*row.forward, *row.backward))


def step_time(cost: Cost, machine: Machine) -> StepTime:
    """How long a training step takes at the cost's batch size."""
    moved = traffic(cost)
    forward = [call for row in cost.rows for call in row.forward]
    backward = [call for row in cost.rows for call in row.backward]
    if not cost.trainable:
        return StepTime(pass_time("alone", forward, len(cost.rows), moved, machine), 0.0, 0.0)
    first = pass_time("forward", forward, len(cost.rows), moved, machine)
    return StepTime(first, pass_time("backward", backward, 0, moved, machine), machine.seconds(cost.update, moved))


def pass_time(way: str, works: Sequence[tuple[Work, int]], nodes: int, traffic: float, machine: Machine) -> float:
    """How long a pass takes: kernels, blocks that are called, and what passes near it took more or less.

    Args:
        way: one of WAYS.
        works: its kernel calls, and how often each.
        nodes: blocks that are called.
        traffic: bytes that the whole step moves.
        machine: what is known of it.
    """
    seconds = machine.seconds(works, traffic) + machine.calls["node"] * nodes
    seconds += machine.calls["start"] if way == "backward" else 0.0
    point = pass_features(works, traffic, seconds)
    return seconds * float(machine.passes[way].factors(np.array([point]))[0])


def pass_features(works: Sequence[tuple[Work, int]], traffic: float, seconds: float) -> tuple[float, ...]:
    """Where a pass lies among others: its kernel calls, the step's traffic, and how long it seems to take."""
    calls = sum(times for _, times in works)
    return math.log(max(calls, 1)), 0.5 * math.log(max(traffic, 1)), math.log(max(seconds, 1e-6))


def calibration(device: torch.device | str = "cpu", *, anew: bool = False) -> Machine:
    """This machine as measured before, or measured now (some seconds) and kept; a damaged file is measured anew."""
    device = torch.device(device)
    path, note = cache_path(device), ""
    if path.exists() and not anew:
        try:
            return _read(path)
        except RunError as error:
            note = f"the calibration kept in {path} {error.what}: measured anew"
    from weftnet.cost.calibrate import measure  # a kept calibration needs none of it

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
    return Path(folder) / "weftnet" / f"machine-{hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12]}.json"


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
        prices = {str(kind): _price(price) for kind, price in data["prices"].items()}
        calls = {str(name): float(seconds) for name, seconds in data["calls"].items()}
        passes = {way: _nearby(data["passes"][way]) for way in WAYS}
        threads, again = int(data["threads"]), float(data["again"])
        machine = Machine(data["device"], data["name"], threads, calls, again, prices, passes)
        seconds = [machine.again / 10, *calls.values(), *(value for price in prices.values() for value in price.each)]
        if (
            data["format"] != FORMAT
            or "move" not in prices
            or calls.keys() != CALLS
            or not all(0 <= value < 1 for value in seconds)
        ):
            raise ValueError("numbers out of range")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedCheckpoint("does not hold a calibration", where=str(path), got=str(error)) from error
    return machine


def _price(data: Mapping[str, Any]) -> Price:
    """A price that was kept; a ValueError if it has not all its parts."""
    each = tuple(map(float, data["each"]))
    if len(each) != len(COUNTS):
        raise ValueError("a price is not whole")
    return Price(each, _nearby(data["nearby"]))


def _nearby(data: Mapping[str, Any]) -> Nearby:
    """A correction that was kept; a ValueError if its parts don't belong together, or are no numbers."""
    points = tuple(tuple(map(float, point)) for point in data["points"])
    weights = tuple(map(float, data["weights"]))
    numbers = (*weights, *(value for point in points for value in point))
    if len(points) != len(weights) or len({*map(len, points)}) > 1 or not all(map(math.isfinite, numbers)):
        raise ValueError("a correction is not whole")
    return Nearby(points, weights)


def name_of(device: torch.device) -> str:
    """The processor's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
