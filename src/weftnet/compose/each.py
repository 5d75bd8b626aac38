"""A body that reads every step of a sequence by itself: `each: [conv2d, relu, global_average_pool2d]`.

    y[b, t] = body(x[b, t])

The steps of all examples go through the body as one batch, so that any network of images reads the frames of a video,
and any network of vectors the steps of a series. What the body gives for a step is no sequence itself.
With a mask, steps at padding are left out in training – they don't count in the statistics of a batch norm – and give
zeros; in evaluation all are computed, and those at padding give zeros.
Cost: the body's for every step.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from weftnet.architecture.faults import Edit
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Each
from weftnet.compose.call import Value
from weftnet.compose.flow import Flow, Path, Result, combined
from weftnet.compose.walk import Walk


def step_of(flow: Flow) -> Flow:
    """The steps of a sequence as examples of their own."""
    signal = replace(flow.signal, axes=flow.signal.axes[1:], sizes=flow.signal.sizes[1:], padded=False)
    return replace(flow, signal=signal, value=flow.value.flatten(0, 1), mask=None)


def resolve_each(walk: Walk, node: Each, flow: Flow | None, path: Path, spec: Path) -> Result:
    """The body on a step, and the sequence of what it gives."""
    inside = (*path, "body"), (*spec, "body")
    if flow is None:
        walk.node(node.body, None, *inside)
        return None
    if flow.signal.axes[:1] != ("time",) or len(flow.signal.axes) < 2:
        what = "reads a sequence of images or vectors, step by step"
        fix = Edit(spec, "replace", [node.body]) if walk.repair.fits(node.body, flow) else None
        walk.fault(spec, "each", what, reads="steps", received=str(flow.signal), by=flow.by, fix=fix)
        return None
    result = walk.node(node.body, step_of(flow), *inside)
    if result is None:
        return None
    body, end = result
    if "time" in end.signal.axes:
        what = "the body gives a sequence for each step: a sequence of sequences is read by nothing"
        fix = Edit((*spec, "body"), "after", [Block("flatten")])
        walk.fault(spec, "each", what, received=str(end.signal), by=end.by, fix=fix)
        return None
    time = flow.signal.sizes[0]
    signal = Signal(
        ("time", *end.signal.axes), (time, *end.signal.sizes), end.signal.dtype, end.signal.known, flow.signal.padded
    )
    return combined(
        "each", path, flow, Flow(signal, _together(end.value, flow.value), flow.mask, end.by), {"body": body}
    )


def on_each(body: Callable[[Tensor], Tensor], x: Tensor, mask: Tensor | None, training: bool) -> Value:
    """Run a body on the steps (batch, time, …) of sequences."""
    steps = x.flatten(0, 1)
    if mask is None:
        return _together(body(steps), x), None
    real = mask.flatten()
    if training and not x.is_meta:
        given = body(steps[real])
        y = given.new_zeros(len(real), *given.shape[1:]).index_put((real,), given)
    else:
        given = body(steps)
        y = torch.where(real.view(-1, *[1] * (given.ndim - 1)), given, given.new_zeros(()))
    return _together(y, x), mask


def _together(steps: Tensor, x: Tensor) -> Tensor:
    """(batch · time, …) as (batch, time, …)."""
    return steps.reshape(*x.shape[:2], *steps.shape[1:])
