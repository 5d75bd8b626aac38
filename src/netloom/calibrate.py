"""Measure a machine: small pieces of networks are timed, forward and backward apart, and prices of kernels fitted.

What runs in a piece is counted on the meta device (`netloom.meter`); the same is then timed on the device. With a row
for each pass of a piece, its counts divided by its seconds, the prices x are those of

    min Σ_rows log²(A x),  x ≥ 0

found by least squares that are weighted anew a few times, going round the prices one at a time (`fit`). What several
kinds of kernel cost in one piece – a bias's sum beside a product – so needs no taking apart by hand.

A kernel that is called again and again finds its code in the caches; in a network it does not. So what calls take is
fitted a second time (`in_networks`), to whole steps of architectures drawn with seeds of their own, and with it a
factor for the kernels of each way, near one.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netloom.build import Network, resolve
from netloom.build.flow import Resolved
from netloom.cost import cost
from netloom.generate import draw
from netloom.kernels import Kernels
from netloom.machine import CALLERS, Machine, Price, counts, name_of
from netloom.meter import Meter
from netloom.optim import OPTIMISERS
from netloom.pieces import Piece, pieces
from netloom.signal import Signal, parse
from netloom.work import Work

#: seconds spent on a measurement
_PATIENCE = 0.005
#: the first seed of the architectures that are measured; what is foretold is judged on others
SEEDS = 90_000
_SWEEPS = 200
_ROUNDS = 4
_TRUST = 8
#: the kernel calls of a pass and how often each, its blocks, its seconds
Row = tuple[Counter[Work], int, float]


def measure(device: torch.device | str = "cpu") -> Machine:
    """Measure what a device takes for its kernels: some seconds."""
    device = torch.device(device)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        rows = [row for piece in pieces() for row in _measured(piece, device)]
        rows += [
            _update(tensors, values, device) for tensors, values in ((2, 64), (40, 64), (4, 1 << 14), (4, 1 << 18))
        ]
        steps = [step for tree, batch in drawn() for step in _stepped(tree, batch, device)]
    calls, prices = fit(rows)
    return in_networks(Machine(device.type, name_of(device), torch.get_num_threads(), calls, prices), steps)


def fit(rows: list[Row]) -> tuple[dict[str, float], dict[str, tuple[float, float, float, float, float]]]:
    """Seconds a call by caller, and prices by kind, that explain the rows best.

    Args:
        rows: the passes that were measured.
    """
    kinds = sorted({work.kind for works, _, _ in rows for work in works} - {"view"} | {"move"})
    callers = sorted(CALLERS)
    columns = {kind: len(callers) + 5 * number for number, kind in enumerate(kinds)}
    several = {work.kind for works, _, _ in rows for work in works if work.pieces > 1}

    def pieces_of(kind: str) -> int:
        """The column of a piece's price; where it was never more than one it is that of `move`."""
        return columns[kind if kind in several else "move"] + 4

    table = np.zeros((len(rows), len(callers) + 5 * len(kinds)))
    for row, (works, nodes, seconds) in zip(table, rows, strict=True):
        for work, times in works.items():
            row[callers.index(work.caller)] += times / seconds
            if work.kind == "view":
                continue
            start = columns[work.kind]
            row[start : start + 4] += np.array(counts(work)[:4]) * (times / seconds)
            row[pieces_of(work.kind)] += work.pieces * times / seconds
        row[callers.index("node")] = nodes / seconds
        row[callers.index("start")] = any(work.caller == "backward" for work in works) / seconds
    held = np.full(table.shape[1], 1e-4)
    held[list(columns.values())] = 0.3  # a call costs what any call does, unless it clearly does not
    found = _by_ratio(table, held)
    prices = {}
    for kind, start in columns.items():
        call, operation, byte, far = (float(value) for value in found[start : start + 4])
        piece = float(found[pieces_of(kind)])
        prices[kind] = (call, operation, byte, far, piece)
    return {caller: float(found[number]) for number, caller in enumerate(callers)}, prices


