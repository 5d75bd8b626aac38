"""Spatial augmentations: an image of its own coordinates, classes, boxes and points agree after any of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from weftnet.data import AUGMENTATIONS
from weftnet.data.geometry import Transform, Warp
from weftnet.errors import SettingError

HEIGHT, WIDTH, BATCH, VOID = 9, 12, 5, -1
SPATIAL = [name for name in AUGMENTATIONS.names() if hasattr(AUGMENTATIONS.get(name), "transform")]
#: pixel (i, j) holds its centre (x, y) = (j + ½, i + ½)
PLACES = torch.stack(torch.meshgrid(torch.arange(WIDTH) + 0.5, torch.arange(HEIGHT) + 0.5, indexing="xy")).double()
#: each pixel its own class
CLASSES = torch.arange(HEIGHT * WIDTH).view(HEIGHT, WIDTH)
ROWS, COLUMNS = st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1)


def many(values: Tensor) -> Tensor:
    return values.expand(BATCH, *values.shape).clone()


def drawn(name: str, seed: int) -> Transform:
    made = AUGMENTATIONS.get(name)(**{"crop": {"padding": 3}, "affine": {"degrees": 40, "shift": 0.2}}.get(name, {}))
    facts = {"rows": torch.arange(BATCH), "epoch": seed} if name == "alternating_flip" else {}
    transform: Transform = made.transform(many(PLACES), torch.Generator().manual_seed(seed), **facts)
    return transform


def slack(transform: Transform) -> float:
    """How far a pixel's centre may lie from where it should: exactly there, or within a pixel of another size."""
    return 1e-9 if not isinstance(transform, Warp) else 0.5 * 2**0.5 * 1.1


def mapped(transform: Transform, n: int, x: float, y: float) -> Any:
    return transform.matrix[n].numpy() @ np.array([x, y, 1.0])


def seen(classes: Tensor) -> Iterator[tuple[int, int, int, int]]:
    """(example, row, column, class) of the pixels that are not void."""
    for n, i, j in (classes != VOID).nonzero().tolist():
        yield n, i, j, int(classes[n, i, j])


@pytest.mark.parametrize("name", SPATIAL)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_image_and_classes_agree(name: str, seed: int) -> None:
    transform = drawn(name, seed)
    images, classes = transform.images(many(PLACES)), transform.nearest(many(CLASSES), VOID)
    assert (classes != VOID).sum() > BATCH * HEIGHT * WIDTH / 4
    for n, i, j, label in seen(classes):
        row, column = divmod(label, WIDTH)
        there = mapped(transform, n, column + 0.5, row + 0.5)
        assert np.abs(there - (j + 0.5, i + 0.5)).max() <= slack(transform)
        x, y = images[n, :, i, j].tolist()
        inner = 1 <= x <= WIDTH - 1 and 1 <= y <= HEIGHT - 1  # beyond, interpolation meets the border
        if inner:
            np.testing.assert_allclose(mapped(transform, n, x, y), (j + 0.5, i + 0.5), atol=1e-9)


@pytest.mark.parametrize("name", SPATIAL)
@given(seed=st.integers(0, 10**6), i=ROWS, j=COLUMNS)
@settings(max_examples=20, deadline=None)
def test_a_point_stays_on_what_it_marks(name: str, seed: int, i: int, j: int) -> None:
    transform = drawn(name, seed)
    images = transform.images(many(PLACES))
    points, mask = transform.points(many(torch.tensor([[j + 0.5, i + 0.5]]).double()), torch.ones(BATCH, 1).bool())
    for n in range(BATCH):
        x, y = points[n, 0].tolist()
        assert bool(mask[n, 0]) == (0 <= x <= WIDTH and 0 <= y <= HEIGHT)
        if mask[n, 0] and not isinstance(transform, Warp):
            assert images[n, :, int(y), int(x)].tolist() == [j + 0.5, i + 0.5]
        np.testing.assert_allclose(mapped(transform, n, j + 0.5, i + 0.5), (x, y), atol=1e-9)


@pytest.mark.parametrize("name", SPATIAL)
@given(seed=st.integers(0, 10**6), i=st.tuples(ROWS, ROWS).map(sorted), j=st.tuples(COLUMNS, COLUMNS).map(sorted))
@settings(max_examples=20, deadline=None)
def test_a_box_stays_around_what_it_holds(name: str, seed: int, i: list[int], j: list[int]) -> None:
    transform = drawn(name, seed)
    object_ = torch.zeros(HEIGHT, WIDTH, dtype=torch.long)
    object_[i[0] : i[1] + 1, j[0] : j[1] + 1] = 1
    moved = transform.nearest(many(object_), 0)
    box = torch.tensor([[j[0], i[0], j[1] + 1, i[1] + 1], [0, 0, 0, 0]]).double()
    boxes, mask = transform.boxes(many(box), torch.tensor([[True, False]] * BATCH))
    assert not mask[:, 1].any()
    for n in range(BATCH):
        rows, columns = moved[n].any(1).nonzero().flatten().tolist(), moved[n].any(0).nonzero().flatten().tolist()
        left, top, right, bottom = boxes[n, 0].tolist()
        if rows:
            assert mask[n, 0]
            assert left <= columns[0] + 0.5
            assert top <= rows[0] + 0.5
            assert right >= columns[-1] + 0.5
            assert bottom >= rows[-1] + 0.5
        if not isinstance(transform, Warp):
            assert bool(mask[n, 0]) == bool(rows)
            if rows:
                assert [left, top, right, bottom] == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def test_what_moves_together_has_one_size() -> None:
    with pytest.raises(SettingError, match=r"one size[\s\S]*expected: 9×12[\s\S]*got: 4×4"):
        drawn("crop", 0).images(torch.zeros(BATCH, 3, 4, 4))
