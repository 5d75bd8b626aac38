"""Measure a machine: kernels are timed where they run, in pieces of networks and in architectures drawn at random.

Every call is timed by itself (`clock.py`) and goes to the price of its kind (`prices.py`); pieces hold every
kind at several shapes, drawn architectures (`compose/generate.py`, with seeds of their own) put them side by side as
networks do. The passes of their steps are then timed as a whole, without looking on, and what is left to say is fitted
to those: what calls, blocks and passes take beside their kernels, and by what factors, near one, kernels are slower or
faster than they looked.
"""

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import Signal, parse
from weftnet.base.heap import kept_memory
from weftnet.compose import Network, resolve
from weftnet.compose.flow import Resolved
from weftnet.compose.generate import draw
from weftnet.cost.clock import Clock, watch
from weftnet.cost.cost import cost
from weftnet.cost.machine import AGAIN, WAYS, Machine, name_of, pass_features, pass_time, traffic
from weftnet.cost.pieces import Piece, pieces
from weftnet.cost.prices import Measured, Nearby, Price, by_ratio, nearby, price_of, usual
from weftnet.cost.work import Work
from weftnet.optim import OPTIMISERS

#: the first seed of the architectures that are measured; what is foretold is judged on others
SEEDS = 90_000
#: what they read
SIGNALS = (
    "image:3x16x16", "image:1x28x28", "image:3x32x32", "series:24x12", "series:96x7,padded", "series:64x32",
    "tokens:16,vocabulary=100,padded", "tokens:64,vocabulary=1000", "vector:32", "vector:256",
)  # fmt: skip
_DRAWN = 6
_BATCHES = (4, 128), (16, 64)
#: kernel calls and FLOPs of a step, above which it is left out: a loop over time steps tells the same again and again,
#: and one large convolution takes as long as fifty other networks
_CALLS, _FLOPS = 600, 10**10
#: bytes of parameters, likewise
_WEIGHTS = 200 << 20
#: what is seldom drawn: loops over time steps, many small layers, few large ones
_WRITTEN: tuple[tuple[list[Any], str], ...] = (
    *(
        ([{name: {"dim": dim}}, "last_step"], f"series:{steps}x16")
        for name, dim, steps in (
            ("gru", 8, 24), ("gru", 48, 12), ("gru", 64, 48), ("gru", 96, 64), ("rnn", 8, 48), ("rnn", 32, 32),
            ("rnn", 64, 96),
        )
    ),
    *(
        ([{"repeat": {"times": times, "body": [{"dense": {"dim": dim}}, "batch_norm", "relu"]}}], f"vector:{inputs}")
        for times, dim, inputs in ((8, 24, 16), (3, 48, 32), (3, 128, 784), (2, 512, 784), (3, 1024, 3072))
    ),
)  # fmt: skip
#: times that a pass is run with every kernel timed
_LOOKS = 3
#: seconds for which a step is timed as a whole
_PATIENCE = 0.015
#: how much a factor is held near one
_TRUST = 8
#: of calls and of all else, forward and backward, and of calls that are repeated
_FACTORS = ("forward calls", "forward", "backward calls", "backward", "again")
_AGAIN = 4


@dataclass(frozen=True)
class Pass:
    """A whole pass of a step, as it was timed.

    Args:
        way: one of WAYS, or update.
        works: its kernel calls, and how often each.
        nodes: blocks that are called.
        traffic: bytes that the whole step moves.
        seconds: that it took.
    """

    way: str
    works: tuple[tuple[Work, int], ...]
    nodes: int
    traffic: float
    seconds: float


