"""Cutmix: a rectangle of each image replaced by its partner's, and the target by the pixels' shares.

    λ ~ Beta(alpha, alpha),  the rectangle's sides √(1 − λ) of the image's, its centre uniform, clipped at the border
    y′ = s y + (1 − s) y[partner],   s = share of the pixels that were kept

Source: Yun and others, CutMix, 2019, https://arxiv.org/abs/1905.04899.
Differs: every example draws its own rectangle; the authors' code draws one for the batch.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import below, beta, blend, partners, positive


class Cutmix:
    """Exchange rectangles between examples.

    Args:
        alpha: of the Beta distribution; 1 is uniform.
    """

    blends = True

    def __init__(self, alpha: float = 1.0) -> None:
        positive("cutmix", alpha=alpha)
        self.alpha = alpha

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Replace a rectangle of every image by its partner's."""
        partner, side = partners(images, generator), (1 - beta(images, self.alpha, generator)).sqrt()
        inside = []
        for size in images.shape[2:]:
            centre, half = below(images, size, generator), (side * size).long() // 2
            places = torch.arange(size, device=images.device)
            inside.append((places >= (centre - half)[:, None]) & (places < (centre + half)[:, None]))
        patch = inside[0][:, :, None] & inside[1][:, None, :]
        kept = 1 - patch.flatten(1).to(images.dtype).mean(1)
        target = blend(target, partner, kept, classes, "cutmix")
        return torch.where(patch[:, None], images[partner], images), target