def in_networks(machine: Machine, rows: list[Row]) -> Machine:
    """The machine with what calls, updates and, by a factor for each way, kernels take in whole networks.

    Args:
        machine: with its prices.
        rows: the passes of steps.
    """
    callers = sorted(CALLERS)
    table = np.zeros((len(rows), len(callers) + 4))
    for row, (works, nodes, seconds) in zip(table, rows, strict=True):
        for work, times in works.items():
            row[callers.index(work.caller)] += times / seconds
            if work.kind == "update":
                row[-2:] += 1 / seconds, work.pieces / seconds
            kernels = (machine.seconds(work) - machine.calls[work.caller]) * times
            row[-4 + (work.caller == "backward")] += kernels / seconds
        row[callers.index("start")] = any(work.caller == "backward" for work in works) / seconds
        row[callers.index("node")] = nodes / seconds
    # both factors are near one, and a pass starts as it does in a loop, unless much speaks against it
    ones = np.zeros((3 * _TRUST, table.shape[1]))
    ones[:_TRUST, -4] = ones[_TRUST : 2 * _TRUST, -3] = 1
    ones[2 * _TRUST :, callers.index("start")] = 1 / max(machine.calls["start"], 1e-7)
    found = _by_ratio(np.vstack([table, ones]), np.full(table.shape[1], 1e-4))
    calls = {caller: float(found[number]) for number, caller in enumerate(callers)} | {"loop": machine.calls["loop"]}
    prices: dict[str, Price] = {}
    for kind, (call, operation, byte, far, piece) in machine.prices.items():
        factor = float(found[-3] if kind.endswith("_backward") else found[-4])
        more = (float(found[-2]), float(found[-1])) if kind == "update" else (0.0, 0.0)
        scaled = (factor * call + more[0], factor * operation, factor * byte, factor * far, factor * piece + more[1])
        prices[kind] = scaled
    return replace(machine, calls=calls, prices=prices)


def _by_ratio(table: NDArray[np.float64], held: NDArray[np.float64]) -> NDArray[np.float64]:
    """The x ≥ 0 of the least Σ log²(table · x)."""
    weights = np.ones(len(table))
    for _ in range(_ROUNDS):
        found = not_negative(table * weights[:, None], weights, held)
        ratios = np.clip(table @ found, 0.05, 20)
        weights = np.where(abs(ratios - 1) < 1e-3, 1.0, np.log(ratios) / (ratios - 1 + 1e-12))
    return found


