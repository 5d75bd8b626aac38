"""How long a training step takes, estimated: a roofline for every kind of kernel, of rates that this machine reached.

    kernel call with products    overhead + max(FLOPs / FLOP rate, bytes / bandwidth)
    any other                    overhead + bytes / byte rate
    pass                         Σ over its kernel calls; forward, and for every block what calling it takes

FLOP rates, byte rates and overheads are those of `microbenchmarks.py`, by pass and by kind of kernel, at a few sizes
each; between them a rate is interpolated on logarithmic axes, beyond them it stays. The bandwidth is the byte rate of
elementwise kernels: at small sizes that of the caches, at large ones that of the memory. A kind that was not measured
counts as elementwise.

Source: S. Williams, A. Waterman, D. Patterson, Roofline: an insightful visual performance model for multicore
architectures, 2009, https://doi.org/10.1145/1498765.1498785. Differs in that every kind of kernel has a roof of its
own: what such kernels reach in practice, not the processor's peak. How near it comes: benchmarks/results/cost.md.
"""

import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from weftnet.base import files
from weftnet.base.cache_home import cache_home
from weftnet.cost.cost import Calls, Cost
from weftnet.cost.kernel_call import ELEMENTWISE, PRODUCT, KernelCall
from weftnet.cost.machine import Machine
from weftnet.cost.step_time import PASSES, StepTime
from weftnet.errors import DamagedCheckpoint

FORMAT = 4
#: (amount of a kernel call, amount a second), by rising amount; FLOPs where a kind has any, bytes elsewhere
Rates = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Roofline:
    """What a machine reaches.

    Args:
        machine: that was measured.
        overhead: seconds of a kernel call that does next to nothing, by pass.
        block: seconds of calling a block, besides its kernel calls.
        rates: by pass and by kind of kernel.
    """

    machine: Machine
    overhead: Mapping[str, float]
    block: float
    rates: Mapping[str, Mapping[str, Rates]]

    def seconds(self, which: str, call: KernelCall) -> float:
        """How long a kernel call of a pass takes."""
        rates = self.rates[which]
        bandwidth = rates[ELEMENTWISE]
        if not call.flops:
            return self.overhead[which] + call.bytes / _rate(rates.get(call.kind, bandwidth), call.bytes)
        computed = call.flops / _rate(rates.get(call.kind, rates[PRODUCT]), call.flops)
        return self.overhead[which] + max(computed, call.bytes / _rate(bandwidth, call.bytes))

    def step_time(self, costs: Iterable[Cost]) -> StepTime:
        """How long a step of networks that are trained together takes."""
        costs = tuple(costs)
        calls = pass_calls(costs)
        forward, backward, update = (sum(n * self.seconds(name, call) for call, n in calls[name]) for name in PASSES)
        forward += self.block * sum(len(each.rows) for each in costs)
        return StepTime(forward, backward, update, basis="a roofline of this machine")

    def data(self) -> dict[str, Any]:
        """The roofline as JSON."""
        return {"format": FORMAT, "torch": torch.__version__, **asdict(self)}


def pass_calls(costs: Iterable[Cost]) -> dict[str, Calls]:
    """The kernel calls of each pass of a step."""
    costs = tuple(costs)
    rows = [row for cost in costs for row in cost.rows]
    return {
        "forward": tuple(call for row in rows for call in row.forward),
        "backward": tuple(call for row in rows for call in row.backward),
        "update": tuple(call for cost in costs for call in cost.update),
    }


def cache_path(machine: Machine) -> Path:
    """Where a machine's roofline is kept: one file for each processor, number of threads and version of torch."""
    key = [FORMAT, machine.name, machine.threads, torch.__version__]
    return cache_home() / f"roofline-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]}.json"


def read(path: Path) -> Roofline:
    """A roofline that was kept.

    Raises:
        RunError: there is none.
        DamagedCheckpoint: the file does not hold one.
    """
    data = files.read_json(path)
    try:
        machine = Machine(str(data["machine"]["name"]), int(data["machine"]["threads"]))
        overhead, block = {name: float(data["overhead"][name]) for name in PASSES}, float(data["block"])
        rates = {name: {kind: _rates(pairs) for kind, pairs in data["rates"][name].items()} for name in PASSES}
        wanted = {ELEMENTWISE, PRODUCT}
        if data["format"] != FORMAT or any(not wanted <= rates[name].keys() for name in PASSES):
            raise ValueError("it is of another format")
        if not all(0 <= seconds < 1 for seconds in (block, *overhead.values())):
            raise ValueError("numbers out of range")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedCheckpoint("does not hold a roofline", where=str(path), got=str(error)) from error
    return Roofline(machine, overhead, block, rates)


def _rates(pairs: Any) -> Rates:
    """Rates that were kept; a ValueError if they are none."""
    rates = tuple((float(amount), float(rate)) for amount, rate in pairs)
    if not rates or not all(0 < value < math.inf for pair in rates for value in pair) or sorted(rates) != list(rates):
        raise ValueError("rates out of range")
    return rates


def _rate(rates: Rates, amount: float) -> float:
    """Interpolated on logarithmic axes; the nearest one beyond what was measured."""
    if amount <= rates[0][0]:
        return rates[0][1]
    for (low, slow), (high, fast) in itertools.pairwise(rates):
        if amount <= high:
            share = math.log(amount / low) / math.log(high / low)
            return math.exp((1 - share) * math.log(slow) + share * math.log(fast))
    return rates[-1][1]
