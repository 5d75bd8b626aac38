"""Hard swish: silu drawn with straight lines, which a phone computes without an exponential.

    y = x · min(max(x + 3, 0), 6) / 6

Differs from torch: it is `F.hardswish`.
Source: A. Howard and others, Searching for MobileNetV3, 2019, https://arxiv.org/abs/1905.02244, section 5.2.
Cost: no parameters; two comparisons and two products per value.
When: In networks for phones and small processors, where an exponential costs much; elsewhere `silu`.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class HardSwish(nn.Module):
    """x · relu6(x + 3) / 6."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.hardswish(x)
