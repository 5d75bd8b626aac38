"""What each step of a text that is written reads from, as the attention of its network says: the mean of its layers.

A block whose steps read from a memory offers `alignment`, called as its `forward`: (batch, time, time_memory) shares.
They say where the network looks, not what an answer depends on: beside them stand attributions.
Source: D. Bahdanau, K. Cho, Y. Bengio, Neural machine translation by jointly learning to align and translate, 2015,
section 5.2, https://arxiv.org/abs/1409.0473; the caution: S. Jain, B. Wallace, Attention is not explanation, 2019,
https://arxiv.org/abs/1902.10186.
"""

from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.explain.explanation import Alignment
from weftnet.explain.request import AttributionRequest


def aligned(request: AttributionRequest) -> tuple[Tensor, Tensor | None]:
    """The network's outputs, and (batch, time, time_memory) shares; None where no step is named, or no block says."""
    calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []

    def record(module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        calls.append((module, arguments, named))

    with ExitStack() as hooks:
        for module in request.network.modules() if request.targets.steps else ():
            if hasattr(module, "alignment"):
                hooks.enter_context(module.register_forward_pre_hook(record, with_kwargs=True))
        outputs = request.outputs(request.inputs, request.masks, request.targets.index)
    shares = [module.alignment(*arguments, **named) for module, arguments, named in calls]
    return outputs, torch.stack(shares).mean(0) if shares else None


def alignment_of(request: AttributionRequest, shares: Tensor, row: int) -> Alignment | None:
    """The alignment of an example; None where no input has a piece for each step of the memory."""
    steps = tuple(request.targets.steps[row])
    for name, values in request.inputs.items():
        displayed = request.views[name].display(values[row])
        if displayed.kind != "tokens" or len(displayed.values) > shares.shape[2]:
            continue
        mask = request.masks.get(name)
        pieces = len(displayed.values) if mask is None else int(mask[row].sum())
        own = shares[row, : len(steps), :pieces].cpu().numpy()
        return Alignment(steps, tuple(map(str, displayed.values[:pieces])), own)
    return None
