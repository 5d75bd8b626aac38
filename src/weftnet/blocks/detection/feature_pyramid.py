"""Feature pyramid: three images of one picture, each coarser; what the coarse ones know flows into the finer ones.

    m_coarse = lateral_coarse(coarse)
    m_middle = lateral_middle(middle) + up(m_coarse)
    m_fine   = lateral_fine(fine) + up(m_middle)
    y, middle, coarse = smooth_fine(m_fine), smooth_middle(m_middle), smooth_coarse(m_coarse)

lateral: convolutions 1×1 to `channels`; smooth: 3×3; up: the nearest pixel, to the size of the finer image. All three
outputs have `channels`; the fine one goes on, `output: middle` and `output: coarse` pick the others.
Source: T.-Y. Lin and others, Feature pyramid networks for object detection, 2017, https://arxiv.org/abs/1612.03144,
section 3.
Differs from the paper: any sizes, where there each image is twice as large as the next; convolutions start as torch's.
Cost: channels · (channels_fine + channels_middle + channels_coarse + 27 · channels + 6) parameters.
When: Where things of very different sizes are in one picture: detection, and segmentation of small parts.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class Pyramid(NamedTuple):
    """The three images, the finest first."""

    y: Float[Tensor, "batch channels height width"]
    middle: Float[Tensor, "batch channels height_middle width_middle"]
    coarse: Float[Tensor, "batch channels height_coarse width_coarse"]


class FeaturePyramid(nn.Module):
    """Top-down paths through three images.

    Args:
        channels_fine: channels of the largest image.
        channels_middle: of the next.
        channels_coarse: of the smallest.
        channels: of the outputs.
    """

    def __init__(self, channels_fine: int, channels_middle: int, channels_coarse: int, channels: int = 64) -> None:
        super().__init__()
        positive("feature_pyramid", channels=channels, channels_fine=channels_fine)
        positive("feature_pyramid", channels_middle=channels_middle, channels_coarse=channels_coarse)
        self.lateral_fine = nn.Conv2d(channels_fine, channels, 1)
        self.lateral_middle = nn.Conv2d(channels_middle, channels, 1)
        self.lateral_coarse = nn.Conv2d(channels_coarse, channels, 1)
        self.smooth_fine, self.smooth_middle, self.smooth_coarse = (
            nn.Conv2d(channels, channels, 3, padding=1) for _ in range(3)
        )

    def forward(
        self,
        fine: Float[Tensor, "batch channels_fine height width"],
        middle: Float[Tensor, "batch channels_middle height_middle width_middle"],
        coarse: Float[Tensor, "batch channels_coarse height_coarse width_coarse"],
    ) -> Pyramid:
        """From the coarse image down to the fine one."""
        top = self.lateral_coarse(coarse)
        between = self.lateral_middle(middle) + _up(top, middle)
        bottom = self.lateral_fine(fine) + _up(between, fine)
        return Pyramid(self.smooth_fine(bottom), self.smooth_middle(between), self.smooth_coarse(top))


def _up(image: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(image, size=like.shape[2:], mode="nearest")
