"""Comparing a block with an independent oracle: the same values, and the same gradients of inputs and weights."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import jaxtyping
import torch
from torch import Tensor, nn
from torch.func import functional_call


def same(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> None:
    """Equal shape, dtype and values."""
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def differ(a: Tensor, b: Tensor) -> None:
    """Far apart: no rounding."""
    assert (a - b).abs().max() > 1e-3


def normal(*shape: int) -> Tensor:
    """Random numbers in float64."""
    return torch.randn(shape, dtype=torch.float64)


def gradients_match(
    f: Callable[..., Tensor], g: Callable[..., Tensor], inputs: Sequence[Tensor], tolerance: float = 1e-10
) -> None:
    """`f(*inputs)` and `g(*inputs)` agree in value, and in the gradient of every input for a random direction."""
    results = []
    for function in (f, g):
        leaves = [tensor.detach().clone().requires_grad_() for tensor in inputs]
        value = function(*leaves)
        direction = torch.randn(value.shape, generator=torch.Generator().manual_seed(1), dtype=value.dtype)
        gradients = torch.autograd.grad(value, leaves, direction, allow_unused=True)
        filled = (torch.zeros_like(x) if d is None else d for x, d in zip(leaves, gradients, strict=True))
        results.append((value, *filled))
    for mine, other in zip(*results, strict=True):
        same(mine, other, tolerance)


def functional(block: nn.Module) -> tuple[Callable[..., Tensor], list[Tensor]]:
    """The block as `f(x, *weights, **others)`, and random float64 weights in the order of its parameters."""
    block.double()
    names = [name for name, _ in block.named_parameters()]
    weights = [torch.randn(p.shape, dtype=torch.float64) for p in block.parameters()]

    def f(x: Tensor, *values: Tensor, **others: Tensor) -> Tensor:
        return functional_call(block, dict(zip(names, values, strict=True)), (x,), others)

    return f, weights


def randomise(block: nn.Module) -> nn.Module:
    """The block in float64 with every parameter drawn anew, biases and gains included."""
    block.double()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_()
    return block


def padding_neutral(block: nn.Module, x: Tensor, lengths: Sequence[int], steps: Callable[[int], int] | None) -> None:
    """Rows of these lengths, padded with NaN, give what each gives alone, the same gradients, and zero at padding.

    Args:
        block: a block that takes `mask`.
        x: (batch, time, …); what lies beyond a row's length is overwritten.
        lengths: the real steps of each row.
        steps: the output's steps for a length; None where the output has no time axis.
    """
    lengths_column = torch.tensor(lengths).unsqueeze(1)
    mask = torch.arange(x.shape[1]) < lengths_column
    padded = torch.where(mask.view(*mask.shape, *[1] * (x.ndim - 2)), x, torch.nan).requires_grad_()
    together = block(padded, mask=mask)
    for row, length in enumerate(lengths):
        if steps is None or steps(length) > 0:
            alone = x[row : row + 1, :length].detach().clone().requires_grad_()
            expected = block(alone)
            real = together[row : row + 1] if steps is None else together[row : row + 1, : steps(length)]
            same(real, expected)
            direction = torch.randn_like(expected)
            (wanted,) = torch.autograd.grad(expected, alone, direction)
            (gradient,) = torch.autograd.grad(real, padded, direction, retain_graph=True)
            same(gradient[row : row + 1, :length], wanted)
            assert not gradient[row, length:].any()
        if steps is not None:
            assert not together[row, max(steps(length), 0) :].any()
    if steps is not None and hasattr(block, "next_mask"):
        wanted_mask = torch.arange(together.shape[1]) < torch.tensor([[steps(length)] for length in lengths])
        assert torch.equal(block.next_mask(mask), wanted_mask)


def exports(block: nn.Module, *inputs: Tensor | None) -> None:
    """`torch.export` of the block in evaluation gives the same numbers, also for inputs of another content."""
    block.eval()
    with unchecked():
        exported = torch.export.export(block, inputs).module()
    others = tuple(x.flip(0) if isinstance(x, Tensor) else x for x in inputs)
    same(exported(*others), block(*others))


@contextmanager
def unchecked() -> Iterator[None]:
    """Without the checks of annotations, as a user runs: what is left are the block's own errors."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
