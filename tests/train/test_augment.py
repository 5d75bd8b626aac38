"""The recipe's augmentations on batches of real columns: what moves along, and what is refused."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from weftnet.architecture.signal import Signal
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.number import Number
from weftnet.errors import SettingError
from weftnet.tasks.detection.example import detection
from weftnet.tasks.segmentation.example import segmentation
from weftnet.train.augment import Augment


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return open_data(segmentation(tmp_path_factory.mktemp("discs")).source)


def bright(batch: Batch) -> torch.Tensor:
    """Which pixels look like the disc."""
    image = next(iter(batch.inputs.values()))[:, 0]
    return image > (image.amax((1, 2), keepdim=True) + image.amin((1, 2), keepdim=True)) / 2


@pytest.mark.parametrize(
    "entry",
    ["mosaic", {"perspective": {"strength": 0.6, "probability": 1}}, {"rotate": {"degrees": 180}}, "quarter_turns"],
)
def test_a_mask_stays_that_of_its_image(entry: Any, discs: Data) -> None:
    batch = discs.train_batch(0, 16, 0)
    changed = Augment([entry], discs)(batch, generator())
    counts = changed.target_mask
    assert counts is not None
    assert not torch.equal(changed.target, batch.target)
    disc = torch.where(counts, changed.target == 1, False)
    agree = (bright(changed) == disc)[counts].double().mean()
    assert agree > 0.98
    apart = (bright(changed) == (batch.target == 1)).double().mean()
    assert 1 - apart > 2 * (1 - agree)  # than the mask that did not move


def test_what_is_put_together_needs_a_place(discs: Data) -> None:
    with pytest.raises(SettingError, match=r"mosaic puts images together, and this target has no place[\s\S]*cutmix"):
        Augment(["mosaic"], open_data("digits"))
    Augment(["mosaic"], discs)


def test_of_several_inputs_all_need_a_place(discs: Data) -> None:
    table: Any = SimpleNamespace(
        kinds={**discs.kinds, "size": Number()}, signals=discs.signals | {"size": Signal(("dim",), (1,))},
        target=discs.target,
    )  # fmt: skip
    with pytest.raises(SettingError, match="mosaic puts images together, and the input size has no place in them"):
        Augment(["mosaic"], table)


def test_a_class_goes_with_its_box(tmp_path: Path) -> None:
    """Of four pictures put together, each box is around something bright, and bars are wide where squares are not."""
    data = open_data(detection(tmp_path).source)
    batch = data.train_batch(0, 24, 0)
    mosaic = {"mosaic": {"probability": 1.0, "low": 1.0, "high": 1.0}}
    changed = Augment([mosaic], data)(batch, generator())
    (images,), mask = changed.inputs.values(), changed.target_mask
    assert mask is not None
    assert mask.shape == (24, 4 * batch.target.shape[1])
    labels, whole = data.target.labels, 0  # type: ignore[union-attr]
    for n, k in mask.nonzero().tolist():
        left, top, right, bottom, place = changed.target[n, k].round().long().tolist()
        assert images[n, 0, top:bottom, left:right].mean() > images[n, 0].mean() + 0.5
        if (right - left, bottom - top) in ((8, 8), (14, 5)):
            whole += 1
            assert labels[place] == ("square" if right - left == 8 else "bar")
    assert whole > 10
