"""Rectified linear unit with a ceiling of 6.

    y = min(max(x, 0), 6)

The gradient is 0 outside and at both ends. Values that stay below 6 keep their precision in eight bits.
Source: A. Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010,
https://www.cs.toronto.edu/~kriz/conv-cifar10-aug2010.pdf; in networks for phones:
M. Sandler and others, MobileNetV2, 2018, https://arxiv.org/abs/1801.04381.
Differs from torch: it is `F.relu6`.
Cost: no parameters; two comparisons per value.
When: Where the network will be computed with eight bits, since the range of its values is known; MobileNet has it.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Relu6(nn.Module):
    """Zero for negative values, six for those beyond it, the identity between."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.relu6(x)
