"""Box mixup: each image blended with a partner; the boxes of both stay, and count as much as is to be seen of them.

    λ ~ Beta(alpha, alpha),   x′ = λ x + (1 − λ) x[partner],   boxes′ = boxes of both, with weights λ and 1 − λ

With probability 1 − `probability` an example stays as it is.
Source: Z. Zhang and others, Bag of freebies for training object detection neural networks, 2019,
https://arxiv.org/abs/1902.04103, section 3.1.
Differs: both images have one size already, so that neither is padded. YOLOX (Z. Ge and others, 2021,
https://arxiv.org/abs/2107.08430) blends halves and gives all boxes their full weight.

For boxes and points. `mixup` blends classes and numbers of whole images; a mask has one class at a pixel.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import beta, partners, positive, share, uniform
from weftnet.data.overlay import Overlay


class BoxMixup:
    """Blend pairs of pictures and keep the boxes of both.

    Args:
        alpha: of the Beta distribution; 1 is uniform, larger blends more evenly.
        probability: share of the examples that are blended.
    """

    #: rows of a batch come together in one
    joins = True
    #: and there are two things at a pixel
    sees_through = True

    def __init__(self, alpha: float = 1.5, probability: float = 0.5) -> None:
        positive("box_mixup", alpha=alpha)
        share("box_mixup", probability=probability)
        self.alpha, self.probability = alpha, probability

    def transform(self, images: Tensor, generator: torch.Generator) -> Overlay:
        """A partner and a share for each of (batch, channels, height, width) images."""
        mixed = uniform(images, generator) < self.probability
        partner, shares = partners(images, generator), beta(images.float(), self.alpha, generator)
        height, width = images.shape[-2:]
        return Overlay(partner, torch.where(mixed, shares, torch.ones_like(shares)), height, width)

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images alone."""
        return self.transform(images, generator).images(images), target
