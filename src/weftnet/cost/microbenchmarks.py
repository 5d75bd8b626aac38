"""Measures a machine's roofline: small networks, each of which spends its time in one kind of kernel.

What a probe calls is counted by `cost.py` and its passes are timed like any step (`step_time.py`). What kernels of
other kinds take in it is known by then and subtracted; the amount of its own kind over the rest is a rate.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base import files
from weftnet.compose import resolve
from weftnet.compose.flow import Resolved
from weftnet.cost.cost import Cost, cost
from weftnet.cost.kernel_call import ELEMENTWISE, PRODUCT
from weftnet.cost.machine import Machine, this_machine
from weftnet.cost.roofline import Rates, Roofline, cache_path, pass_calls, read
from weftnet.cost.step_time import PASSES, Steps, StepTime, typical, undisturbed
from weftnet.errors import RunError


@dataclass(frozen=True)
class Probe:
    """A network that spends its time in kernels of one kind.

    Args:
        kind: of those kernels.
        nodes: of the network.
        reads: its input.
        batches: the sizes at which the rate is measured.
    """

    kind: str
    nodes: list[Any]
    reads: str
    batches: tuple[int, ...]


def _times(times: int, *body: Any) -> list[Any]:
    return [{"repeat": {"times": times, "body": list(body)}}]


#: many tiny kernels in a block: what a call takes besides its kernel
CALLS = Probe(ELEMENTWISE, [{"rnn": {"dim": 8}}], "series:64x8", (4,))
#: many tiny blocks: what a block takes besides its calls, and the update of a parameter besides its values
BLOCKS = Probe(ELEMENTWISE, _times(10, {"dense": {"dim": 8}}, "relu"), "vector:8", (4,))
#: in an order in which each calls only kinds that come before its own
PROBES = (
    Probe(PRODUCT, _times(4, {"dense": {"dim": 128}}), "vector:128", (4, 64)),
    Probe(PRODUCT, _times(3, {"dense": {"dim": 512}}), "vector:512", (16, 128, 1024)),
    Probe(ELEMENTWISE, [{"dense": {"dim": 1024}}, *["relu"] * 6], "vector:4", (4, 64, 2048)),
    Probe(ELEMENTWISE, [{"dense": {"dim": 4096}}, *["relu"] * 2], "vector:4", (3072,)),  # on pages that are mapped anew
    Probe("function", [{"dense": {"dim": 1024}}, *["gelu", "tanh"] * 2], "vector:4", (4, 512)),
    Probe("convolution", _times(3, {"conv2d": {"channels": 16}}), "image:16x8x8", (2, 32)),
    Probe("convolution", _times(3, {"conv2d": {"channels": 64}}), "image:64x16x16", (2, 32)),
    Probe("depthwise", _times(2, {"separable_conv2d": {"channels": 32}}), "image:32x16x16", (2, 32)),
    Probe("batch_norm", [{"conv2d": {"channels": 32}}, *["batch_norm2d"] * 3], "image:4x16x16", (2, 64)),
    Probe("layer_norm", [{"dense": {"dim": 64}}, *["layer_norm"] * 3], "series:64x4", (2, 128)),
    Probe("softmax", [{"dense": {"dim": 64}}, *["softmax"] * 3], "series:64x4", (2, 128)),
    Probe("pool", [{"conv2d": {"channels": 32}}, "max_pool2d"], "image:4x32x32", (2, 32)),
    Probe("lookup", [{"embedding": {"dim": 64}}], "tokens:64,vocabulary=1000", (4, 128)),
    Probe("random", [{"dense": {"dim": 1024}}, *["dropout"] * 3], "vector:4", (4, 512)),
    Probe("attention", _times(2, {"multi_head_attention": {"heads": 4}}), "series:64x64", (2, 32)),
    Probe("lstm", [{"lstm": {"dim": 64}}], "series:32x64", (4, 64)),
)  # fmt: skip
#: a probe at one of its sizes: its cost, and a typical step
Result = tuple[Probe, Cost, StepTime]
#: steps of a probe that are timed, at least and at most, and seconds for which short ones are repeated
STEPS, MANY, SECONDS = 5, 50, 0.02
#: the share of a pass that a probe's own kind takes at least
LEAST = 0.1
#: what is not measured yet
FREE: Rates = ((1.0, math.inf),)
_FREE = {PRODUCT: FREE, ELEMENTWISE: FREE}


def roofline(*, anew: bool = False, progress: Callable[[float], None] = lambda _: None) -> tuple[Roofline, str]:
    """The roofline of this machine as kept, or measured now and kept; and what went wrong with keeping it, if anything.

    Args:
        anew: measure it in any case.
        progress: is called after every probe with the share of them that is done.
    """
    machine = this_machine()
    path, note = cache_path(machine), ""
    if path.exists() and not anew:
        try:
            return read(path), ""
        except RunError as error:
            note = f"the roofline kept in {path} {error.what}: measured anew"
    measured = measure(machine, progress)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_json(path, measured.data())
    except (OSError, RunError) as error:
        note = f"the roofline could not be kept in {path}: {error}"
    return measured, note


def measure(machine: Machine, progress: Callable[[float], None] = lambda _: None) -> Roofline:
    """Run all probes: two or three seconds on an idle machine."""
    with undisturbed():
        return fitted(machine, _timed(progress))


def _timed(progress: Callable[[float], None]) -> Iterator[Result]:
    """Every probe at each of its sizes, those of the overheads first."""
    probes = (CALLS, BLOCKS, *PROBES)
    for number, probe in enumerate(probes):
        steps = Steps([_tree(probe)])
        for batch in probe.batches:
            steps(batch)
            count = int(min(max(SECONDS / steps(batch).total, STEPS), MANY))
            yield probe, probe_cost(probe, batch), typical([steps(batch) for _ in range(count)])
        progress((number + 1) / len(probes))


def probe_cost(probe: Probe, batch: int) -> Cost:
    """What a step of a probe costs."""
    return cost(_tree(probe), batch)


def _tree(probe: Probe) -> Resolved:
    return resolve(from_dict(probe.nodes).parts["network"], {"x": parse(probe.reads)})


def fitted(machine: Machine, timed: Iterable[Result]) -> Roofline:
    """The roofline that explains the times of probes; the first two are for the overheads."""
    results = iter(timed)
    _, loop, step = next(results)
    overhead = {name: getattr(step, name) / _count(loop, name) for name in PASSES}
    _, blocks, step = next(results)
    overhead["update"] = step.update / _count(blocks, "update")
    block = max(step.forward - _count(blocks, "forward") * overhead["forward"], 0.0) / len(blocks.rows)
    rates: dict[str, dict[str, Rates]] = {name: dict(_FREE) for name in PASSES}
    for probe, counted, step in results:
        known = Roofline(machine, overhead, block, rates)
        for name in PASSES if probe.kind == PRODUCT else PASSES[:2]:
            kind = "update" if name == "update" else probe.kind
            if rate := _rate(known, name, kind, counted, getattr(step, name)):
                former = rates[name].get(kind, ())
                rates[name][kind] = tuple(sorted({*(former if former != FREE else ()), rate}))
    rates["update"] |= {kind: rates["forward"][kind] for kind in (PRODUCT, ELEMENTWISE)}
    return Roofline(machine, overhead, block, rates)


def _rate(known: Roofline, name: str, kind: str, cost: Cost, seconds: float) -> tuple[float, float] | None:
    """The amount of a call of that kind, and how much of it a second a pass reached; None if it makes no such call.

    Args:
        known: what is known of other kinds.
        name: of the pass.
        kind: whose rate is asked for.
        cost: of the step.
        seconds: that the pass took.
    """
    calls = pass_calls([cost])[name]
    own = [(call.flops or call.bytes, n) for call, n in calls if call.kind == kind]
    amount, count = sum(n * each for each, n in own), sum(n for _, n in own)
    if not amount:
        return None
    others = sum(n * known.seconds(name, call) for call, n in calls if call.kind != kind)
    others += known.overhead[name] * count + (known.block * len(cost.rows) if name == "forward" else 0.0)
    return amount / count, amount / max(seconds - others, LEAST * seconds)


def _count(cost: Cost, name: str) -> int:
    """The kernel calls of a pass."""
    return sum(n for _, n in pass_calls([cost])[name])
