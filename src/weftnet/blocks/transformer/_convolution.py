"""The convolution module of a Conformer: a gate, a filter along time for each feature, and a mix of the features.

a, b = W_1 x + b_1                       halves of 2 · dim values
y = W_2 silu(norm(depthwise(a · σ(b)))) + b_2
"""

from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.convolution.conv1d import Conv1d
from weftnet.blocks.normalisation.batch_norm import BatchNorm


class ConvolutionModule(nn.Module):
    """dim → dim at each step, reading kernel steps around it."""

    def __init__(self, dim: int, kernel: int) -> None:
        super().__init__()
        self.gate = nn.Linear(dim, 2 * dim)
        self.depthwise = Conv1d(dim, dim, kernel, groups=dim, bias=False)  # the norm would take it away
        self.norm = BatchNorm(dim)
        self.mix = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """At padding the depthwise filter reads zeros, and the norm leaves it out."""
        y: Tensor = self.mix(F.silu(self.norm(self.depthwise(F.glu(self.gate(x), dim=-1), mask), mask)))
        return y
