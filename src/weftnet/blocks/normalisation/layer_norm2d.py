"""Layer normalisation of an image: every pixel on its own, over its channels.

    mean = Σ_c x[c, h, w] / channels,   var = Σ_c (x[c, h, w] − mean)² / channels
    y[c, h, w] = (x[c, h, w] − mean) / √(var + eps) · weight[c] + bias[c]

Neither other examples nor other pixels are involved.
Source: J. L. Ba, J. R. Kiros, G. Hinton, Layer normalization, 2016, https://arxiv.org/abs/1607.06450; of pixels: Z. Liu
and others, A ConvNet for the 2020s, 2022, https://arxiv.org/abs/2201.03545.
Differs from torch: it is `nn.LayerNorm` with the channels last.
Cost: 2·channels parameters; some 8 operations per value.
When: In convolutional networks built as Transformers are (ConvNeXt), and with small batches.
"""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class LayerNorm2d(nn.Module):
    """Mean 0 and variance 1 over the channels of each pixel, then a learned gain and shift.

    Args:
        channels: of the image.
        eps: added to the variance.
    """

    mixes_features: ClassVar[bool] = True

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        positive("layer_norm2d", channels=channels)
        if eps <= 0:
            raise ValueError(f"layer_norm2d: eps: expected a positive number, got {eps}")
        self.norm = nn.LayerNorm(channels, eps)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Normalise every pixel."""
        y: Tensor = self.norm(x.movedim(1, -1)).movedim(-1, 1)
        return y
