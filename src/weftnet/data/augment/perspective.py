"""Perspective: each image seen from another side, by a shift of its corners at random.

    corner_k = (x_k, y_k) → (x_k ± uniform · strength · width / 2, y_k ± uniform · strength · height / 2), inwards
    p′ = (u / w, v / w),   (u, v, w) = M (x, y, 1),   M the one matrix with M[2, 2] = 1 that moves the four corners so

Each corner moves inwards by its own draw, so that the whole image stays in sight. M follows from eight linear
equations, two a corner:

    x a + y b + c − x x′ g − y x′ h = x′        x d + y e + f − x y′ g − y y′ h = y′

Source: R. Hartley, A. Zisserman, Multiple view geometry in computer vision, 2004, section 4.1, for the equations; the
corners as torchvision's `RandomPerspective` moves them.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import share, uniform
from weftnet.data.augment._spatial import Spatial
from weftnet.data.geometry import BORDERS, Warp, identity


class Perspective(Spatial):
    """Random view.

    Args:
        strength: how far a corner may move, as a share of half of the image; below 1.
        probability: share of the images that are seen from another side.
        border: what comes from beyond the border: `edge`, `zero`, or `reflect`.
    """

    def __init__(self, strength: float = 0.3, probability: float = 0.5, border: str = "edge") -> None:
        share("perspective", strength=strength, probability=probability)
        if strength == 1:
            raise ValueError("perspective: strength: expected a number below 1, got 1")
        if border not in BORDERS:
            raise ValueError(f"perspective: border: expected {', '.join(BORDERS)}, got {border!r}")
        self.strength, self.probability, self.border = strength, probability, border

    def transform(self, images: Tensor, generator: torch.Generator) -> Warp:
        """Each example by its own matrix."""
        height, width = images.shape[-2:]
        chosen = uniform(images, generator) < self.probability
        draws = torch.stack([uniform(images, generator) for _ in range(8)], 1).double().view(-1, 4, 2)
        sizes = draws.new_tensor([width, height])
        corners = draws.new_tensor([[0, 0], [width, 0], [width, height], [0, height]])
        inwards = draws.new_tensor([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        matrix = _through(corners, corners + inwards * draws * self.strength * sizes / 2)
        still = identity(len(images), images.device)
        return Warp(torch.where(chosen[:, None, None], matrix, still), self.border, height, width)


def _through(corners: Tensor, moved: Tensor) -> Tensor:
    """(batch, 3, 3) the matrices that move (4, 2) corners to (batch, 4, 2) others."""
    x, y = corners.expand_as(moved).unbind(-1)
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    across = torch.stack([x, y, one, zero, zero, zero, -x * moved[..., 0], -y * moved[..., 0]], -1)
    down = torch.stack([zero, zero, zero, x, y, one, -x * moved[..., 1], -y * moved[..., 1]], -1)
    equations = torch.cat([across, down], 1)
    eight = torch.linalg.solve(equations, moved.movedim(-1, 1).flatten(1))
    return torch.cat([eight, torch.ones_like(eight[:, :1])], 1).view(-1, 3, 3)
