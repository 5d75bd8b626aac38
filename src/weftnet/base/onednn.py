"""Matrix products computed by oneDNN, where torch asks its BLAS library: the same sums in another order.

    y = x Wᵀ + b        ∂x = g W        ∂W = gᵀ x        ∂b = Σ g

MKL, torch's usual BLAS, uses the widest instructions on its maker's processors alone; oneDNN uses what the processor
has. On one core of an AMD EPYC with AVX-512 a float32 product of 1024³ runs at 110 GFLOP/s by MKL and at 240 by oneDNN;
on Intel's they are about alike. Products of some ten rows are slower, since each is an autograd function in Python.

Values and gradients differ from torch's by rounding, and can be differentiated again. Tensors are float32, on the CPU.
Source: oneDNN's inner product, by way of the operator that torch's compiler uses (`mkldnn::_linear_pointwise`).
"""

from typing import Any

import torch
from torch import Tensor


def can_use_onednn() -> bool:
    """Whether this torch has the operator."""
    built = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(built) and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x: (…, dim_in), weight: (dim_out, dim_in), bias: (dim_out) or None → x Wᵀ + b: (…, dim_out)."""
    if torch.is_grad_enabled():
        y: Tensor = _Product.apply(x, weight, bias)  # type: ignore[no-untyped-call]
        return y
    if not (weight.is_contiguous() or weight.t().is_contiguous()):
        weight = weight.contiguous()
    y = torch.ops.mkldnn._linear_pointwise.default(x, weight, bias, "none", [], "")
    return y


class _Product(torch.autograd.Function):
    """The product, of which each gradient is such a product again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """See `product`; here no gradients are recorded."""
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the three arguments, those that are needed."""
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias = ctx.needs_input_grad
        rows = g.flatten(0, -2)
        return (
            product(g, weight.t()) if of_x else None,
            product(rows.t(), x.flatten(0, -2).t()) if of_weight else None,
            rows.sum(0) if of_bias else None,
        )
