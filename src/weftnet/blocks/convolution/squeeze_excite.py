"""Squeeze and excite: each channel of an image times a gate that sees the means of all channels.

    m[c] = mean over height and width of x[c]
    s = gate(W₂ f(W₁ m + b₁) + b₂)          W₁: channels → hidden,  W₂: hidden → channels
    y[c, h, w] = s[c] · x[c, h, w]

    gate   sigmoid: 1 / (1 + exp(−z));   hard: min(max(z + 3, 0), 6) / 6, as MobileNetV3 has it

Source: J. Hu, L. Shen, G. Sun, Squeeze-and-excitation networks, 2017, https://arxiv.org/abs/1709.01507; the hard gate:
A. Howard and others, Searching for MobileNetV3, 2019, https://arxiv.org/abs/1905.02244.
Differs from torch, which has none.
Cost: 2·channels·hidden + channels + hidden parameters; two operations a value.
When: Behind the convolutions of a residual, where the whole image says which channels matter: few parameters, and often
a better score.
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive

_ACTIVATIONS = {"relu": F.relu, "silu": F.silu}
_GATES = {"sigmoid": F.sigmoid, "hard": F.hardsigmoid}


class SqueezeExcite(nn.Module):
    """Gates for channels.

    Args:
        channels: of the image.
        hidden: values between the two layers; a sixteenth of the channels by default.
        activation: f.
        gate: sigmoid or hard.
    """

    def __init__(
        self,
        channels: int,
        hidden: int | None = None,
        activation: Literal["relu", "silu"] = "relu",
        gate: Literal["sigmoid", "hard"] = "sigmoid",
    ) -> None:
        super().__init__()
        hidden = max(1, channels // 16) if hidden is None else hidden
        positive("squeeze_excite", channels=channels, hidden=hidden)
        self.activation, self.gate = activation, gate
        self.squeeze, self.excite = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Gate every channel."""
        hidden = _ACTIVATIONS[self.activation](self.squeeze(x.mean((2, 3))))
        y: Tensor = x * _GATES[self.gate](self.excite(hidden))[:, :, None, None]
        return y
