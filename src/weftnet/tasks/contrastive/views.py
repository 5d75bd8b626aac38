"""Another view of an example: changed at random, but still the same thing.

    image           turned by up to 10°, scaled by up to 30 %, shifted by up to 15 %; brightness, contrast and colour
    series, wave    x · (1 + 0.2 n) + 0.1 m, n ~ N(0, 1) an example, m ~ N(0, 1) a value; a stretch of up to a fifth of
                    the time is hidden by zeros, the mean
    vector          each column with probability 0.3 that of another example of the batch
    tokens          each left out with probability `drop`, never all; dropout in the network does the rest

Sources: images: T. Chen and others, SimCLR, 2020, https://arxiv.org/abs/2002.05709, where a crop and a change of colour
count most; none is mirrored, as a mirrored digit is none. Series: T. Um and others, 2017,
https://arxiv.org/abs/1706.00527. Vectors: D. Bahri and others, SCARF, 2022, https://arxiv.org/abs/2106.15147, with a
share of 0.6. Texts: T. Gao and others, SimCSE, 2021, https://arxiv.org/abs/2104.08821.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from weftnet.data.augment.affine import Affine
from weftnet.data.augment.colour import Colour

Mask: TypeAlias = Tensor | None

_MOVE, _LIGHT = Affine(degrees=10, scale=0.3, shift=0.15), Colour()
_LOUDER, _NOISE, _HIDDEN = 0.2, 0.1, 0.2
_SWAPPED = 0.3


def image(x: Tensor, mask: Mask, generator: torch.Generator, **_: Any) -> tuple[Tensor, Mask]:
    """Images (batch, channels, height, width)."""
    moved = _MOVE.transform(x, generator).images(x)
    return _LIGHT(moved, moved, generator)[0], mask


def series(x: Tensor, mask: Mask, generator: torch.Generator, **_: Any) -> tuple[Tensor, Mask]:
    """Series and waves (batch, time, dim)."""
    louder = 1 + _LOUDER * _normal((len(x), 1, 1), x, generator)
    noisy = x * louder + _NOISE * _normal(tuple(x.shape), x, generator)
    length = x.shape[1]
    width = (_uniform((len(x), 1), x, generator) * (int(_HIDDEN * length) + 1)).floor()
    start = (_uniform((len(x), 1), x, generator) * (length - width + 1)).floor()
    place = torch.arange(length, device=x.device)
    hidden = (place >= start) & (place < start + width)
    if mask is not None:
        hidden = hidden | ~mask
    return noisy.masked_fill(hidden[:, :, None], 0.0), mask


def vector(
    x: Tensor, mask: Mask, generator: torch.Generator, *, widths: Sequence[int] = (), **_: Any
) -> tuple[Tensor, Mask]:
    """Vectors (batch, dim), whose columns are `widths` wide; of one value each, where nothing is said."""
    columns = torch.tensor(widths or [1] * x.shape[1], device=x.device)
    swapped = (_uniform((len(x), len(columns)), x, generator) < _SWAPPED).repeat_interleave(columns, 1)
    other = (_uniform((len(x), len(columns)), x, generator) * len(x)).long().repeat_interleave(columns, 1)
    return torch.where(swapped, x.gather(0, other), x), mask


def tokens(x: Tensor, mask: Mask, generator: torch.Generator, *, drop: float = 0.0, **_: Any) -> tuple[Tensor, Mask]:
    """Tokens (batch, time); those that stay move up."""
    if not drop:
        return x, mask
    real = torch.ones_like(x, dtype=torch.bool) if mask is None else mask
    luck = _uniform(tuple(x.shape), x, generator)
    best = luck.masked_fill(~real, -1).argmax(1, keepdim=True)
    kept = real & ((luck >= drop) | (torch.arange(x.shape[1], device=x.device) == best))
    order = (~kept).long().argsort(dim=1, stable=True)
    left = torch.arange(x.shape[1], device=x.device) < kept.sum(1, keepdim=True)
    return x.gather(1, order).masked_fill(~left, 0), left if mask is not None else None


#: kind of signal → (values, mask, generator, widths=…, drop=…) → another view
VIEWS: dict[str, Callable[..., tuple[Tensor, Mask]]] = {
    "image": image, "series": series, "wave": series, "vector": vector, "tokens": tokens,
}  # fmt: skip


def _uniform(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device).to(like.device)


def _normal(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device).to(like)
