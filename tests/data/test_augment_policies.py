"""The operations of the policies against Pillow's, and the policies' draws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from weftnet.data import AUGMENTATIONS
from weftnet.data.augment import _pixels
from weftnet.data.augment._policy import Ranges, layer
from weftnet.data.geometry import Warp

BATCH, HEIGHT, WIDTH = 7, 11, 13
SHIFT, SCALE = 0.4, 0.25


def pictures(channels: int) -> np.ndarray[Any, Any]:
    """Bytes (batch, height, width, channels) of which each image has black and white, in few levels."""
    draw = np.random.default_rng(0)
    images = draw.integers(20, 180, (BATCH, HEIGHT, WIDTH, channels), dtype=np.uint8)
    images[:, 0, 0], images[:, 5, 6] = 0, 255
    return images


def encoded(images: np.ndarray[Any, Any]) -> Tensor:
    """As a column normalises them."""
    return (torch.from_numpy(images).double().movedim(3, 1) / 255 - SHIFT) / SCALE


def bytes_of(images: Tensor) -> np.ndarray[Any, Any]:
    return ((images * SCALE + SHIFT) * 255).movedim(1, 3).numpy()


def pillow(images: np.ndarray[Any, Any], change: Callable[[Image.Image], Image.Image]) -> np.ndarray[Any, Any]:
    mode = (lambda x: x[..., 0]) if images.shape[3] == 1 else (lambda x: x)
    return np.stack([np.asarray(change(Image.fromarray(mode(each)))).reshape(each.shape) for each in images])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("strength", [-0.7, 0.3, 1.0])
@pytest.mark.parametrize(
    ("name", "enhancer"),
    [("light", "Brightness"), ("colour", "Color"), ("contrast", "Contrast"), ("sharpness", "Sharpness")],
)
def test_what_is_blended_is_as_pillow_blends_it(name: str, enhancer: str, strength: float, channels: int) -> None:
    if name == "colour" and channels == 1:
        pytest.skip("Pillow has no colour of grey images")
    images = pictures(channels)
    signed = torch.full((BATCH,), strength, dtype=torch.float64)
    ours = bytes_of(getattr(_pixels, name)(encoded(images), signed, 0.9, 4))
    theirs = pillow(images, lambda image: getattr(ImageEnhance, enhancer)(image).enhance(1 + 0.9 * strength))
    assert np.abs(ours - theirs).max() < 3  # Pillow rounds the grey, its mean and the smoothed image to bytes
    assert np.abs(ours - theirs).mean() < 0.8
    assert np.abs(ours - images).mean() > 3


@pytest.mark.parametrize("channels", [1, 3])
def test_the_other_operations_are_pillow_s(channels: int) -> None:
    images = pictures(channels)
    signed = torch.linspace(-1, 1, BATCH, dtype=torch.float64)
    x = encoded(images)
    for name, theirs in (
        ("stretch", lambda image: ImageOps.autocontrast(image)),
        ("equalise", lambda image: ImageOps.equalize(image)),
    ):
        ours = bytes_of(getattr(_pixels, name)(x, signed, 0.9, 4))
        np.testing.assert_allclose(ours, pillow(images, theirs), atol=1.01 if name == "stretch" else 1e-6)
    for n in range(BATCH):
        one = images[n : n + 1]
        bits = 8 - round(4 * abs(float(signed[n])))
        ours = bytes_of(_pixels.posterise(x[n : n + 1], signed[n : n + 1], 0.9, 4))
        np.testing.assert_allclose(
            ours, pillow(one, lambda image, kept=bits: ImageOps.posterize(image, kept)), atol=1e-6
        )
        limit = 255 * (1 - abs(float(signed[n])))
        ours = bytes_of(_pixels.solarise(x[n : n + 1], signed[n : n + 1], 0.9, 4))
        theirs_ = pillow(one, lambda image, level=limit: ImageOps.solarize(image, level))
        np.testing.assert_allclose(ours, theirs_, atol=1e-6)


def test_an_image_of_one_value_stays() -> None:
    flat = torch.full((3, 3, 5, 4), 0.7)
    for operation in _pixels.PIXELS:
        assert torch.equal(operation(flat, torch.tensor([0.5, -0.5, 1.0]), 0.9, 4), flat)


def test_each_image_gets_one_operation_of_fourteen() -> None:
    """Among many images, each operation is drawn about equally often, and what is not drawn does not touch them."""
    many = 1400
    images = torch.rand(many, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    strength = torch.full((many,), 0.9)
    warp, change = layer(images, strength, Ranges(0.3, 0.4, 30.0, 0.9, 4), torch.Generator().manual_seed(1))
    assert isinstance(warp, Warp)
    assert not isinstance(change, Warp)
    moved = (warp.matrix != torch.eye(3)).flatten(1).any(1)
    changed = (change(images) != images).flatten(1).any(1)
    assert not (moved & changed).any()
    assert torch.equal(warp.images(images)[~moved], images[~moved])
    share = (5 / 14, 8 / 14)
    for count, expected in zip((moved.sum(), changed.sum()), share, strict=True):
        deviation = (many * expected * (1 - expected)) ** 0.5
        assert abs(int(count) - many * expected) < 5 * deviation
    turns = warp.matrix[:, 0, 0].acos().nan_to_num()
    assert turns.max().item() == pytest.approx(27 * np.pi / 180)
    assert warp.matrix[:, 0, 2].abs().max() <= 0.36 * 6 + 3  # a shift, or what a shear about the middle adds


@pytest.mark.parametrize("name", ["rand_augment", "trivial_augment"])
def test_a_policy_is_its_steps(name: str) -> None:
    made = AUGMENTATIONS.get(name)()
    images = encoded(pictures(3))
    expected = images
    for step in made.steps(images, torch.Generator().manual_seed(4)):
        expected = step.images(expected) if isinstance(step, Warp) else step(expected)
    result, _ = made(images, torch.zeros(BATCH), torch.Generator().manual_seed(4))
    assert torch.equal(result, expected)
    assert result.amin() >= images.amin() - 1e-9
    assert result.amax() <= images.amax() + 1e-9


def test_without_strength_rand_augment_changes_little() -> None:
    """Only what has no strength is left: stretching, equalising, and posterising to eight bits."""
    images = encoded(pictures(3))
    made = AUGMENTATIONS.get("rand_augment")(layers=1, strength=0)
    drawn = torch.Generator().manual_seed(4)
    operation = (torch.rand(BATCH, generator=drawn) * 14).long()
    result, _ = made(images, torch.zeros(BATCH), torch.Generator().manual_seed(4))
    for n in range(BATCH):
        if operation[n] < 12:
            torch.testing.assert_close(result[n], images[n], atol=0.5 / 255 / SCALE, rtol=0)


@pytest.mark.parametrize(("name", "settings"), [("rand_augment", {"layers": 0}), ("rand_augment", {"strength": 31})])
def test_settings_are_checked(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{name}: .*expected"):
        AUGMENTATIONS.get(name)(**settings)
