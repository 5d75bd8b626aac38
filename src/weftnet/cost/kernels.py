"""Kernels that the meta device runs differently from a processor, replaced by what a processor runs.

    attention     without dropout the fused kernel, which never stores its weights
    lstm          oneDNN: one kernel for all steps of a layer, which keeps a workspace for backward
    gru, rnn      one product over all steps for the inputs, then a loop, `recurrence.py`; on meta a product a step

Sizes of the LSTM's workspace are oneDNN's (`rnn_utils.cpp`, `set_conf`); its sections are aligned to pages of 4096
bytes.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from weftnet.cost.kernel_call import FLASH, KernelCall, bytes_of
from weftnet.cost.meter import Meter
from weftnet.cost.recurrence import CELLS, Cell, loop

#: input, state, weights, bias, layers, dropout, training, bidirectional, batch_first; a packed input has no batch_first
_ARGUMENTS = 9
_PAGE = 1024  # floats


class Kernels(TorchFunctionMode):
    """Replaces them where the meta device would run others."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self.meter = meter

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention and len(args) == 3:
            return self._attention(func, args, **kwargs)
        if func is torch.lstm and len(args) == _ARGUMENTS and isinstance(args[2], list | tuple):
            return self._lstm(*args)
        if func in CELLS and len(args) == _ARGUMENTS and isinstance(args[2], list | tuple):
            return self._recurrent(CELLS[func], *args)
        return func(*args, **kwargs)

    def _attention(self, func: Any, args: Any, **kwargs: Any) -> Tensor:
        mask, dropout = kwargs.get("attn_mask"), kwargs.get("dropout_p", 0.0)
        same = args[0].shape[:2] == args[1].shape[:2] and args[0].shape[-1] == args[2].shape[-1]
        dense = all(tensor.stride(-1) == 1 for tensor in args)
        learnt = mask is not None and mask.requires_grad  # a bias with a gradient
        if dropout or learnt or args[0].ndim != 4 or not same or not dense:  # there is no fused kernel for it
            result: Tensor = func(*args, **kwargs)
            return result
        if mask is not None and mask.dtype == torch.bool:  # as torch does
            mask = torch.zeros_like(mask, dtype=args[0].dtype)
        causal, scale = kwargs.get("is_causal", False), kwargs.get("scale")
        fused: Tensor = getattr(torch.ops.aten, FLASH)(*args, 0.0, causal, attn_mask=mask, scale=scale)[0]
        return fused

    def _lstm(
        self, x: Tensor, state: Any, weights: Any, bias: bool, layers: int, dropout: float, train: bool, both: bool,
        batch_first: bool,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        hidden, cell, lasts = state[0], state[1], []
        x = x.transpose(0, 1) if batch_first else x
        for layer in range(layers):
            outputs = []
            for direction in range(1 + both):
                i = layer * (1 + both) + direction
                own = _weights(weights, bias, i)
                y, h, c = _Lstm.apply(self.meter, x.contiguous(), hidden[i], cell[i], *own)  # type: ignore[no-untyped-call]
                outputs.append(y)
                lasts.append((h, c))
            x = torch.cat(outputs, dim=-1) if both else outputs[0]
            if dropout and train and layer + 1 < layers:
                x = torch.dropout(x, dropout, train)
        x = x.transpose(0, 1) if batch_first else x
        return x, torch.stack([h for h, _ in lasts]), torch.stack([c for _, c in lasts])

    def _recurrent(
        self, cell: Cell, x: Tensor, hidden: Tensor, weights: Any, bias: bool, layers: int, dropout: float,
        train: bool, both: bool, batch_first: bool,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        lasts = []
        x = x.transpose(0, 1) if batch_first else x
        for layer in range(layers):
            directions = []
            for backwards in range(1 + both):
                i = layer * (1 + both) + backwards
                weight_in, weight, *biases = _weights(weights, bias, i)
                bias_in, own = biases or (None, None)
                gates = F.linear(x, weight_in, bias_in)
                y, last = loop(self.meter, cell, gates, hidden[i], weight, own, bool(backwards))
                directions.append(y)
                lasts.append(last)
            x = torch.cat(directions, dim=-1) if both else directions[0]
            if dropout and train and layer + 1 < layers:
                x = torch.dropout(x, dropout, train)
        return x.transpose(0, 1) if batch_first else x, torch.stack(lasts)


class _Lstm(torch.autograd.Function):
    """What one layer of torch's fused LSTM allocates, saves and computes, on meta; time is the first axis."""

    @staticmethod
    def forward(ctx: Any, meter: Meter, x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)  # as torch's
        time, batch, dim_in = x.shape
        dim = h.shape[-1]
        y = x.new_empty(time, batch, dim)
        workspace = x.new_empty(_workspace(time, batch, dim_in, dim))
        last, last_cell = h.new_empty(h.shape), c.new_empty(c.shape)
        ctx.meter = meter
        ctx.held = 4 * (_scratch(time, batch, dim) + (dim_in + dim + 1) * _stride(4 * dim))
        ctx.save_for_backward(x, h, c, y, last, last_cell, workspace, *weights)
        meter.hold(ctx.held)
        meter.note(_lstm_call(x, h, 1))
        return y, last, last_cell

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        x, h, c, _, _, _, _, *weights = ctx.saved_tensors
        dim_in, dim = x.shape[-1], h.shape[-1]
        results = tuple(torch.empty_like(tensor) for tensor in (x, h, c, *weights))
        transposed = sum(4 * dim * _stride(each) for each in (dim_in, dim) if _stride(each) != each)
        ctx.meter.hold(ctx.held + 4 * (transposed + 4 * dim) + bytes_of(h) * 4)
        ctx.meter.note(_lstm_call(x, h, 2))
        return None, *results


def _lstm_call(x: Tensor, h: Tensor, passes: int) -> KernelCall:
    """A layer's kernel in one direction, by its input and first state; its backward pass takes two forward passes."""
    time, batch, dim_in = x.shape
    dim = h.shape[-1]
    flops = 8 * time * batch * dim * (dim_in + dim)
    return KernelCall(
        "lstm", passes * flops, passes * (bytes_of(x) + 4 * (time * batch * dim + _workspace(time, batch, dim_in, dim)))
    )


def _workspace(time: int, batch: int, dim_in: int, dim: int) -> int:
    """Floats that oneDNN keeps for a layer in one direction: gates, states and room for their gradients."""
    layer = 2 * (time + 1) * batch * _stride(max(dim_in, dim))
    cell = 2 * (time + 1) * batch * dim
    sections = (time * batch * _stride(4 * dim), layer, layer, layer, cell, cell, time * batch * _stride(dim))
    return sum(-(-floats // _PAGE) * _PAGE for floats in sections)


def _scratch(time: int, batch: int, dim: int) -> int:
    """Floats that it holds while it runs: the gates once more and some states."""
    return -(-time * batch * _stride(4 * dim) // _PAGE) * _PAGE + 2 * batch * _stride(dim) + 3 * _PAGE


def _stride(dim: int) -> int:
    """The stride of oneDNN's rows, in floats: whole cache lines of 64 bytes, and no multiple of 256 floats."""
    rounded = -(-dim // 16) * 16
    return rounded + 16 if rounded % 256 == 0 else rounded


def _weights(weights: Any, bias: bool, number: int) -> list[Tensor]:
    """The weights of a layer in one direction: for the input, for the state, and their biases if there are any."""
    each = 4 if bias else 2
    return list(weights[number * each : (number + 1) * each])
