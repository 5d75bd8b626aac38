"""Recurrent layers keep a dynamic time axis when they are captured.

`torch.export` infers shapes by running each operation on fake tensors. torch's own rule for `lstm`, `gru` and `rnn` is
a loop over the steps, so the number of steps of the example becomes a constant of the program. With a rule that
computes their shapes from the arguments, the operation stays one node with a dynamic time axis. The rule holds only
during capture.

ONNX has an RNN operator for torch's plain recurrent network, which the exporter of torch 2.13 doesn't use:
`translations` adds it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._decomp import decomposition_table

from weftnet.base.extras import need
from weftnet.base.operations import writers

_KEYS = (torch._C.DispatchKey.CompositeImplicitAutograd, torch._C.DispatchKey.Autograd)
_ATEN = torch.ops.aten


def _outputs(x: Tensor, hidden: Tensor, bidirectional: bool, batch_first: bool) -> Tensor:
    """An empty tensor of the outputs' shape: (batch, time, dim · directions), or (time, batch, …)."""
    contiguous = x if batch_first else x.transpose(0, 1)
    y = contiguous.new_empty(*contiguous.shape[:2], hidden.shape[2] * (1 + bidirectional))
    return y if batch_first else y.transpose(0, 1)


def _lstm(
    x: Tensor, state: Sequence[Tensor], weights: Any, bias: bool, layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    hidden, cell = state
    return _outputs(x, hidden, bidirectional, batch_first), torch.empty_like(hidden), torch.empty_like(cell)


def _rnn(
    x: Tensor, hidden: Tensor, weights: Any, bias: bool, layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    return _outputs(x, hidden, bidirectional, batch_first), torch.empty_like(hidden)


_SHAPES: dict[Any, Callable[..., Any]] = {
    _ATEN.lstm.input: _lstm,
    _ATEN.gru.input: _rnn,
    _ATEN.rnn_tanh.input: _rnn,
    _ATEN.rnn_relu.input: _rnn,
}


@contextmanager
def any_length() -> Iterator[None]:
    """Infer shapes of recurrent layers by rule while a program is captured. No real tensors may be computed inside."""
    before = {op: (dict(op.py_kernels), decomposition_table.get(op)) for op in _SHAPES}
    try:
        for op, shapes in _SHAPES.items():
            op.py_kernels.update(dict.fromkeys(_KEYS, shapes))
            op._dispatch_cache.clear()
            decomposition_table[op] = shapes
        yield
    finally:
        for op, (kernels, loop) in before.items():
            op.py_kernels.clear()
            op.py_kernels.update(kernels)
            op._dispatch_cache.clear()
            decomposition_table.pop(op)
            if loop is not None:
                decomposition_table[op] = loop


def translations() -> dict[Any, Callable[..., Any]]:
    """Operations → functions that write them in ONNX: the plain recurrent networks, and those of our own."""
    op: Any = need("onnxscript", extra="export", what="exporting to ONNX").opset20
    own = {each: partial(write, op) for each, write in writers().items()}
    return {**own, _ATEN.rnn_tanh.input: _writer("Tanh"), _ATEN.rnn_relu.input: _writer("Relu")}


def _writer(activation: str) -> Callable[..., Any]:
    """torch's `rnn_tanh` or `rnn_relu`, batch first, as ONNX operators RNN, one per layer."""
    op: Any = need("onnxscript", extra="export", what="exporting to ONNX").opset20

    def write(
        x: Any, hidden: Any, weights: Sequence[Any], bias: bool, layers: int, dropout: float, train: bool,
        bidirectional: bool, batch_first: bool,
    ) -> Any:  # fmt: skip
        ways = 1 + bidirectional
        each = 4 if bias else 2
        rows = range(layers * ways)
        if batch_first:
            x = op.Transpose(x, perm=[1, 0, 2])  # (time, batch, dim)
        lasts = []
        for layer in range(layers):
            own = rows[layer * ways : (layer + 1) * ways]
            stacks = [[op.Unsqueeze(weights[each * row + k], [0]) for row in own] for k in range(each)]
            joined = [op.Concat(*stack, axis=0) for stack in stacks]  # (directions, …) each
            both = op.Concat(joined[2], joined[3], axis=1) if bias else None
            start = op.Slice(hidden, [own[0]], [own[-1] + 1], [0])
            y, last = op.RNN(
                x, joined[0], joined[1], both, None, start,
                activations=[activation] * ways,
                direction="bidirectional" if bidirectional else "forward",
                hidden_size=int(weights[1].shape[1]),
            )  # fmt: skip
            lasts.append(last)
            y = op.Transpose(y, perm=[0, 2, 1, 3])  # (time, batch, directions, dim)
            x = op.Reshape(y, [0, 0, -1])
        if batch_first:
            x = op.Transpose(x, perm=[1, 0, 2])
        return x, op.Concat(*lasts, axis=0) if len(lasts) > 1 else lasts[0]

    return write
