"""Histograms of oriented gradients (HOG): which way edges run in each cell of an image, whatever its contrast.

    g[i, j] = (x[i + 1, j] − x[i − 1, j], x[i, j + 1] − x[i, j − 1])     of the channel whose g is the longest
    u[i, j] = bins · angle(g[i, j]) / π − ½                               angle in [0, π): the way, not its sense
    h[k, r, s] = mean over the pixels of cell (r, s) of |g| · max(0, 1 − distance from u to k, round the circle of bins)
    v[r, s] = h of the block · block cells from (r, s) on
    y[:, r, s] = norm(min(norm(v[r, s]), 0.2)),     norm(v) = v / √(|v|² + ε²),  ε = 10⁻³
    height_out = ⌊height / cell⌋ − block + 1,  likewise for width

Beyond its edge an image goes on as it ends; rows and columns beyond the last whole cell are dropped. The channels of y
are the cells of a block, row by row, and the bins of each.
Source: N. Dalal, B. Triggs, Histograms of oriented gradients for human detection, 2005, with their L2-Hys norm,
https://doi.org/10.1109/CVPR.2005.177
Differs from the paper: a pixel votes in its own cell alone, without a Gaussian window. Torch has none.
Cost: no parameters; some 10 · bins operations a pixel.
When: As features of a linear model or a forest on images: a baseline that needs no training.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive

_FLOOR, _MOST = 1e-3, 0.2
#: a square of a length below which a gradient has no direction
_STILL = 1e-12


class OrientedGradients(nn.Module):
    """Histograms of the directions of edges.

    Args:
        cell: pixels of a cell along an axis.
        bins: directions that are told apart, over half a turn.
        block: cells along an axis that are normed together.
    """

    def __init__(self, cell: int = 4, bins: int = 9, block: int = 2) -> None:
        super().__init__()
        positive("oriented_gradients", cell=cell, bins=bins, block=block)
        if bins < 2:
            raise ValueError(f"oriented_gradients: bins: expected at least 2, got {bins}")
        self.cell, self.bins, self.block = cell, bins, block

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels_out height_out width_out"]:
        """Describe the edges of every block of cells.

        Raises:
            ValueError: the image is smaller than a block.
        """
        least = self.cell * self.block
        if min(x.shape[2:]) < least:
            got = f"{x.shape[2]}×{x.shape[3]}"
            raise ValueError(f"oriented_gradients: x: expected at least {least}×{least} pixels, got {got}")
        down, right = _gradients(x.to(torch.promote_types(x.dtype, torch.float32)))
        cells = F.avg_pool2d(self._votes(down, right), self.cell)
        rows, columns = (size - self.block + 1 for size in cells.shape[2:])
        places = [(i, j) for i in range(self.block) for j in range(self.block)]
        v = torch.cat([cells[:, :, i : i + rows, j : j + columns] for i, j in places], 1)
        return _normed(_normed(v).clamp(max=_MOST)).to(x.dtype)

    def _votes(self, down: Tensor, right: Tensor) -> Tensor:
        """(batch, bins, height, width) the length of each gradient, shared by the two bins it lies between."""
        squares = _square(down, right)
        still = squares < _STILL
        length = squares.masked_fill(still, 1).sqrt().masked_fill(still, 0)
        angle = torch.atan2(down.masked_fill(still, 0), right.masked_fill(still, 1))
        u = (angle * (self.bins / math.pi) - 0.5).unsqueeze(1)
        away = u - torch.arange(self.bins, dtype=u.dtype, device=u.device).reshape(1, -1, 1, 1)
        away = away - self.bins * (away / self.bins).round()
        return length.unsqueeze(1) * (1 - away.abs()).clamp(min=0)


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    """Down and to the right, (batch, height, width), of the channel where they are the longest."""
    wide = F.pad(x, (1, 1, 1, 1), mode="replicate")
    down = wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]
    right = wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2]
    longest = down[:, 0], right[:, 0]
    for each in zip(down.unbind(1)[1:], right.unbind(1)[1:], strict=True):  # argmax and gather take ten times as long
        longer = _square(*each) > _square(*longest)
        longest = torch.where(longer, each[0], longest[0]), torch.where(longer, each[1], longest[1])
    return longest


def _square(down: Tensor, right: Tensor) -> Tensor:
    return down.square() + right.square()


def _normed(v: Tensor) -> Tensor:
    """Of length 1 over the channels."""
    return v / (v.square().sum(1, keepdim=True) + _FLOOR**2).sqrt()
