"""Measure a machine: each kind of kernel by something that runs little else, forward and backward apart.

What runs, and how much of it, is counted by `netloom.meter` on the meta device; the same is then timed on the device.
The time that calls take beside their work is measured on a network too small to do any, and taken off.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netloom.kernels import Kernels
from netloom.machine import COMPUTING, Machine, name_of
from netloom.meter import Meter, Work

#: seconds spent on a measurement
_PATIENCE = 0.015


def measure(device: torch.device | str = "cpu") -> Machine:
    """Measure what a device can do."""
    device = torch.device(device)
    machine = Machine(device.type, name_of(device), torch.get_num_threads(), 0.0, 0.0, {"move": ((1.0, 1e30),)})
    tiny = [layer for _ in range(16) for layer in (nn.Linear(4, 4), nn.Tanh())]
    forward, backward, seconds = _measured(lambda at: (nn.Sequential(*tiny).to_empty(device=at), (4, 4)), device)
    overhead, native = seconds[0] / sum(forward.values()), seconds[1] / sum(backward.values())
    found: dict[str, dict[float, list[float]]] = {}
    with torch.random.fork_rng():
        for kind, make in _cases():
            forward, backward, seconds = _measured(make, device)
            ways = [(forward, seconds[0]), (backward, seconds[1])]
            if kind in ("gemm", "move"):  # both ways run the same kernels
                ways = [(forward + backward, sum(seconds))]
            for works, spent in ways:
                main = Counter({w: n for w, n in works.items() if w.kind.removesuffix("_backward") == kind})
                if not main:
                    continue
                extra = sum((native if work.native else overhead) * count for work, count in works.items())
                spent = max(spent - extra, 0.2 * spent)
                done = sum((w.flops if kind in COMPUTING else w.moved) * n for w, n in main.items())
                largest = max(main, key=lambda w: w.size)
                size = 2.0 ** round(math.log2(largest.size))  # cases of about the same size make one point
                found.setdefault(largest.kind, {}).setdefault(size, []).append(done / spent)
    found["update"] = dict(_update(size, device) for size in (1 << 14, 1 << 20))
    rates = {
        kind: tuple(sorted((size, sum(rates) / len(rates)) for size, rates in points.items()))
        for kind, points in found.items()
    }
    return replace(machine, overhead=overhead, native=native, rates=rates)


def _update(values: int, device: torch.device) -> tuple[float, list[float]]:
    """Bytes moved by a step of fused AdamW, and its rate."""
    weight = nn.Parameter(torch.ones(values, device=device))
    weight.grad = torch.ones_like(weight)
    optimiser = torch.optim.AdamW([weight], fused=True)
    moved = 7 * 4 * values  # weight, gradient and two of state are read, three written
    return float(moved), [moved / _seconds(optimiser.step, device)]


Make = Callable[[torch.device], tuple[Callable[[Tensor], Tensor], tuple[int, ...]]]


def _cases() -> Iterator[tuple[str, Make]]:
    """Kinds of kernel, each with what runs little else, and its input's shape."""

    def layer(make: Callable[[], nn.Module], *shape: int) -> Make:
        return lambda device: (make().to_empty(device=device), shape)

    def function(call: Callable[[Tensor], Tensor], *shape: int) -> Make:
        return lambda device: (call, shape)

    def attend(x: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(x[0], x[1], x[2])

    for rows, dim in ((64, 64), (64, 512), (1024, 256), (768, 1024)):
        yield "gemm", layer(lambda dim=dim: nn.Linear(dim, dim), rows, dim)
    for channels, dim, size in ((1, 32, 28), (32, 32, 28), (128, 128, 14)):
        yield "conv", layer(lambda c=channels, d=dim: nn.Conv2d(c, d, 3, padding=1), 16, channels, size, size)
    yield "grouped_conv", layer(lambda: nn.Conv2d(64, 64, 3, padding=1, groups=64), 8, 64, 28, 28)
    for shape in ((3, 16, 4, 64, 32), (3, 2, 4, 384, 64)):
        yield "attention", function(attend, *shape)
    for dim in (16, 64, 256):
        yield "recurrent", layer(lambda dim=dim: _Recurrent(dim), 64, 16, dim)
    for batch in (1, 32):
        image = (batch, 32, 28, 28)
        yield "pool", function(lambda x: F.max_pool2d(x, 2), *image)
        yield "norm", layer(lambda: nn.BatchNorm2d(32), *image)
        yield "norm", layer(lambda: nn.LayerNorm(28), *image)
        yield "function", function(F.gelu, *image)
        yield "function", function(lambda x: x.softmax(-1), *image)
        yield "random", function(lambda x: F.dropout(x, 0.1), *image)
        yield "table", layer(lambda: _Table(), batch * 64)
    for values in (1 << 12, 1 << 15, 1 << 18, 1 << 20, 1 << 22):
        yield "move", function(F.relu, values)


class _Recurrent(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(dim, dim, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """All steps' outputs."""
        y: Tensor = self.lstm(x)[0]
        return y


class _Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(1000, 64)

    def forward(self, x: Tensor) -> Tensor:
        """Rows by number, which does not matter here."""
        y: Tensor = self.table((x.detach() * 0).long())
        return y


def _measured(make: Make, device: torch.device) -> tuple[Counter[Work], Counter[Work], tuple[float, float]]:
    """The kernel calls of a case forward and backward, and the seconds of each."""
    run, x = _ready(make, torch.device("meta"))
    meter = Meter(iter(()), iter(()))
    with meter, Kernels(meter):
        y = run(x)
        meter.backward = True
        _back(run, x, y, torch.empty_like(y))
    run, x = _ready(make, device)
    y = run(x)
    gradient = torch.full_like(y, 0.01)
    forward = _seconds(lambda: run(x), device)
    backward = _seconds(lambda: _back(run, x, y, gradient), device)
    empty: Counter[Work] = Counter()
    return meter.work.get(("", False), empty), meter.work.get(("", True), empty), (forward, backward)


def _ready(make: Make, device: torch.device) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    run, shape = make(device)
    if isinstance(run, nn.Module):
        for parameter in run.parameters():
            nn.init.constant_(parameter, 0.01)
        for buffer in run.buffers():
            nn.init.zeros_(buffer)
    x = torch.full(shape, 0.1, device=device, requires_grad=True)
    return run, x


def _back(run: Any, x: Tensor, y: Tensor, gradient: Tensor) -> None:
    leaves = [x, *(run.parameters() if isinstance(run, nn.Module) else ())]
    torch.autograd.grad(y, leaves, gradient, retain_graph=True, allow_unused=True)


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    """The time that a quarter of the calls stay below: what else runs on the machine only ever adds to it."""
    wait: Callable[[], None] = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    run()
    wait()
    times: list[float] = []
    end = time.perf_counter() + _PATIENCE
    while len(times) < 3 or (time.perf_counter() < end and len(times) < 200):
        start = time.perf_counter()
        run()
        wait()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 4]
