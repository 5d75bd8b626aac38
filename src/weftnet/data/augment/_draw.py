"""Random numbers from the generator's own device, and soft labels: shared by the augmentations."""

import numpy as np
import torch
from torch import Tensor

from weftnet.errors import SettingError


def uniform(images: Tensor, generator: torch.Generator) -> Tensor:
    """(batch,) uniform in [0, 1), on the images' device."""
    return torch.rand(len(images), generator=generator, device=generator.device).to(images.device)


def normal(images: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers in the shape and dtype of the images, drawn as float32."""
    return torch.randn(images.shape, generator=generator, device=generator.device).to(images)


def below(images: Tensor, bound: int | Tensor, generator: torch.Generator) -> Tensor:
    """(batch,) uniform integers from 0 to bound − 1, each example with its own bound."""
    return (uniform(images, generator) * bound).long()


def partners(images: Tensor, generator: torch.Generator) -> Tensor:
    """(batch,) a random partner for each example: a permutation."""
    return torch.randperm(len(images), generator=generator, device=generator.device).to(images.device)


def beta(images: Tensor, alpha: float, generator: torch.Generator) -> Tensor:
    """(batch,) from Beta(alpha, alpha); torch's own sampler takes no generator, so NumPy draws with a seed from it."""
    seed = int(torch.randint(2**62, (1,), generator=generator, device=generator.device))
    shares = np.random.Generator(np.random.Philox(key=seed)).beta(alpha, alpha, len(images))
    return torch.from_numpy(shares).to(images)


def blend(target: Tensor, partner: Tensor, share: Tensor, classes: int | None, name: str) -> Tensor:
    """share · target + (1 − share) · target[partner]; class indices become (batch, classes) first."""
    if not target.is_floating_point():
        if classes is None:
            raise SettingError(f"{name} mixes classes and needs their number", fix="use it with a classifier")
        target = torch.nn.functional.one_hot(target, classes).to(share.dtype)
    share = share.to(target.dtype).view(-1, *[1] * (target.ndim - 1))
    return share * target + (1 - share) * target[partner]


def positive(name: str, **settings: float) -> None:
    """Refuse settings that are not above 0."""
    for key, value in settings.items():
        if not value > 0:
            raise ValueError(f"{name}: {key}: expected a number above 0, got {value!r}")


def share(name: str, **settings: float) -> None:
    """Refuse settings outside 0 … 1."""
    for key, value in settings.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name}: {key}: expected a number from 0 to 1, got {value!r}")
