"""Decoupled towers: what is at each place of an image, and how far its borders are, by convolutions of their own.

    c = what(x),  b = where(x)                      `depth` times: convolution 3×3 – normalisation – silu
    y[p] = (s (j + ½), s (i + ½), s, c[:, i, j], b[:, i, j])           p = i · width + j,  s the stride

So a place knows where in the picture it is: pixel (i, j) of the image is the square of s pixels around its centre.
Two towers learn faster than one, since what a thing is and where it ends ask for other features.
Source: Z. Ge and others, YOLOX: Exceeding YOLO series in 2021, 2021, https://arxiv.org/abs/2107.08430, section 2.1;
places: Z. Tian and others, FCOS: Fully convolutional one-stage object detection, 2019,
https://arxiv.org/abs/1904.01355, section 3.1.
Differs from YOLOX: places have their centres, and the last layers are a block of their own, `box_head`.
Cost: 2 · (9 · dim · (channels_in + (depth − 1) · dim) + 2 · depth · dim) parameters.
When: In a detector, on every level of a pyramid: what a thing is and where its borders are need different features.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class DecoupledTower(nn.Module):
    """Places of an image, each with its centre, its stride, and two vectors.

    Args:
        channels_in: channels of the image.
        stride: pixels of the picture from one place to the next.
        dim: of each of the two vectors.
        depth: convolutions of each tower.
    """

    def __init__(self, channels_in: int, stride: int, dim: int = 64, depth: int = 1) -> None:
        super().__init__()
        positive("decoupled_tower", channels_in=channels_in, stride=stride, dim=dim, depth=depth)
        self.stride = stride
        self.what, self.where = (_tower(channels_in, dim, depth) for _ in range(2))

    def forward(self, x: Float[Tensor, "batch channels_in height width"]) -> Float[Tensor, "batch places features"]:
        """Row by row."""
        height, width = x.shape[2:]
        down, across = (torch.arange(n, dtype=x.dtype, device=x.device) + 0.5 for n in (height, width))
        rows, columns = torch.meshgrid(down, across, indexing="ij")
        places = torch.stack([columns * self.stride, rows * self.stride, torch.full_like(rows, self.stride)], 2)
        towers = torch.cat([self.what(x), self.where(x)], 1)
        return torch.cat([places.view(1, -1, 3).expand(x.shape[0], -1, -1), towers.flatten(2).mT], 2)


def _tower(channels: int, dim: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number in range(depth):
        layers += [
            nn.Conv2d(dim if number else channels, dim, 3, padding=1, bias=False),
            nn.BatchNorm2d(dim),
            nn.SiLU(),
        ]
    return nn.Sequential(*layers)
