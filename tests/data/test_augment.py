"""Augmentations against loops over the examples that see the same random numbers."""

import inspect
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from weftnet.data import AUGMENTATIONS
from weftnet.data.augment.alternating_flip import coin
from weftnet.errors import SettingError

BATCH, CHANNELS, HEIGHT, WIDTH, CLASSES = 37, 3, 9, 12, 5
IMAGES = torch.randn(BATCH, CHANNELS, HEIGHT, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
TARGET = torch.randint(CLASSES, (BATCH,), generator=torch.Generator().manual_seed(2))


def apply(name: str, seed: int = 0, target: Tensor = TARGET, **arguments: Any) -> tuple[Tensor, Tensor]:
    made = AUGMENTATIONS.get(name)(**arguments)
    asked = inspect.signature(made).parameters
    extra = {key: value for key, value in {"rows": torch.arange(BATCH), "epoch": seed}.items() if key in asked}
    result: tuple[Tensor, Tensor] = made(IMAGES, target, torch.Generator().manual_seed(seed), classes=CLASSES, **extra)
    return result


def uniforms(count: int, seed: int = 0) -> list[list[float]]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(BATCH, generator=generator).tolist() for _ in range(count)]


def test_crop() -> None:
    images, _ = apply("crop", padding=2, border="zero")
    down, right = uniforms(2)
    for n in range(BATCH):
        padded = torch.zeros(CHANNELS, HEIGHT + 4, WIDTH + 4, dtype=IMAGES.dtype)
        padded[:, 2:-2, 2:-2] = IMAGES[n]
        top, left = int(down[n] * 5), int(right[n] * 5)
        assert torch.equal(images[n], padded[:, top : top + HEIGHT, left : left + WIDTH])


def test_crop_repeats_the_outermost_pixels() -> None:
    images, _ = apply("crop", padding=2)
    down, right = uniforms(2)
    for n in range(BATCH):
        top, left = int(down[n] * 5) - 2, int(right[n] * 5) - 2
        for i in range(HEIGHT):
            for j in range(WIDTH):
                row, column = min(max(i + top, 0), HEIGHT - 1), min(max(j + left, 0), WIDTH - 1)
                assert torch.equal(images[n, :, i, j], IMAGES[n, :, row, column])


def test_colour() -> None:
    images, target = apply("colour", brightness=0.7, contrast=0.3, saturation=0.9)
    light, contrast, saturation = ([2 * draw - 1 for draw in drawn] for drawn in uniforms(3))
    assert torch.equal(target, TARGET)
    for n in range(BATCH):
        x = IMAGES[n].numpy()
        grey = x.mean(0)
        coloured = grey + (1 + 0.9 * saturation[n]) * (x - grey)
        expected = x.mean() + (1 + 0.3 * contrast[n]) * (coloured - x.mean()) + 0.7 * light[n]
        np.testing.assert_allclose(images[n].numpy(), expected, rtol=1e-9, atol=1e-9)


def test_flip() -> None:
    images, _ = apply("flip", probability=0.3)
    (coin,) = uniforms(1)
    for n in range(BATCH):
        expected = (
            torch.stack([IMAGES[n, :, :, WIDTH - 1 - j] for j in range(WIDTH)], 2) if coin[n] < 0.3 else IMAGES[n]
        )
        assert torch.equal(images[n], expected)
    assert torch.equal(apply("flip", probability=0.0)[0], IMAGES)
    assert torch.equal(apply("flip", probability=1.0)[0], IMAGES.flip(-1))


def test_crop_mirrors_the_edge() -> None:
    images, _ = apply("crop", padding=3, border="reflect")
    down, right = uniforms(2)
    for n in range(BATCH):
        top, left = int(down[n] * 7) - 3, int(right[n] * 7) - 3
        for i in range(HEIGHT):
            for j in range(WIDTH):
                row, column = abs(i + top), abs(j + left)  # the edge itself stands once
                row, column = min(row, 2 * (HEIGHT - 1) - row), min(column, 2 * (WIDTH - 1) - column)
                assert torch.equal(images[n, :, i, j], IMAGES[n, :, row, column])


def test_an_alternating_flip_shows_both_sides_of_every_image_in_two_epochs() -> None:
    flip, rows = AUGMENTATIONS.get("alternating_flip")(), torch.randperm(10_000)[:BATCH]
    both = [flip(IMAGES, TARGET, torch.Generator(), rows=rows, epoch=epoch)[0] for epoch in range(4)]
    turned = [[bool(torch.equal(images[n], IMAGES[n].flip(2))) for n in range(BATCH)] for images in both]
    for n in range(BATCH):
        assert torch.equal(both[0][n], both[1][n].flip(2))
        assert torch.equal(both[0][n], both[2][n])
        assert [each[n] for each in turned].count(True) == 2
    assert 0 < sum(turned[0]) < BATCH
    assert torch.equal(both[3], both[1])


def test_the_coin_of_the_alternating_flip_is_fair_and_of_the_row_alone() -> None:
    rows = torch.arange(60_000)
    coins = coin(rows)
    assert torch.equal(coin(rows[7:9]), coins[7:9])
    assert abs(int(coins.sum()) - 30_000) < 5 * math.sqrt(60_000) / 2
    for step in (1, 2, 3, 10):  # neighbours, and every tenth as sets sorted by class have them, agree half of the time
        equal = int((coins[:-step] == coins[step:]).sum())
        assert abs(equal - (60_000 - step) / 2) < 5 * math.sqrt(60_000) / 2


