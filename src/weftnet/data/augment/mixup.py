"""Mixup: each example blended with a partner, and its target likewise.

    λ ~ Beta(alpha, alpha),   x′ = λ x + (1 − λ) x[partner],   y′ = λ y + (1 − λ) y[partner]

Source: Zhang and others, mixup: beyond empirical risk minimization, 2017, https://arxiv.org/abs/1710.09412.
Differs: every example draws its own λ; the authors' code draws one for the batch. Class indices become soft targets
(batch, classes); numbers are blended as they are.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import beta, blend, partners, positive


class Mixup:
    """Blend pairs of examples.

    Args:
        alpha: of the Beta distribution; 1 is uniform, smaller blends less.
    """

    blends = True

    def __init__(self, alpha: float = 0.2) -> None:
        positive("mixup", alpha=alpha)
        self.alpha = alpha

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Blend every example with its partner."""
        partner, share = partners(images, generator), beta(images, self.alpha, generator)
        target = blend(target, partner, share, classes, "mixup")
        share = share.view(-1, *[1] * (images.ndim - 1))
        return share * images + (1 - share) * images[partner], target
