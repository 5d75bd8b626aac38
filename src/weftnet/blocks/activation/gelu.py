"""Gaussian error linear unit: each value times the share of a normal distribution that lies below it.

    approximate = "none":  y = x · Φ(x) = x/2 · (1 + erf(x / √2))
    approximate = "tanh":  y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))

Source: D. Hendrycks, K. Gimpel, Gaussian error linear units (GELUs), 2016, https://arxiv.org/abs/1606.08415.
BERT and ViT use "none", GPT-2 uses "tanh"; they differ by less than 0.0005.
Differs from torch: it is `F.gelu`. The paper's third form, x·σ(1.702·x), is not offered.
Cost: no parameters; one erf or tanh per value.
When: In Transformers, and to load weights of BERT, GPT-2 or ViT. In small convolutional networks `relu` is cheaper and
as good.
"""

from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Gelu(nn.Module):
    """A smooth relu.

    Args:
        approximate: "none" for the exact form, "tanh" for that of GPT-2.
    """

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ValueError(f"gelu: approximate: expected 'none' or 'tanh', got {approximate!r}")
        self.approximate = approximate

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.gelu(x, approximate=self.approximate)
