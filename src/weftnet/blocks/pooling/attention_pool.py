"""Attention pooling of a sequence: a weighted mean of its steps; a learned query decides the weights.

    u[t] = tanh(key · x[t] + bias)               key: (dim_hidden, dim_in)
    a = softmaxₜ(query · u[t])                   over the real steps
    y = Σₜ a[t] · x[t]

A sequence without a real step gives zero.
Source: Z. Yang et al., Hierarchical attention networks for document classification, 2016,
https://aclanthology.org/N16-1174.
Differs from torch, which has none.
Cost: dim_in·dim_hidden + 2·dim_hidden parameters; 2·(dim_in·dim_hidden + dim_hidden + dim_in) FLOPs a step.
When: At the end of a sequence in which a few steps decide; what it looked at can be shown.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class AttentionPool(nn.Module):
    """A mean of the steps, weighted by a learned query.

    Args:
        dim_in: features of a step.
        dim_hidden: size of the query; dim_in by default.
    """

    resizable: ClassVar[Mapping[str, str]] = {"key.out": "dim_hidden", "query.in": "dim_hidden"}

    def __init__(self, dim_in: int, dim_hidden: int | None = None) -> None:
        super().__init__()
        dim_hidden = dim_in if dim_hidden is None else dim_hidden
        for name, value in (("dim_in", dim_in), ("dim_hidden", dim_hidden)):
            if value < 1:
                raise ValueError(f"attention_pool: {name}: expected a positive integer, got {value}")
        self.key = nn.Linear(dim_in, dim_hidden)
        self.query = nn.Linear(dim_hidden, 1, bias=False)

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Weigh and sum the steps; where the mask is False the weight is zero."""
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        scores = self.query(torch.tanh(self.key(x)))
        if mask is not None:  # a finite score: a row of padding alone would make −∞ − (−∞)
            scores = scores.masked_fill(~mask.unsqueeze(-1), torch.finfo(x.dtype).min)
        return (torch.softmax(scores, 1) * x).sum(1)