def measure(device: torch.device | str = "cpu") -> Machine:
    """Measure what a device takes for its kernels: about half a minute."""
    device = torch.device(device)
    with torch.random.fork_rng(), kept_memory():
        torch.manual_seed(0)
        samples = [sample for piece in pieces() for sample in _looked_at(_Alone(piece, device), device)]
        passes: list[Pass] = []
        for tree, batch in drawn():
            step = _Step(tree, batch, device)
            samples += _looked_at(step, device)
            passes += step.passes(device)
    return in_networks(
        Machine(device.type, name_of(device), torch.get_num_threads(), {}, 1.0, prices(samples), {}), passes
    )


def prices(samples: list[Measured]) -> dict[str, Price]:
    """The price of every kind of kernel in the samples: each its work, its step's traffic and its seconds."""
    calls: dict[tuple[Work, float], list[float]] = defaultdict(list)
    for work, moved, seconds in samples:
        calls[work, moved].append(seconds)
    kinds: dict[str, list[Measured]] = defaultdict(list)
    for (work, moved), found in calls.items():
        kinds[work.kind].append((work, moved, float(np.median(found))))
    sized, plain = (
        usual(call for some in kinds.values() for call in some if bool(call[0].shape) is has) for has in (True, False)
    )
    return {kind: price_of(some, sized if some[0][0].shape else plain) for kind, some in sorted(kinds.items())}


def in_networks(machine: Machine, passes: list[Pass]) -> Machine:
    """The machine with what calls and updates take, and its kernels' prices by the factors that whole passes show.

    Args:
        machine: with prices of kernels.
        passes: of whole steps.
    """
    ways = [each for each in passes if each.way != "update"]
    table = np.zeros((len(ways), 3 + len(_FACTORS)))
    for row, each in zip(table, ways, strict=True):
        backward = each.way == "backward"
        row[:3] = sum(times for work, times in each.works if work.kind == "view"), each.nodes, backward
        for work, times in each.works:
            if work.kind != "view":
                call, rest = (float(part[0]) * times for part in machine.price(work.kind).seconds([work], each.traffic))
                row[3 + (_AGAIN if times >= AGAIN else 2 * backward)] += call
                row[3 + 2 * backward + 1] += rest
        row /= each.seconds
    ones = np.repeat(np.eye(len(_FACTORS), table.shape[1], k=3), _TRUST, axis=0)
    view, node, start, *factors = (float(value) for value in by_ratio(np.vstack([table, ones])))
    changed = {
        kind: price.times(*(factors[2:4] if kind.endswith("_backward") else factors[:2]))
        for kind, price in machine.prices.items()
    }
    calls, again = {"view": view, "node": node, "start": start}, factors[_AGAIN] / max(factors[0], 1e-3)
    none = dict.fromkeys(WAYS, Nearby())
    machine = replace(machine, calls=calls, again=again, prices=changed | {"update": _update(passes)}, passes=none)
    return replace(machine, passes={way: _left([each for each in ways if each.way == way], machine) for way in WAYS})


def _update(passes: list[Pass]) -> Price:
    """The price of an update."""
    measured = [(each.works[0][0], each.traffic, each.seconds) for each in passes if each.way == "update"]
    return price_of(measured, usual(measured))


def _left(passes: list[Pass], machine: Machine) -> Nearby:
    """The correction by what passes took more or less than the machine, so far, says."""
    if not passes:
        return Nearby()
    said = [pass_time(each.way, each.works, each.nodes, each.traffic, machine) for each in passes]
    points = [pass_features(each.works, each.traffic, seconds) for each, seconds in zip(passes, said, strict=True)]
    return nearby(np.array(points), np.log([each.seconds for each in passes]) - np.log(said))


class _Alone:
    """A piece, run forward and backward."""

    def __init__(self, piece: Piece, device: torch.device) -> None:
        self.run, self.given = piece(device)
        own = self.run.parameters() if isinstance(self.run, nn.Module) else ()
        self.leaves = [x for x in (*self.given, *own) if x.requires_grad]

    def __call__(self) -> None:
        y = self.run(*self.given)
        if y.requires_grad:
            torch.autograd.grad(y, self.leaves, torch.ones_like(y), allow_unused=True)


