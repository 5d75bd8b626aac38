"""Blur: each image convolved with a Gaussian of random width.

    y[i, j] = Σ_{a, b} g[a] g[b] x[i + a, j + b],   g[a] ∝ exp(−a² / 2 σ²),  |a| ≤ ⌈2 · high⌉
    σ ~ uniform in [low, high]

The border repeats the outermost pixels. Source: as T. Chen and others, A simple framework for contrastive learning of
visual representations, 2020, https://arxiv.org/abs/2002.05709, appendix A.
Cost: two convolutions along one axis each, of a kernel for each example.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from weftnet.data.augment._draw import share, uniform


class Blur:
    """Random Gaussian blur.

    Args:
        probability: share of the images that are blurred.
        low: the smallest standard deviation, in pixels.
        high: the largest.
    """

    def __init__(self, probability: float = 0.5, low: float = 0.1, high: float = 1.5) -> None:
        share("blur", probability=probability)
        if not 0 < low <= high:
            raise ValueError(f"blur: expected 0 < low ≤ high, got {low} and {high}")
        self.probability, self.low, self.high = probability, low, high

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Blur the chosen images."""
        chosen = uniform(images, generator) < self.probability
        sigma = (self.low + (self.high - self.low) * uniform(images, generator)).to(images.dtype)
        reach = math.ceil(2 * self.high)
        places = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
        kernels = torch.exp(-(places**2) / (2 * sigma[:, None] ** 2))
        kernels = (kernels / kernels.sum(1, keepdim=True)).repeat_interleave(images.shape[1], 0)[:, None, None]
        planes = images.flatten(0, 1)[None]  # a group for each channel of each example
        across = F.conv2d(F.pad(planes, (reach, reach, 0, 0), "replicate"), kernels, groups=len(kernels))
        down = F.conv2d(F.pad(across, (0, 0, reach, reach), "replicate"), kernels.mT, groups=len(kernels))
        return torch.where(chosen[:, None, None, None], down.view_as(images), images), target
