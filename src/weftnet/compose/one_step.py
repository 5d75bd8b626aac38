"""Recurrent kernels on the meta device: one step determines all shapes.

Torch has no meta kernel for `lstm`, `gru` and `rnn`; it runs their formulas step by step, some milliseconds each,
although no value is ever computed. In this mode only the first step runs, and the output gets its full length.
"""

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_RECURRENT = (torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu)
#: input, state, weights, bias, layers, dropout, training, bidirectional, batch_first: a packed input has no batch_first
_ARGUMENTS = 9


class AllReal(TorchFunctionMode):
    """Answers for meta tensors what a block asks of a mask as a whole (`if mask.all():`): true, as without padding.

    Libraries ask so to leave the mask out where it says nothing; the shapes are the same either way.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """True for the value of a boolean tensor that has none."""
        asks = func in (torch.Tensor.item, torch.Tensor.__bool__) and isinstance(args[0], torch.Tensor)
        if asks and args[0].is_meta and args[0].dtype == torch.bool:
            return True
        return func(*args, **(kwargs or {}))


class OneStep(TorchFunctionMode):
    """Shortens recurrence on meta tensors; everything else runs as it is."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run only the first step where only shapes are computed."""
        kwargs = kwargs or {}
        if func not in _RECURRENT or len(args) != _ARGUMENTS or not args[0].is_meta:
            return func(*args, **kwargs)
        x, *others = args
        time = 1 if others[-1] else 0
        y, *state = func(x.narrow(time, 0, min(1, x.shape[time])), *others, **kwargs)
        return y.new_empty(*x.shape[:2], y.shape[-1]), *state
