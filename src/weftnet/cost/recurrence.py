"""The loop of `gru` and `rnn` over the steps of a sequence as a processor runs it, on meta; it runs a few steps alone.

A step in the middle does what every other one there does, forward and backward: one of them runs, and counts for all.
The first and the last steps run as they are.

    calls, saved    those of the steps that run, of the middle one so many times
    peak            what the middle step leaves behind counts so many times from when its neighbour has run: by then
                    what is only handed on is gone. Over the middle, memory grows or shrinks evenly, so its worst moment
                    is in one of the steps at either end, which meet with all that the middle holds.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from weftnet.cost.meter import Meter

#: steps that run at either end: the outermost two may differ from all others
EDGE = 3
#: (the input's share of the gates, state, weight, bias) → next state
Cell = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


def _gru(gates: Tensor, state: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    from_input = gates.unsafe_chunk(3, 1)  # not chunk: its views could not be changed in place
    from_state = F.linear(state, weight, bias).unsafe_chunk(3, 1)
    reset = from_state[0].add_(from_input[0]).sigmoid_()
    update = from_state[1].add_(from_input[1]).sigmoid_()
    new = from_input[2].add(from_state[2].mul_(reset)).tanh_()
    return (state - new).mul_(update).add_(new)


def _rnn(gates: Tensor, state: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.linear(state, weight, bias).add_(gates)


#: torch's function → its step
CELLS: dict[Any, Cell] = {
    torch.gru: _gru,
    torch.rnn_tanh: lambda *arguments: torch.tanh(_rnn(*arguments)),
    torch.rnn_relu: lambda *arguments: torch.relu(_rnn(*arguments)),
}


def loop(
    meter: Meter, cell: Cell, gates: Tensor, state: Tensor, weight: Tensor, bias: Tensor | None, backwards: bool
) -> tuple[Tensor, Tensor]:
    """One layer in one direction: its outputs (time, batch, dim) and its last state (batch, dim).

    Args:
        meter: what counts.
        cell: a step.
        gates: the input's share of them (time, batch, gates · dim).
        state: the first one.
        weight: for the state.
        bias: beside that weight.
        backwards: whether the last step of the sequence is the first to run.
    """
    middle, outputs = len(gates) - 2 * EDGE, []
    if middle <= 1:
        for own in gates.unbind(0)[:: -1 if backwards else 1]:
            state = cell(own, state, weight, bias)
            outputs.append(state)
        return torch.stack(outputs[::-1] if backwards else outputs), state
    order = [*range(EDGE), *[EDGE] * middle, *range(EDGE + 1, 2 * EDGE + 1)]
    order = order[::-1] if backwards else order
    turns = (lambda: meter.repeat(middle), lambda: meter.repeat(1), meter.settle)  # at the middle, after it, and later
    for number, own in enumerate(_Pick.apply(gates, order)):  # type: ignore[no-untyped-call]
        if number - EDGE in range(len(turns)):
            turns[number - EDGE]()
        state = cell(own, state, weight, bias)
        outputs.append(state)
        if EDGE - number in range(len(turns)) and state.grad_fn is not None:  # the same on the way back
            state.grad_fn.register_prehook(lambda _, turn=turns[EDGE - number]: turn())
    return _Spread.apply(order, *outputs), state  # type: ignore[no-untyped-call]


class _Pick(torch.autograd.Function):
    """The steps that run, in the order in which they do; `order` gives their numbers to all steps of the sequence."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: list[int]) -> tuple[Tensor, ...]:
        ctx.order = order
        return tuple(x.select(0, order.index(number)) for number in range(2 * EDGE + 1))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return torch.stack([gradients[number] for number in ctx.order]), None


class _Spread(torch.autograd.Function):
    """The outputs of all steps, by the numbers of those that have run."""

    @staticmethod
    def forward(ctx: Any, order: list[int], *outputs: Tensor) -> Tensor:
        ctx.order = order
        return torch.stack([outputs[number] for number in order])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return None, *(gradient.select(0, ctx.order.index(number)) for number in range(2 * EDGE + 1))
