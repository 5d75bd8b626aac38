"""Histograms of oriented gradients against the formula pixel by pixel, and what they don't depend on."""

import math

import pytest
import torch
from oracles import exports, gradients_match, normal, same
from torch import Tensor

from weftnet.blocks.reshape.oriented_gradients import OrientedGradients

CELL, BINS, BLOCK = 3, 5, 2


def norm(v: Tensor) -> Tensor:
    return v / (v.square().sum() + 1e-6).sqrt()


def written(x: Tensor) -> Tensor:
    """Pixel by pixel; the bin of each vote by its distance in degrees."""
    channels, height, width = x.shape[1:]
    out = []
    for image in x:
        cells = [[[torch.zeros((), dtype=x.dtype)] * BINS for _ in range(width // CELL)] for _ in range(height // CELL)]
        for i in range(height // CELL * CELL):
            for j in range(width // CELL * CELL):
                found = []
                for c in range(channels):
                    down = image[c, min(i + 1, height - 1), j] - image[c, max(i - 1, 0), j]
                    right = image[c, i, min(j + 1, width - 1)] - image[c, i, max(j - 1, 0)]
                    found.append((float((down**2 + right**2).detach()), down, right))
                _, down, right = max(found, key=lambda each: each[0])
                degrees = torch.rad2deg(torch.atan2(down, right)) % 180
                for k in range(BINS):
                    middle, apart = (k + 0.5) * 180 / BINS, 180 / BINS
                    distances = [abs(degrees - middle + turn) for turn in (-180, 0, 180)]
                    distance = min(distances, key=lambda each: float(each.detach()))
                    if distance < apart:
                        share = (down**2 + right**2).sqrt() * (1 - distance / apart) / CELL**2
                        cells[i // CELL][j // CELL][k] = cells[i // CELL][j // CELL][k] + share
        blocks = []
        for r in range(height // CELL - BLOCK + 1):
            for s in range(width // CELL - BLOCK + 1):
                v = torch.stack([h for a in range(BLOCK) for b in range(BLOCK) for h in cells[r + a][s + b]])
                blocks.append(norm(norm(v).clamp(max=0.2)))
        out.append(torch.stack(blocks, 1).reshape(BINS * BLOCK**2, height // CELL - BLOCK + 1, -1))
    return torch.stack(out)


@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_its_formula(channels: int) -> None:
    gradients_match(OrientedGradients(CELL, BINS, BLOCK), written, [normal(2, channels, 7, 11)])


def test_contrast_and_brightness_change_nothing() -> None:
    x, block = normal(2, 3, 16, 16), OrientedGradients()
    same(block(x), block(-100 * x + 7), 1e-3)


@pytest.mark.parametrize(("turn", "bin_"), [(0, 0), (1, 2), (2, 4), (3, 6), (4, 8)])
def test_a_slope_votes_for_its_own_direction(turn: int, bin_: int) -> None:
    """20° a bin: a slope of 10° lies in the middle of the first."""
    angle = math.radians(10 + 40 * turn)
    i, j = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    slope = (i * math.sin(angle) + j * math.cos(angle)).reshape(1, 1, 8, 8)
    inner = OrientedGradients(2, 9, 1)(slope)[0, :, 1, 1]
    assert int(inner.argmax()) == bin_
    assert inner[bin_] > 0.99


def test_an_even_image_has_no_edges_and_finite_gradients() -> None:
    x = torch.ones(1, 3, 16, 16, requires_grad=True)
    y = OrientedGradients()(x)
    assert not y.any()
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert gradient.isfinite().all()


def test_low_precision() -> None:
    x = torch.randn(2, 3, 16, 16).bfloat16()
    y = OrientedGradients()(x)
    assert y.dtype is torch.bfloat16
    same(y.float(), OrientedGradients()(x.float()), 0.01)


def test_exports() -> None:
    exports(OrientedGradients(3, 5, 2), torch.randn(2, 3, 9, 12))


def test_settings_and_misfits() -> None:
    with pytest.raises(ValueError, match="oriented_gradients: bins: expected at least 2, got 1"):
        OrientedGradients(bins=1)
    with pytest.raises(ValueError, match="x: expected at least 8×8 pixels, got 7×20"):
        OrientedGradients()(torch.zeros(1, 1, 7, 20))
