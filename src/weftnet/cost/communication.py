"""What the workers of a training send each other in a step, computed before it runs, and how it then scales.

    replicated (DDP)   ring · 2 · G                     all-reduce of gradients: reduce-scatter, then all-gather
    sharded (FSDP2)    ring · (2 · G + G)               all-gather of weights forward and backward, reduce-scatter
    batch norms        ring · 2 · Σ (4 · features + 2)  values: two sums a layer and one count, forward and backward
    ring               (N − 1)/N

bytes that each of N workers sends (and receives) in a step; G is the bytes of all gradients, once a backward pass.
Weights are sharded by whole rows, the last shard padded. gloo has no reduce-scatter and runs an all-reduce instead:
there gradients take 2 · G when sharded too.
Source: Patarasuk & Yuan, Bandwidth optimal all-reduce algorithms, 2009; Rajbhandari and others, ZeRO, 2020,
https://arxiv.org/abs/1910.02054, section 7. Measured: tests/train/test_parallel_sent.py.

    t_N = max(forward, gathering) + max(backward, rest) + statistics + update

with the passes of a worker's share of the batch. Sending gradients and weights overlaps with computing others;
statistics are waited for. Left out: the latency of a message, work that every worker repeats, waiting for slow workers.

    speed-up    t of one worker with the whole batch / t_N
    efficiency  t of N workers that send nothing, each with its share of the batch / t_N

The efficiency is the share of the workers' time that is not lost to sending, 1 at most. The speed-up can exceed N: an
example of a small batch may take less time than one of a large batch, whose activations exceed the caches.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.cost.step_time import StepTime
from weftnet.errors import SettingError

#: backends that run an all-reduce in place of a reduce-scatter
NO_SCATTER = ("gloo",)
#: what of a scaling needs the time of a step
TIMES = ("seconds", "apart", "faster", "efficiency")


@dataclass(frozen=True)
class Volume:
    """Bytes that a worker sends in a step.

    Args:
        forward: weights gathered in the forward pass.
        backward: gradients, and weights gathered once more.
        statistics: sums of batch norms.
    """

    forward: float
    backward: float
    statistics: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.forward + self.backward + self.statistics

    def data(self) -> dict[str, float]:
        """As JSON."""
        return {**asdict(self), "total": self.total}

    def __add__(self, other: "Volume") -> "Volume":
        return Volume(self.forward + other.forward, self.backward + other.backward, self.statistics + other.statistics)


@dataclass(frozen=True)
class Together:
    """Workers that train a network together.

    Args:
        workers: how many, N.
        shard: whether each keeps a share of the weights.
        bandwidth: bytes a second that each sends; None is measured, as what this machine sends to itself.
    """

    workers: int
    shard: bool = False
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise SettingError("at least one worker is needed", where="--workers", got=str(self.workers))


@dataclass(frozen=True)
class Scaling:
    """How a training scales.

    Args:
        workers: how many.
        sent: by each in a step.
        bandwidth: bytes a second.
        measured: whether the bandwidth was measured on this machine.
        seconds: of a step.
        apart: seconds of a step of workers that send nothing, each with its share of the batch.
        faster: speed-up over one worker with the whole batch.
    """

    workers: int
    sent: Volume
    bandwidth: float
    measured: bool
    seconds: float
    apart: float
    faster: float

    @property
    def efficiency(self) -> float:
        """Share of the time that is not lost to sending."""
        return self.apart / self.seconds

    def data(self) -> dict[str, Any]:
        """As JSON."""
        names = ("workers", "bandwidth", *TIMES)
        return {"sent": self.sent.data(), **{name: getattr(self, name) for name in names}}


def scaling(together: Together, sent: Volume, alone: StepTime, share: StepTime) -> Scaling:
    """How a training scales, by the times of its steps.

    Args:
        together: the workers.
        sent: by each in a step.
        alone: the passes of the whole batch.
        share: those of a worker's share of it.
    """
    bandwidth = loopback() if together.bandwidth is None else together.bandwidth
    seconds = step_seconds(share, sent, bandwidth)
    return Scaling(
        together.workers, sent, bandwidth, together.bandwidth is None, seconds, share.total, alone.total / seconds
    )


def volume(
    model: nn.Module | Resolved, workers: int, shard: bool = False, backend: str = "gloo",
    tune: Callable[[nn.Module], None] | None = None,
) -> Volume:  # fmt: skip
    """What a worker sends in a step of a model, which may be on the meta device.

    Args:
        model: as built, or only resolved; a weight counts once, however often it is used.
        workers: N.
        shard: whether each keeps a share of the weights.
        backend: of the process group.
        tune: what is frozen or adapted in a model that is only resolved.
    """
    if isinstance(model, Resolved):
        with torch.device("meta"):
            model = Network(model)
        if tune is not None:
            tune(model)
    ring = (workers - 1) / workers
    parameters = [p for p in model.parameters() if p.requires_grad or shard]
    sums = 0
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            width = 4 if module.weight is None else max(module.weight.element_size(), 4)
            sums += (4 * module.num_features + 2) * width
    if not shard:
        gradients = sum(p.numel() * p.element_size() for p in parameters)
        return Volume(0.0, ring * 2 * gradients, ring * 2 * sums)
    weights = gradients = 0
    for parameter in parameters:
        rows = max(parameter.shape[0] if parameter.ndim else 1, 1)
        whole = -(-rows // workers) * workers * (parameter.numel() // rows) * parameter.element_size()
        weights += whole
        gradients += whole if parameter.requires_grad else 0
    scatter = 2 if backend in NO_SCATTER else 1
    return Volume(ring * weights, ring * (weights + scatter * gradients), ring * 2 * sums)


def bandwidth_of(text: str) -> float:
    """`10Gb`, `100Mbit/s`, `1GB` in bytes a second: a small b is bits, a large B bytes.

    Raises:
        SettingError: it is not a bandwidth.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kMGT]?)(b|bit|B)(?:/s|ps)?", text.strip())
    value = float(match[1]) if match else 0.0
    if not match or not value > 0:
        raise SettingError("not a bandwidth", where="--bandwidth", expected="10Gb, 100Mbit/s or 1.2GB/s", got=text)
    bytes_: float = value * 1000.0 ** " kMGT".index(match[2] or " ") / (1 if match[3] == "B" else 8)
    return bytes_


def loopback() -> float:
    """Bytes a second that this machine sends to itself over TCP: 64 MiB, of which the second half is timed."""
    message, times = bytearray(1 << 20), 64
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = threading.Thread(target=_send, args=(server.getsockname(), message, times))
        sender.start()
        connection, _ = server.accept()
        with connection:
            received, began = 0, 0.0
            while received < len(message) * times:
                received += connection.recv_into(message)
                if not began and received >= len(message) * times // 2:
                    half, began = received, time.perf_counter()
            seconds = time.perf_counter() - began
        sender.join()
    return (received - half) / seconds


def _send(address: tuple[str, int], message: bytes | bytearray, times: int) -> None:
    with socket.create_connection(address) as connection:
        for _ in range(times):
            connection.sendall(bytes(message))


def step_seconds(share: StepTime, sent: Volume, bandwidth: float) -> float:
    """Seconds of a step of several workers.

    Args:
        share: the passes of one worker's share of the batch.
        sent: what each sends.
        bandwidth: bytes a second that a worker sends.
    """
    gathering, rest, waited = (part / bandwidth for part in (sent.forward, sent.backward, sent.statistics))
    return max(share.forward, gathering) + max(share.backward, rest) + waited + share.update
