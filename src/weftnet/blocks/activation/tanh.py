"""Hyperbolic tangent.

    y = (exp(x) − exp(−x)) / (exp(x) + exp(−x))

Source: Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998,
http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf.
Differs from torch: it is `torch.tanh`; LeCun's scaling 1.7159·tanh(2x/3) is not applied.
Cost: no parameters; one tanh per value.
When: Inside recurrent cells, at the end of a generator whose examples lie between −1 and 1, and in small networks of
smooth functions.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Tanh(nn.Module):
    """Squash values into −1 … 1."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return torch.tanh(x)
