"""Convolutional LSTM over sequences of images: gates and states are images, and products are convolutions.

    i = σ(W_xi * x + W_hi * h + w_ci ∘ c + b_i)              input gate
    f = σ(W_xf * x + W_hf * h + w_cf ∘ c + b_f)              forget gate
    c' = f ∘ c + i ∘ tanh(W_xc * x + W_hc * h + b_c)
    o = σ(W_xo * x + W_ho * h + w_co ∘ c' + b_o)             output gate
    h' = o ∘ tanh(c')                                        y[t] = h'

* is a convolution that keeps height and width. The peepholes w are (channels, height, width), and start at zero.

Source: X. Shi and others, Convolutional LSTM network: a machine learning approach for precipitation nowcasting, 2015,
https://arxiv.org/abs/1506.04214, equation 3
`read` is W_xi, W_xf, W_xc, W_xo stacked, with the biases; `recur` is the same of h. Both start as torch's convolutions,
the forget gate's bias at 1. With a mask outputs at padding are zero; masks are contiguous from the left.
Cost: 4 · channels · kernel² · (channels_in + channels) multiplications a pixel and step;
4 · channels · (kernel² · (channels_in + channels) + 1) + 3 · channels · height · width parameters.
When: For pictures in a row: rain radar, short videos, where things move little from one to the next.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class ConvLstm(nn.Module):
    """A convolutional LSTM.

    Args:
        channels_in: of each image of the sequence.
        height: of the images.
        width: of the images.
        channels: of the states, and of the output's images.
        kernel: side of the convolutions, odd.
    """

    def __init__(self, channels_in: int, height: int, width: int, channels: int, kernel: int = 3) -> None:
        super().__init__()
        positive("conv_lstm", channels_in=channels_in, height=height, width=width, channels=channels, kernel=kernel)
        if kernel % 2 == 0:
            raise ValueError(f"conv_lstm: kernel: expected an odd size, got {kernel}")
        self.read = nn.Conv2d(channels_in, 4 * channels, kernel, padding=kernel // 2)
        self.recur = nn.Conv2d(channels, 4 * channels, kernel, padding=kernel // 2, bias=False)
        self.peepholes = nn.Parameter(torch.zeros(3, channels, height, width))
        assert self.read.bias is not None
        nn.init.ones_(self.read.bias[channels : 2 * channels])

    def forward(
        self,
        x: Float[Tensor, "batch time channels_in height width"],
        mask: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time channels height width"]:
        """The hidden images at every step."""
        padding = None if mask is None else ~mask[:, :, None, None, None]
        x = x if padding is None else x.masked_fill(padding, 0)
        y, _ = self.step(x, self.initial_state(x.shape[0], x.shape[1]).to(x))
        return y if padding is None else y.masked_fill(padding, 0)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """h and c, (batch, 2, channels, height, width): zeros."""
        return self.peepholes.new_zeros(batch, 2, *self.peepholes.shape[1:])

    def step(
        self,
        x: Float[Tensor, "batch time channels_in height width"],
        state: Float[Tensor, "batch 2 channels height width"],
    ) -> tuple[Float[Tensor, "batch time channels height width"], Float[Tensor, "batch 2 channels height width"]]:
        """Continue by the next images from a state."""
        h, c = state.unbind(1)
        w_i, w_f, w_o = self.peepholes
        read = self.read(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # all steps at once
        outputs = []
        for t in range(x.shape[1]):
            i, f, n, o = (read[:, t] + self.recur(h)).chunk(4, dim=1)
            c = torch.sigmoid(f + w_f * c) * c + torch.sigmoid(i + w_i * c) * torch.tanh(n)
            h = torch.sigmoid(o + w_o * c) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs, 1), torch.stack((h, c), 1)
