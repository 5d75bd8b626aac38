"""How long each block's forward pass takes, measured by hooks before and after it; medians over several passes.

On one thread, in evaluation mode, without gradients.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.execution.latency import one_thread

#: measured forward passes, after two warm-up passes
_TIMES = 9


def block_times(
    network: nn.Module, paths: Sequence[str], inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
) -> dict[str, float]:
    """Median seconds of a forward pass by the block's path; of the whole network under the empty path."""
    seconds: dict[str, list[float]] = defaultdict(list)
    handles: list[Any] = []
    for path in paths:
        module, start = network.get_submodule(path), [0.0]

        def enter(*_: Any, start: list[float] = start) -> None:
            start[0] = time.perf_counter()

        def leave(*_: Any, start: list[float] = start, path: str = path) -> None:
            seconds[path].append(time.perf_counter() - start[0])

        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    try:
        with one_thread(), torch.inference_mode():
            for _ in range(_TIMES + 2):
                began = time.perf_counter()
                network(inputs, masks)
                seconds[""].append(time.perf_counter() - began)
    finally:
        for handle in handles:
            handle.remove()
    return {path: statistics.median(times[2:] or times) for path, times in seconds.items()}
