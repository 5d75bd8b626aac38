"""What the workers of a training send each other in a step, computed before it runs; and what scaling that allows.

    replicated (DDP)   ring · 2 · G                     gradients summed: scattered, then gathered
    sharded (FSDP2)    ring · (2 · G + G)               weights gathered forwards and backwards, gradients scattered
    batch norms        ring · 2 · Σ (4 · features + 2)  values: two sums a layer and one count, forwards and backwards
    ring               (N − 1)/N

bytes that each of N workers sends (and receives) in a step; G are the bytes of all gradients, once a backward pass.
Sharded weights travel in pieces of whole rows, the last one filled up. gloo has no scatter of sums and sums everything
instead: there gradients take 2 · G when sharded too.
Source: Patarasuk & Yuan, Bandwidth optimal all-reduce algorithms, 2009; Rajbhandari and others, ZeRO, 2020,
https://arxiv.org/abs/1910.02054, section 7. Measured: tests/train/test_parallel_sent.py.

    t_N = max(forward, gathering) + max(backward, rest) + statistics + update

with the passes of a worker's share of the batch. Gradients and weights travel while others are computed; statistics
are waited for. Left out: the delay of a message, what every worker does alike, slower workers that others wait for.

    speed-up    t of one worker with the whole batch / t_N
    efficiency  t of N workers that send nothing, each with its share of the batch / t_N

The efficiency is what sending leaves of the workers' time, 1 at the most. The speed-up can exceed N: an example of a
small batch may take less time than one of a large batch, whose activations leave the caches.
"""

import re
import socket
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.cost.step_time import StepTime
from weftnet.errors import SettingError

#: backends that sum everywhere where a part of the sums is asked for
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
        bandwidth: bytes a second that each sends; None is what this machine sends itself.
    """

    workers: int
    shard: bool = False
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise SettingError("at least one worker trains", where="--workers", got=str(self.workers))


@dataclass(frozen=True)
class Scaling:
    """What comes of it.

    Args:
        workers: how many.
        sent: by each in a step.
        bandwidth: bytes a second.
        measured: whether the bandwidth is this machine's own.
        seconds: of a step.
        apart: seconds of a step of workers that send nothing, each with its share of the batch.
        faster: than one worker with the whole batch.
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
        """Share of the time that sending leaves; 1 were no time lost."""
        return self.apart / self.seconds

    def data(self) -> dict[str, Any]:
        """As JSON."""
        names = ("workers", "bandwidth", *TIMES)
        return {"sent": self.sent.data(), **{name: getattr(self, name) for name in names}}


def scaling(together: Together, sent: Volume, alone: StepTime, share: StepTime) -> Scaling:
    """How a training scales.

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


def volume(model: nn.Module | Resolved, workers: int, shard: bool = False, backend: str = "gloo") -> Volume:
    """What a worker sends in a step of a model, which may be on the meta device.

    Args:
        model: as built, or only resolved; a weight counts once, wherever it is used.
        workers: N.
        shard: whether each keeps a share of the weights.
        backend: of the process group.
    """
    if isinstance(model, Resolved):
        with torch.device("meta"):
            model = Network(model)
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
        SettingError: it is no bandwidth.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kMGT]?)(b|bit|B)(?:/s|ps)?", text.strip())
    value = float(found[1]) if found else 0.0
    if not found or not value > 0:
        raise SettingError("no bandwidth", where="--bandwidth", expected="10Gb, 100Mbit/s or 1.2GB/s", got=text)
    bytes_: float = value * 1000.0 ** " kMGT".index(found[2] or " ") / (1 if found[3] == "B" else 8)
    return bytes_


def loopback() -> float:
    """Bytes a second that this machine sends itself over TCP: 64 MiB, the second half measured."""
    piece, times = bytearray(1 << 20), 64
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = threading.Thread(target=_send, args=(server.getsockname(), piece, times))
        sender.start()
        connection, _ = server.accept()
        with connection:
            got, began = 0, 0.0
            while got < len(piece) * times:
                got += connection.recv_into(piece)
                if not began and got >= len(piece) * times // 2:
                    half, began = got, time.perf_counter()
            seconds = time.perf_counter() - began
        sender.join()
    return (got - half) / seconds


def _send(address: tuple[str, int], piece: bytes | bytearray, times: int) -> None:
    with socket.create_connection(address) as connection:
        for _ in range(times):
            connection.sendall(bytes(piece))


def step_seconds(share: StepTime, sent: Volume, bandwidth: float) -> float:
    """Seconds of a step of several workers.

    Args:
        share: the passes of one worker's share of the batch.
        sent: what each sends.
        bandwidth: bytes a second that a worker sends.
    """
    gathering, rest, waited = (part / bandwidth for part in (sent.forward, sent.backward, sent.statistics))
    return max(share.forward, gathering) + max(share.backward, rest) + waited + share.update