def not_negative(
    table: NDArray[np.float64], wanted: NDArray[np.float64], held: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The x ≥ 0 of the least |table · x − wanted|², by coordinate descent; `held` times its columns' share is added."""
    scale = np.linalg.norm(table, axis=0)
    scale[scale == 0] = 1
    table = table / scale
    square = table.T @ table + np.diag(held)
    slope = -(table.T @ wanted)
    x = np.zeros(table.shape[1])
    for _ in range(_SWEEPS):
        for column in range(len(x)):
            new = max(x[column] - slope[column] / square[column, column], 0.0)
            if new != x[column]:
                slope += square[column] * (new - x[column])
                x[column] = new
    found: NDArray[np.float64] = x / scale
    return found


def _measured(piece: Piece, device: torch.device) -> list[Row]:
    """The kernel calls of a piece forward and backward, and the seconds of each."""
    run, given = piece(torch.device("meta"))
    meter = Meter(iter(()), iter(()))
    with meter, Kernels(meter):
        y = run(*given)
        meter.backward = True
        _back(run, given, y)
    run, given = piece(device)
    y = run(*given)
    forward = _seconds(lambda: run(*given), device)
    nodes = len(run.resolved.children) if isinstance(run, Network) else 0
    rows: list[Row] = [(meter.work.get(("", False), Counter[Work]()), nodes, forward)]
    if y.requires_grad:
        rows.append((meter.work.get(("", True), Counter[Work]()), 0, _seconds(lambda: _back(run, given, y), device)))
    return [row for row in rows if row[0]]


def drawn() -> Iterator[tuple[Resolved, int]]:
    """The architectures and batch sizes that calls are fitted to."""
    for seed in range(SEEDS, SEEDS + 4):
        for signal in ("image:3x16x16", "series:24x12", "tokens:16,vocabulary=100,padded", "vector:32"):
            (node,) = draw(signal, seed, 6).parts.values()
            for batch in (4, 64):
                yield resolve(node, {"x": parse(signal)}), batch


def _stepped(tree: Resolved, batch: int, device: torch.device) -> Iterator[Row]:
    """The passes of a network's step."""
    counted = cost(tree, batch)
    with device:
        network = Network(tree)
        x = {name: _random(signal, batch) for name, signal in network.inputs.items()}
        masks = {
            name: torch.ones(batch, signal.size("time"), dtype=torch.bool)
            for name, signal in network.inputs.items() if signal.padded
        }  # fmt: skip
    forward = Counter[Work]()
    backward = Counter[Work]()
    for row in counted.rows:
        forward.update(dict(row.forward))
        backward.update(dict(row.backward))
    optimiser = OPTIMISERS.get("adamw")(network.named_parameters()) if counted.trainable else None

    def step() -> Iterator[object]:
        y = network(x, masks or None)
        yield y
        if isinstance(y, Tensor) and y.requires_grad and optimiser is not None:
            y.backward(torch.ones_like(y))  # type: ignore[no-untyped-call]
            del y
            yield None
            optimiser.step()
            optimiser.zero_grad()
            yield None

    passes = _passes(step, device)
    rows = (forward, len(counted.rows)), (backward, 0), (Counter(dict(counted.update)), 0)
    yield from ((works, nodes, seconds) for (works, nodes), seconds in zip(rows, passes, strict=False))


def _passes(step: Callable[[], Iterator[object]], device: torch.device) -> list[float]:
    """Seconds of the passes of a step, one after another as they are in training."""
    wait, clock = _watch(device)
    found: list[list[float]] = []
    end = time.perf_counter() + 3 * _PATIENCE
    while len(found) < 3 or (time.perf_counter() < end and len(found) < 100):
        wait()
        times = [clock()]
        for _ in step():
            wait()
            times.append(clock())
        found.append([after - before for before, after in itertools.pairwise(times)])
    return [sorted(each)[len(each) // 4] for each in zip(*found[1:], strict=True)]


def _random(signal: Signal, batch: int) -> Tensor:
    shape = signal.shape(batch)
    return torch.randint(signal.known["vocabulary"], shape) if signal.dtype == "int" else torch.randn(shape)


def _back(run: Any, given: tuple[Tensor, ...], y: Tensor) -> None:
    if y.requires_grad:
        leaves = [x for x in (*given, *(run.parameters() if isinstance(run, nn.Module) else ())) if x.requires_grad]
        torch.autograd.grad(y, leaves, torch.empty_like(y), retain_graph=True, allow_unused=True)


def _update(tensors: int, values: int, device: torch.device) -> Row:
    """A step of AdamW as a network's is taken."""
    weights = {f"{number}.weight": nn.Parameter(torch.ones(values, device=device)) for number in range(tensors)}
    gradients = [torch.ones_like(weight) for weight in weights.values()]
    optimiser = OPTIMISERS.get("adamw")(weights.items())

    def step() -> None:
        for weight, gradient in zip(weights.values(), gradients, strict=True):
            weight.grad = gradient
        optimiser.step()
        optimiser.zero_grad()

    moved = 7 * 4 * values * tensors  # weight, gradient and two of state are read, three written
    work = Work("update", 0, moved, values * tensors, tensors)
    return Counter({work: 1}), 0, _seconds(step, device)


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    """The time that a quarter of the calls stay below: what else runs on the machine only ever adds to it."""
    wait, clock = _watch(device)
    run()
    wait()
    times: list[float] = []
    end = time.perf_counter() + _PATIENCE
    while len(times) < 2 or (time.perf_counter() < end and len(times) < 100):
        start = clock()
        run()
        wait()
        times.append(clock() - start)
    return sorted(times)[len(times) // 4]


def _watch(device: torch.device) -> tuple[Callable[[], None], Callable[[], float]]:
    """What waits for a device, and its clock: of one thread the processor's time, which does not count waiting."""
    wait: Callable[[], None] = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    alone = device.type == "cpu" and torch.get_num_threads() == 1
    return wait, time.thread_time if alone else time.perf_counter