class _Step:
    """A training step of a network on random values."""

    def __init__(self, tree: Resolved, batch: int, device: torch.device) -> None:
        self.cost = cost(tree, batch)
        with device:
            self.network = Network(tree)
            self.x = {name: _random(signal, batch) for name, signal in self.network.inputs.items()}
            self.masks = {
                name: torch.ones(batch, signal.size("time"), dtype=torch.bool)
                for name, signal in self.network.inputs.items() if signal.padded
            }  # fmt: skip
        named = self.network.named_parameters()
        self.optimiser = OPTIMISERS.get("adamw")(named) if self.cost.trainable else None

    def __call__(self) -> None:
        for _ in self.ways():
            pass
        self.network.zero_grad()

    def ways(self, *, whole: bool = False) -> Iterator[None]:
        """Forward, backward and, of a whole step, the update; comes back after each."""
        y = self.network(self.x, self.masks or None)
        yield
        if isinstance(y, Tensor) and y.requires_grad and self.optimiser is not None:
            y.backward(torch.ones_like(y))  # type: ignore[no-untyped-call]
            del y
            yield
            if whole:
                self.optimiser.step()
                self.optimiser.zero_grad()
                yield

    def passes(self, device: torch.device) -> Iterator[Pass]:
        """Its passes one after another, as they are in training."""
        wait, clock = watch(device)
        found: list[list[float]] = []
        end = time.perf_counter() + _PATIENCE
        while len(found) < 5 or (time.perf_counter() < end and len(found) < 100):
            wait()
            times = [clock()]
            for _ in self.ways(whole=True):
                wait()
                times.append(clock())
            found.append([after - before for before, after in itertools.pairwise(times)])
        rows, moved = self.cost.rows, traffic(self.cost)
        works = {
            "forward" if self.cost.trainable else "alone": tuple(call for row in rows for call in row.forward),
            "backward": tuple(call for row in rows for call in row.backward),
            "update": self.cost.update,
        }
        for (way, counted), each in zip(works.items(), zip(*found[2:], strict=True), strict=False):
            nodes = len(rows) if way in ("forward", "alone") else 0
            yield Pass(way, counted, nodes, moved, float(np.quantile(each, 0.25)))


def drawn() -> Iterator[tuple[Resolved, int]]:
    """Architectures and batch sizes."""
    batches = itertools.cycle(_BATCHES)
    for seed, text in itertools.product(range(SEEDS, SEEDS + _DRAWN), SIGNALS):
        (node,) = draw(text, seed, 8).parts.values()
        tree = resolve(node, {"x": parse(text)})
        counted = cost(tree, 4)
        calls = sum(times for row in counted.rows for _, times in (*row.forward, *row.backward))
        if calls < _CALLS and counted.weights < _WEIGHTS:
            yield from ((tree, batch) for batch in next(batches) if counted.training_flops * batch < _FLOPS)
    for nodes, text in _WRITTEN:
        tree = resolve(from_dict(nodes).parts["network"], {"x": parse(text)})
        yield from ((tree, batch) for batch in next(batches))


def _looked_at(run: Callable[[], Any], device: torch.device) -> list[Measured]:
    """The kernel calls of what runs, each with the median of its seconds; none if it runs another way each time."""
    run()
    found = []
    for _ in range(_LOOKS):
        with Clock(device) as clock:
            run()
        found.append(clock.calls)
    if len({tuple(work for work, _ in calls) for calls in found}) > 1:
        return []
    moved = sum(work.moved for work, _ in found[0])
    return [
        (calls[0][0], moved, sorted(seconds for _, seconds in calls)[_LOOKS // 2]) for calls in zip(*found, strict=True)
    ]


def _random(signal: Signal, batch: int) -> Tensor:
    shape = signal.shape(batch)
    return torch.randint(signal.known["vocabulary"], shape) if signal.dtype == "int" else torch.randn(shape)
