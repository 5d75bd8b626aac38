"""Batch normalisation of features that have a value for each of four turns, which share mean, variance and gain.

    y[4 c + r] = (x[4 c + r] − mean[c]) / √(var[c] + eps) · weight[c] + bias[c]
    training:    mean and var over examples, pixels and the four turns;  evaluation: their running means

Turned input, turned output: see `rotation_conv2d`.
Source: S. Ioffe, C. Szegedy, Batch normalization, 2015, https://arxiv.org/abs/1502.03167; of turns: T. Cohen, M.
Welling, Group equivariant convolutional networks, 2016, https://arxiv.org/abs/1602.07576, section 6.
Differs from torch: it is `nn.BatchNorm3d` with the turns as an axis.
Cost: channels/2 parameters; some 8 operations per value.
When: Behind `rotation_lifting2d` and `rotation_conv2d`, where `batch_norm2d` would treat the turns unequally.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks.convolution._rotations import TURNS, fibres


class RotationNorm2d(nn.Module):
    """Mean 0 and variance 1 of each feature over the batch, the image and the turns.

    Args:
        channels: of the input, four for each feature.
        eps: added to the variance.
        momentum: the share of a batch in the running statistics.
    """

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        features = fibres("rotation_norm2d", channels)
        if eps <= 0 or not 0 <= momentum <= 1:
            raise ValueError(f"rotation_norm2d: expected eps > 0 and momentum from 0 to 1, got {eps} and {momentum}")
        self.norm = nn.BatchNorm3d(features, eps, momentum)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Normalise each feature."""
        y: Tensor = self.norm(x.reshape(x.shape[0], -1, TURNS, *x.shape[2:])).flatten(1, 2)
        return y
