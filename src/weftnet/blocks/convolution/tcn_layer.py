"""Residual layer of a temporal convolutional network: two dilated causal convolutions beside a shortcut.

    f(u; v, g, b) = dropout(relu(b + g v / ‖v‖ * u))            causal, `kernel` values `dilation` steps apart
    y = relu(x' + f(f(x)))                                      x' = x, or W x + b where the sizes differ

‖v‖ is each filter's own. Layers with dilations 1, 2, 4 … read 2 (kernel − 1)(2ⁿ − 1) + 1 steps.

Source: S. Bai, J. Z. Kolter, V. Koltun, An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling, 2018, https://arxiv.org/abs/1803.01271, section 3.3; v and g: T. Salimans, D. Kingma, Weight
normalization, 2016, https://arxiv.org/abs/1602.07868
As the authors' `TemporalBlock`: weights start at N(0, 0.01²). Whole channels are not dropped together. With a mask
outputs at padding are zero; masks are contiguous from the left.
Cost: kernel · dim · (dim_in + dim) multiplications a step, and dim_in · dim for a shortcut of another size;
as many parameters + 4 · dim (5 · dim).
When: For series and sounds where far steps count and all steps shall be computed at once; dilations double from layer
to layer.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.regularisation._drop import Drop


class TcnLayer(nn.Module):
    """Two dilated causal convolutions with a residual.

    Args:
        dim_in: size of each step.
        dim: size of each step of the output.
        kernel: values that a filter reads.
        dilation: steps from one of them to the next.
        dropout: rate behind each convolution, in training.
    """

    def __init__(self, dim_in: int, dim: int, kernel: int = 3, dilation: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        positive("tcn_layer", dim_in=dim_in, dim=dim, kernel=kernel, dilation=dilation)
        self.first = _Normed(dim_in, dim, kernel, dilation)
        self.second = _Normed(dim, dim, kernel, dilation)
        self.dropout = Drop(dropout)
        self.shortcut = None if dim_in == dim else nn.Linear(dim_in, dim)
        self.sizes, self.reach = [dim_in, dim], dilation * (kernel - 1)

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """What the filters add to each step."""
        state = self.initial_state(x.shape[0], x.shape[1]).to(x)
        return zeroed(self.step(zeroed(x, mask), state)[0], mask)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """What both convolutions read before the first step, side by side: zeros."""
        return self.first.bias.new_zeros(batch, self.reach, sum(self.sizes))

    def step(
        self, x: Float[Tensor, "batch time dim_in"], state: Float[Tensor, "batch reach dim_both"]
    ) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch reach dim_both"]]:
        """Continue by the next steps; the state is what the convolutions read last."""
        before, before_second = state.split_with_sizes(self.sizes, dim=2)
        seen = torch.cat((before, x), dim=1)
        hidden = self.dropout(F.relu(self.first(seen)))
        seen_second = torch.cat((before_second, hidden), dim=1)
        change = self.dropout(F.relu(self.second(seen_second)))
        shortcut = x if self.shortcut is None else self.shortcut(x)
        after = torch.cat((seen, seen_second), dim=2)
        return F.relu(shortcut + change), after[:, after.shape[1] - self.reach :]


class _Normed(nn.Module):
    """A dilated convolution (batch, time, dim_in) → (batch, time − reach, dim); g is the length of its filters."""

    def __init__(self, dim_in: int, dim: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.v = nn.Parameter(torch.empty(dim, dim_in, kernel).normal_(std=0.01))
        self.g = nn.Parameter(self.v.detach().flatten(1).norm(dim=1))
        self.bias = nn.Parameter(torch.empty(dim).uniform_(-1, 1) * (dim_in * kernel) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Only where the filters fit."""
        weight = self.v * (self.g / self.v.flatten(1).norm(dim=1))[:, None, None]
        return F.conv1d(x.transpose(1, 2), weight, self.bias, dilation=self.dilation).transpose(1, 2)
