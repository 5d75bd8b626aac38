"""A linear recurrence along time, in parallel.

    h[t] = a[t] ∘ h[t−1] + b[t]                          h[−1] = start
    backward: g[t] = ∂y[t] + a[t+1] ∘ g[t+1];  ∂b = g, ∂a[t] = g[t] ∘ h[t−1], ∂start = a[0] ∘ g[0]

Time is cut into some √time pieces. All pieces run at once, each from zero, with the products of their a; then one value
a piece is carried from piece to piece and added, times these products: 2 √time operations one after another instead of
time. On a processor a piece is the whole sequence, since there fewer operations are faster than wider ones. The
backward pass is such a recurrence from the end.

Source: G. Blelloch, Prefix sums and their applications, 1990, https://www.cs.cmu.edu/~guyb/papers/Ble93.pdf: pairs
(a, b) are composed associatively. Cost: 5 · time multiplications and additions in pieces, 2 · time in one.
"""

import math
from typing import Any

import torch
from torch import Tensor


def scan(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """h (batch, time, …) of a, b (batch, time, …) and start (batch, …)."""
    if torch.compiler.is_exporting():
        return _as_program(a, b, start)
    h: Tensor = _scan(a, b, start, False)
    return h


def pieces(a: Tensor, b: Tensor, start: Tensor, count: int, back: bool = False) -> Tensor:
    """The recurrence in so many pieces; with `back` from the end, h[t] = a[t] ∘ h[t+1] + b[t]."""
    batch, time = a.shape[:2]
    size = -(-time // count)
    if count * size > time:  # steps that change nothing
        more = a.new_ones(batch, count * size - time, *a.shape[2:])
        a, b = torch.cat((a, more), 1), torch.cat((b, torch.zeros_like(more)), 1)
    a, b = (x.reshape(batch, count, size, *x.shape[2:]) for x in (a, b))
    h = start.unsqueeze(1) if count == 1 else torch.zeros_like(b[:, :, 0])
    states, products = [h] * size, [torch.ones_like(h)] * size
    product = products[0]
    for step in _order(size, back):
        states[step] = h = torch.addcmul(b[:, :, step], a[:, :, step], h)
        if count > 1:
            products[step] = product = product * a[:, :, step]
    found = torch.stack(states, 2)  # (batch, count, size, …)
    if count > 1:
        carried, carry = [start] * count, start
        for piece in _order(count, back):
            carried[piece] = carry
            carry = torch.addcmul(h[:, piece], product[:, piece], carry)
        found = torch.addcmul(found, torch.stack(products, 2), torch.stack(carried, 1).unsqueeze(2))
    return found.flatten(1, 2)[:, :time].contiguous()


def _order(count: int, back: bool) -> range:
    return range(count - 1, -1, -1) if back else range(count)


@torch.library.custom_op("weftnet::scan", mutates_args=())
def _scan(a: Tensor, b: Tensor, start: Tensor, back: bool) -> Tensor:
    """An operation of its own, which compilers call as it is: written out, its loop would take them a minute."""
    return pieces(a, b, start, 1 if a.device.type == "cpu" else max(1, math.isqrt(a.shape[1])), back)


@_scan.register_fake
def _(a: Tensor, b: Tensor, start: Tensor, back: bool) -> Tensor:
    return torch.empty_like(b, memory_format=torch.contiguous_format)


def _remember(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor, bool], output: Tensor) -> None:
    a, _, start, ctx.back = inputs
    ctx.save_for_backward(a, output, start)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
    """The same recurrence from the other end; it can be differentiated again."""
    a, h, start = ctx.saved_tensors
    none, first, first_h = torch.zeros_like(a[:, :1]), slice(0, 1), start.unsqueeze(1)
    if ctx.back:
        after, before = torch.cat((none, a[:, :-1]), 1), torch.cat((h[:, 1:], first_h), 1)
        first = slice(-1, None)
    else:
        after, before = torch.cat((a[:, 1:], none), 1), torch.cat((first_h, h[:, :-1]), 1)
    g = _scan(after, gradient, torch.zeros_like(start), not ctx.back)
    return g * before, g, (a[:, first] * g[:, first]).squeeze(1), None


_scan.register_autograd(_backward, setup_context=_remember)


def _as_program(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """The recurrence as one operation with any number of steps: torch's `scan`, which ONNX has too."""
    from torch._higher_order_ops.scan import scan as operation

    def step(h: Tensor, ab: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        h = torch.addcmul(ab[1], ab[0], h)
        return h, h.clone()

    steps = a.transpose(0, 1).detach(), b.transpose(0, 1).detach()  # a program has no gradients
    _, h = operation(step, start.detach().contiguous(), steps, dim=0)
    found: Tensor = h.transpose(0, 1)
    return found
