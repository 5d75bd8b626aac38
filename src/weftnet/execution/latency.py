"""How long a network takes to answer: on one thread of the CPU, so that figures of different machines mean the same."""

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def latency(network: nn.Module, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None) -> float:
    """Median seconds of a forward pass on one thread, over 30 after 5 that warm up."""
    times = []
    with one_thread(), torch.inference_mode():
        for call in range(35):
            start = time.perf_counter()
            network(inputs, masks)
            if call >= 5:
                times.append(time.perf_counter() - start)
    return statistics.median(times)


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread; afterwards on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
