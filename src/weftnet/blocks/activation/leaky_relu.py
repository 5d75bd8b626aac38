"""Leaky rectified linear unit: negative values are scaled down, so that their gradient never vanishes.

    y = x          where x > 0
    y = slope · x  elsewhere

Source: A. Maas, A. Hannun, A. Ng, Rectifier nonlinearities improve neural network acoustic models, 2013,
https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf.
Differs from torch: it is `F.leaky_relu`. GANs are often built with slope = 0.2.
Cost: no parameters; one comparison and product per value.
When: In the critic of a GAN (slope 0.2), or where `relu` leaves many units that are always zero.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class LeakyRelu(nn.Module):
    """A relu that lets a fraction of negative values through.

    Args:
        slope: the factor of negative values, 0 … 1.
    """

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        if not 0 <= slope <= 1:
            raise ValueError(f"leaky_relu: slope: expected a number from 0 to 1, got {slope}")
        self.slope = slope

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.leaky_relu(x, self.slope)