def test_erase() -> None:
    images, _ = apply("erase", probability=0.8, low=0.05, high=0.4)
    coin, areas, ratios, tops, lefts = uniforms(5)
    erased = 0
    for n in range(BATCH):
        expected = IMAGES[n].clone()
        if coin[n] < 0.8:
            area = (0.05 + 0.35 * areas[n]) * HEIGHT * WIDTH
            ratio = math.exp((2 * ratios[n] - 1) * math.log(1 / 0.3))
            tall = min(HEIGHT, max(1, round(math.sqrt(area * ratio))))
            wide = min(WIDTH, max(1, round(math.sqrt(area / ratio))))
            top, left = int(tops[n] * (HEIGHT - tall + 1)), int(lefts[n] * (WIDTH - wide + 1))
            expected[:, top : top + tall, left : left + wide] = 0
            erased += 1
        assert torch.equal(images[n], expected)
    assert 0 < erased < BATCH


def pairs(alpha: float) -> tuple[list[int], list[float]]:
    generator = torch.Generator().manual_seed(0)
    partner = torch.randperm(BATCH, generator=generator).tolist()
    seed = int(torch.randint(2**62, (1,), generator=generator))
    return partner, np.random.Generator(np.random.Philox(key=seed)).beta(alpha, alpha, BATCH).tolist()


def test_mixup() -> None:
    images, target = apply("mixup", alpha=0.7)
    partner, share = pairs(0.7)
    for n in range(BATCH):
        expected = share[n] * IMAGES[n] + (1 - share[n]) * IMAGES[partner[n]]
        torch.testing.assert_close(images[n], expected)
        soft = [0.0] * CLASSES
        soft[TARGET[n]] += share[n]
        soft[TARGET[partner[n]]] += 1 - share[n]
        torch.testing.assert_close(target[n], torch.tensor(soft, dtype=target.dtype))


def test_cutmix() -> None:
    images, target = apply("cutmix")
    partner, share = pairs(1.0)
    for n in range(BATCH):
        mine = (images[n] == IMAGES[n]).all(0)
        theirs = (images[n] == IMAGES[partner[n]]).all(0)
        assert (mine | theirs).all()
        hole = ~mine if partner[n] != n else torch.zeros_like(mine)
        rows, columns = hole.any(1).nonzero(), hole.any(0).nonzero()
        if len(rows):  # one rectangle, no larger than λ allows
            assert hole.sum() == (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
            assert hole.sum() <= (1 - share[n]) * HEIGHT * WIDTH + 1e-6
            kept = 1 - hole.double().mean()
            soft = kept * torch.eye(CLASSES)[TARGET[n]] + (1 - kept) * torch.eye(CLASSES)[TARGET[partner[n]]]
            torch.testing.assert_close(target[n].double(), soft.double())


def test_mixing_other_targets() -> None:
    numbers = torch.randn(BATCH)
    _, mixed = apply("mixup", target=numbers)
    partner, share = pairs(0.2)
    expected = [share[n] * numbers[n] + (1 - share[n]) * numbers[partner[n]] for n in range(BATCH)]
    torch.testing.assert_close(mixed, torch.stack(expected).float())
    _, soft = apply("mixup")
    _, twice = apply("cutmix", target=soft)
    torch.testing.assert_close(twice.sum(1), torch.ones(BATCH, dtype=twice.dtype))
    with pytest.raises(SettingError, match="mixup mixes classes"):
        AUGMENTATIONS.get("mixup")()(IMAGES, TARGET, torch.Generator())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("crop", {"padding": 0}),
        ("crop", {"padding": 1.5}),
        ("crop", {"border": "mirror"}),
        ("flip", {"probability": 1.1}),
        ("affine", {"degrees": 181}),
        ("affine", {"scale": 1}),
        ("affine", {"shift": -0.1}),
        ("affine", {"border": "mirror"}),
        ("blur", {"low": 2.0, "high": 1.0}),
        ("pixel_noise", {"strength": 0}),
        ("rotate", {"degrees": 0}),
        ("rotate", {"border": "mirror"}),
        ("perspective", {"strength": 1}),
        ("perspective", {"border": "mirror"}),
        ("resized_crop", {"low": 0}),
        ("resized_crop", {"low": 0.5, "high": 0.4}),
        ("resized_crop", {"proportion": 0.9}),
        ("resized_crop", {"probability": 2}),
        ("erase", {"probability": -1}),
        ("erase", {"low": 0.5, "high": 0.1}),
        ("mixup", {"alpha": 0}),
        ("cutmix", {"alpha": -1}),
    ],
)
def test_settings_are_checked(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{name}:.*expected"):
        AUGMENTATIONS.get(name)(**arguments)


def test_blur() -> None:
    images, _ = apply("blur", probability=0.8, low=0.3, high=1.2)
    coin, widths = uniforms(2)
    blurred = 0
    for n in range(BATCH):
        if coin[n] >= 0.8:
            assert torch.equal(images[n], IMAGES[n])
            continue
        sigma = 0.3 + 0.9 * widths[n]
        kernel = np.exp(-(np.arange(-3, 4) ** 2) / (2 * sigma**2))
        x = np.pad(IMAGES[n].numpy(), ((0, 0), (3, 3), (3, 3)), "edge")
        for axis in (1, 2):
            x = np.apply_along_axis(np.convolve, axis, x, kernel / kernel.sum(), "valid")
        np.testing.assert_allclose(images[n].numpy(), x, atol=1e-6)
        blurred += 1
    assert 0 < blurred < BATCH


def test_pixel_noise() -> None:
    images, _ = apply("pixel_noise", strength=0.5)
    draw = torch.Generator().manual_seed(0)
    sigma = 0.5 * torch.rand(BATCH, generator=draw).double()
    noise = torch.randn(IMAGES.shape, generator=draw).double()
    torch.testing.assert_close(images, IMAGES + sigma[:, None, None, None] * noise)
