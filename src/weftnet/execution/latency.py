"""Latency of a network: on one CPU thread, so that figures from different machines are comparable."""

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def latency(network: nn.Module, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None) -> float:
    """Median seconds of 30 forward passes on one thread, after 5 warm-up passes."""
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
    """Run torch on one thread; afterwards on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
