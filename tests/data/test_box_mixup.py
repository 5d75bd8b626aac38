"""Pictures seen through each other: the boxes of both stay, with their shares; and what ends before a training does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.data import AUGMENTATIONS, open_data
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.tasks.segmentation.example import segmentation
from weftnet.train.augment import Augment


@pytest.fixture(scope="module")
def boxed() -> Data:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 16, 16), dtype=np.uint8)
    boxes = [
        {"size": [16, 16], "boxes": [[1, 2, 5 + n % 7, 8]] * (n % 3), "labels": ["ab"[n % 2]] * (n % 3)}
        for n in range(20)
    ]
    return open_data({"image": list(pixels), "boxes": boxes}, target="boxes")


def test_boxes_of_both_stay_with_their_shares(boxed: Data) -> None:
    batch = boxed.train_batch(0, 12, 0)
    entry = {"box_mixup": {"probability": 0.7}}
    moved = Augment([entry], boxed)(batch, torch.Generator().manual_seed(3))
    drawn = AUGMENTATIONS.get("box_mixup")(probability=0.7)
    overlay = drawn.transform(batch.inputs["image"], torch.Generator().manual_seed(3))
    mask, before = moved.target_mask, batch.target_mask
    assert mask is not None
    assert before is not None
    assert 0 < int((overlay.lambdas == 1).sum()) < 12
    room = batch.target.shape[1]
    for n, (partner, share) in enumerate(zip(overlay.partners.tolist(), overlay.lambdas.tolist(), strict=True)):
        x = batch.inputs["image"]
        torch.testing.assert_close(moved.inputs["image"][n], share * x[n] + (1 - share) * x[partner])
        own, others = moved.target[n, :room], moved.target[n, room:]
        assert torch.equal(mask[n, :room], before[n])
        assert torch.equal(own[before[n]][:, :5], batch.target[n][before[n]])
        assert own[before[n]][:, 5].tolist() == pytest.approx([share] * int(before[n].sum()))
        expected = before[partner] if share < 1 else torch.zeros_like(before[n])
        assert torch.equal(mask[n, room:], expected)
        assert torch.equal(others[expected][:, :5], batch.target[partner][expected])
        assert others[expected][:, 5].tolist() == pytest.approx([1 - share] * int(expected.sum()))
        assert (others[~expected][:, 4] == -1).all()


def test_shares_are_multiplied_and_moved_along(boxed: Data) -> None:
    mixup = {"box_mixup": {"probability": 1.0}}
    batch = boxed.train_batch(0, 12, 0)
    twice = Augment([mixup, mixup, "flip"], boxed)(batch, torch.Generator().manual_seed(1))
    counts, mask = twice.target[..., 5], twice.target_mask
    assert mask is not None
    assert twice.target.shape[1:] == (4 * batch.target.shape[1], 6)
    whole = counts.view(12, 4, -1)[:, :, 0].sum(1)  # of all four, whether they have boxes or not
    torch.testing.assert_close(whole, torch.ones(12))
    assert bool(mask.any())


def test_a_mask_can_not_follow(tmp_path: Path) -> None:
    discs = open_data(segmentation(tmp_path).source)
    with pytest.raises(SettingError, match=r"a pixel of a mask has one class[\s\S]*fix: take mosaic"):
        Augment(["box_mixup"], discs)
    with pytest.raises(SettingError, match="this target has no place in them"):
        Augment(["box_mixup"], open_data("digits"))


def test_what_ends_before_the_training_does(boxed: Data) -> None:
    batch = boxed.train_batch(0, 8, 0)
    augment = Augment([{"box_mixup": {"until": 0.8}}, {"flip": {"probability": 1.0}}], boxed)
    during, after = (augment(batch, torch.Generator().manual_seed(0), progress) for progress in (0.79, 0.8))
    assert during.target.shape[2] == 6
    assert after.target.shape[2] == 5
    assert torch.equal(after.inputs["image"], batch.inputs["image"].flip(3))


@pytest.mark.parametrize("until", [0, 1.5, "late", True])
def test_until_is_a_share(until: Any, boxed: Data) -> None:
    with pytest.raises(SettingError, match="flip: until can't be used"):
        Augment([{"flip": {"until": until}}], boxed)


@pytest.mark.parametrize("wrong", [{"alpha": 0}, {"probability": 1.5}])
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"box_mixup:.*expected"):
        AUGMENTATIONS.get("box_mixup")(**wrong)
