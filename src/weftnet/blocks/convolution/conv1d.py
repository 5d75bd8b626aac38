"""Convolution of a sequence: one filter bank slides along time.

    y[t, o] = bias[o] + Σₖ Σᵢ weight[o, i, k] · x[t·stride + k·dilation − before, i]      x is 0 outside 0 … time − 1
    time_out = ⌊(time + before + after − dilation·(kernel − 1) − 1) / stride⌋ + 1

    padding    before, after                     with reach = dilation·(kernel − 1)
    same       ⌊reach/2⌋, ⌈reach/2⌉              time_out = ⌈time/stride⌉
    valid      0, 0
    causal     reach, 0                          y[t] sees x up to t·stride
    p          p, p

(As everywhere in deep learning this is a correlation: the kernel is not flipped.)
With a mask, padding reads as zeros and gives zeros, and the real outputs are those of the sequence alone.
Source: A. Waibel et al., Phoneme recognition using time-delay neural networks, 1989, https://doi.org/10.1109/29.21701;
causal and dilated: A. van den Oord et al., WaveNet, 2016, https://arxiv.org/abs/1609.03499.
Differs from torch: it is `nn.Conv1d`, features last; 'same' takes a stride; 'causal' and masks are added.
Cost: dim·dim_in/groups·kernel + dim parameters; 2·dim·dim_in/groups·kernel FLOPs an output step.
When: For series, sounds and texts whose patterns are local; with `causal` padding for forecasts. A stride makes it see
far at little cost.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.convolution._window import divides, fits, margins, next_mask, split


class Conv1d(nn.Module):
    """A convolution along time.

    Args:
        dim_in: features of an input step.
        dim: filters, the features of an output step.
        kernel: input steps a filter reads.
        stride: input steps from one output to the next.
        padding: "same", "valid", "causal", or zeros at either end.
        dilation: input steps from one of a filter's values to the next.
        groups: splits features and filters into groups that don't see each other.
        bias: whether to add a learned constant.
    """

    resizable: ClassVar[Mapping[str, str]] = {"conv.out": "dim", "conv.in": "dim_in"}

    def __init__(
        self,
        dim_in: int,
        dim: int,
        kernel: int = 3,
        stride: int = 1,
        padding: Literal["same", "valid", "causal"] | int = "same",
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        positive("conv1d", dim_in=dim_in, dim=dim, kernel=kernel, stride=stride, dilation=dilation)
        divides("conv1d", groups, dim_in=dim_in, dim=dim)
        self.kernel, self.stride, self.dilation = kernel, stride, dilation
        self._reach = dilation * (kernel - 1)
        self.zeros = margins("conv1d", padding, kernel, stride, dilation, ("same", "valid", "causal"))
        common, self.rest = split(self.zeros)
        self.conv = nn.Conv1d(dim_in, dim, kernel, stride, common, dilation, groups, bias)

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time_out dim"]:
        """Convolve along time; steps where the mask is False read and give zero."""
        fits("conv1d", "time", x.shape[1], self.kernel, self.dilation, self.zeros)
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        x = x.transpose(1, 2)
        y: Tensor = self.conv(F.pad(x, self.rest) if any(self.rest) else x).transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask).unsqueeze(-1), 0)

    def next_mask(self, mask: Tensor) -> Tensor:
        """(batch, time_out): the outputs that the sequence alone would give."""
        return next_mask(mask, self._reach, self.stride, self.zeros)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """Zeros in place of the steps before the first.

        Raises:
            ValueError: an output would need later steps, or there is not one for each step.
        """
        if self.stride != 1 or self.zeros != (self._reach, 0):
            raise ValueError("conv1d: step: expected padding='causal' and stride=1")
        return self.conv.weight.new_zeros(batch, self._reach, self.conv.in_channels)

    def step(
        self, x: Float[Tensor, "batch time dim_in"], state: Float[Tensor, "batch reach dim_in"]
    ) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch reach dim_in"]]:
        """Convolve the next steps; the state is the last dilation·(kernel − 1) steps before them."""
        seen = torch.cat((state, x), dim=1)
        y: Tensor = self.conv(seen.transpose(1, 2)).transpose(1, 2)
        return y, seen[:, seen.shape[1] - self._reach :]
