"""How long each block's forward pass takes, measured: hooks take the time before and after it, and medians are kept.

A block's own time: a combinator's children are left out of it. On one thread, in evaluation mode, without gradients.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.execution.latency import one_thread

#: forward passes that are measured, after two that warm up
_TIMES = 9


def block_times(
    network: nn.Module, paths: Sequence[str], inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
) -> dict[str, float]:
    """Median seconds of a forward pass by the block's path; all of them together under the empty path."""
    found: dict[str, list[float]] = defaultdict(list)
    handles: list[Any] = []
    for path in paths:
        module, began = network.get_submodule(path), [0.0]

        def enter(*_: Any, began: list[float] = began) -> None:
            began[0] = time.perf_counter()

        def leave(*_: Any, began: list[float] = began, path: str = path) -> None:
            found[path].append(time.perf_counter() - began[0])

        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    try:
        with one_thread(), torch.inference_mode():
            for _ in range(_TIMES + 2):
                start = time.perf_counter()
                network(inputs, masks)
                found[""].append(time.perf_counter() - start)
    finally:
        for handle in handles:
            handle.remove()
    return {path: statistics.median(times[2:] or times) for path, times in found.items()}
