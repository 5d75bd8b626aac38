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
