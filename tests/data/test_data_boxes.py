"""Boxes: how a set is encoded, resized with its picture, moved, and what of it is refused."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.data import open_data
from weftnet.data.augment.affine import Affine
from weftnet.data.augment.crop import Crop
from weftnet.data.augment.flip import Flip
from weftnet.data.kinds._drawn import Drawn
from weftnet.data.kinds.boxes import Boxes
from weftnet.errors import DataError
from weftnet.train.augment import Augment

DRAW = np.random.default_rng(0)


def cells(*values: Any) -> Any:
    column = np.empty(len(values), object)
    column[:] = list(values)
    return column


def drawn(count: int, height: int = 30, width: int = 50) -> Drawn:
    low = DRAW.uniform(0, 0.7, (count, 2)) * (width, height)
    high = low + DRAW.uniform(0.1, 0.3, (count, 2)) * (width, height)
    corners = tuple(tuple(each) for each in np.concatenate([low, high], 1).tolist())
    return Drawn(height, width, corners, tuple(DRAW.choice(["cat", "dog", "owl"], count).tolist()))


def test_sets_come_back() -> None:
    rows = cells(drawn(5), drawn(0), drawn(17), Drawn(30, 50, ((0.0, 0.0, 50.0, 30.0),), ("owl",)))
    kind = Boxes().fit(rows)
    assert (kind.labels, kind.sizes, kind.room) == (["cat", "dog", "owl"], [30, 50], 34)
    encoded = kind.encode_target(rows)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(kind.mask(encoded).sum(1), [5, 0, 17, 1])
    for before, after in zip(rows, kind.decode(encoded), strict=True):
        assert after.labels == before.labels
        np.testing.assert_allclose(np.array(after.corners), np.array(before.corners), rtol=1e-6)
    again = Boxes.from_state(json.loads(json.dumps(kind.state())))
    np.testing.assert_array_equal(again.encode(rows), encoded)


def test_boxes_shrink_with_their_picture() -> None:
    rows = cells(
        Drawn(100, 200, ((20.0, 10.0, 60.0, 90.0),), ("a",)), Drawn(50, 400, ((0.0, 0.0, 400.0, 25.0),), ("a",))
    )
    encoded = Boxes(size=[50, 100]).fit(rows).encode(rows)
    np.testing.assert_allclose(encoded[:, 0, :4], [[10, 5, 30, 45], [0, 0, 100, 25]])


def test_what_cant_be_learnt_is_refused_with_its_row() -> None:
    kind = Boxes().fit(cells(drawn(3), drawn(8)))
    unknown = Drawn(30, 50, ((1.0, 1.0, 9.0, 9.0),), ("wolf",))
    with pytest.raises(DataError, match="row 1: a box is of the class 'wolf'"):
        kind.encode_target(cells(drawn(2), unknown))
    assert not kind.mask(kind.encode(cells(unknown))).any()
    with pytest.raises(DataError, match="row 0: there are more boxes than there is room for") as raised:
        kind.encode_target(cells(drawn(17)))
    assert "{'boxes': {'most': 17}}" in str(raised.value)
    with pytest.raises(DataError, match="row 0: the boxes are missing"):
        kind.encode_target(cells(None))
    with pytest.raises(DataError, match="there is no box in the training rows"):
        Boxes().fit(cells(drawn(0)))
    with pytest.raises(DataError, match="classes that `classes` doesn't name"):
        Boxes(classes=["cat"]).fit(cells(unknown))


@pytest.mark.parametrize(
    ("box", "labels", "message"),
    [
        ([5, 5, 5, 9], ["a"], "box 0 is of no area"),
        ([60, 5, 70, 9], ["a"], "box 0 is outside of its picture"),
        ([9, 5, 5, 9], ["a"], "its right edge is left of its left one"),
        ([5, 5, float("nan"), 9], ["a"], "expected four finite numbers"),
        ([5, 5, 9, 9], [], "expected a label for each box"),
    ],
)
def test_boxes_in_memory_are_checked(box: list[float], labels: list[str], message: str) -> None:
    value = {"size": [30, 50], "boxes": [box], "labels": labels}
    with pytest.raises(DataError, match=message):
        Boxes().fit(cells(value))


def test_in_memory_beside_arrays() -> None:
    count = 40
    pixels = DRAW.integers(0, 255, (count, 12, 16), dtype=np.uint8)
    boxes = [{"size": [12, 16], "boxes": [[1, 2, 9, 8 + n % 3]], "labels": ["ab"[n % 2]]} for n in range(count)]
    data = open_data({"image": list(pixels), "boxes": boxes}, target="boxes")
    assert isinstance(data.target, Boxes)
    batch = data.train_batch(0, 4, 0)
    assert batch.targets["boxes"].shape == (4, 1, 5)  # cut to the fullest row
    mask = batch.target_mask
    assert mask is not None
    assert mask.all()


@pytest.mark.parametrize("augmentation", [Flip(1.0), Crop(6), Affine(20, 0.3, 0.2)])
def test_boxes_go_where_their_pixels_go(augmentation: Any) -> None:
    """A bright box in a picture: behind the augmentation its pixels lie in the moved box, and reach its edges."""
    kind = Boxes(size=[40, 60]).fit(cells(Drawn(40, 60, ((1.0, 1.0, 9.0, 9.0),), ("a",))))
    corners = ((20.0, 12.0, 38.0, 27.0), (5.0, 30.0, 12.0, 38.0), (44.0, 3.0, 58.0, 20.0))
    encoded = torch.from_numpy(kind.encode(cells(*(Drawn(40, 60, (each,), ("a",)) for each in corners))))
    images = torch.zeros(3, 1, 40, 60)
    for image, (left, top, right, bottom) in zip(images, corners, strict=True):
        image[:, int(top) : int(bottom), int(left) : int(right)] = 1.0
    transform = augmentation.transform(images, torch.Generator().manual_seed(3))
    before = encoded.clone()
    moved, mask = kind.moved(encoded, torch.from_numpy(kind.mask(encoded.numpy())), transform)
    assert torch.equal(encoded, before)
    seen = transform.images(images)
    for image, boxes, real in zip(seen, moved, mask, strict=True):
        left, top, right, bottom, label = boxes[0].tolist()
        assert real[0] == (label == 0)
        bright = (image[0] > 0.5).nonzero()
        if not real[0] or not len(bright):
            continue
        (high, wide), (low, narrow) = bright.amax(0).tolist(), bright.amin(0).tolist()
        assert max(left - narrow, wide - right, top - low, high - bottom) <= 1
        if not isinstance(augmentation, Affine):  # around a turned box there is room
            assert max(abs(left - narrow), abs(bottom - high - 1)) <= 1


def test_a_mosaic_keeps_what_its_pieces_show() -> None:
    """Each box of a mosaic is around bright pixels, of the class that its piece had."""
    boxes = [{"size": [32, 32], "boxes": [[8, 6, 24, 26]], "labels": ["ab"[n % 2]]} for n in range(20)]
    pixels = np.zeros((20, 32, 32), np.uint8)
    pixels[:, 6:26, 8:24] = np.array([90, 250] * 10)[:, None, None]
    data = open_data({"image": list(pixels), "boxes": boxes}, target="boxes")
    batch = data.train_batch(0, 8, 0)
    moved = Augment([{"mosaic": {"probability": 1.0}}], data)(batch, torch.Generator().manual_seed(1))
    mask = moved.target_mask
    assert mask is not None
    assert int(mask.sum()) > 8
    background = moved.inputs["image"].amin()
    for image, rows, real in zip(moved.inputs["image"], moved.target, mask, strict=True):
        for left, top, right, bottom, label in rows[real].tolist():
            middle = image[0, int((top + bottom) / 2), int((left + right) / 2)]
            assert middle > background
            assert (middle > batch.inputs["image"].amax() * 0.7) == (label == 1)


def test_a_training_batch_is_moved_as_a_whole() -> None:
    boxes = [{"size": [16, 16], "boxes": [[1, 2, 5, 8]], "labels": ["ab"[n % 2]]} for n in range(20)]
    pixels = DRAW.integers(0, 255, (20, 16, 16), dtype=np.uint8)
    data = open_data({"image": list(pixels), "boxes": boxes}, target="boxes")
    batch = data.train_batch(0, 4, 0)
    moved = Augment([{"flip": {"probability": 1.0}}], data)(batch, torch.Generator())
    torch.testing.assert_close(moved.target[:, 0, :4], torch.tensor([11.0, 2.0, 15.0, 8.0]).expand(4, 4))
    assert torch.equal(moved.inputs["image"], batch.inputs["image"].flip(-1))


def test_drawn_boxes_are_written_as_what_they_are() -> None:
    cells = Drawn(9, 9, ((0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 2.0, 2.0), (3.0, 3.0, 4.0, 4.0)), ("white", "red", "red"))
    assert [str(cells), str(Drawn(9, 9))] == ["2 red, 1 white", "no box"]
