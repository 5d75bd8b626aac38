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
from weftnet.data.geometry import Transform, Turn, Warp
from weftnet.errors import SettingError

HEIGHT, WIDTH, BATCH, VOID = 9, 12, 5, -1
SPATIAL = [
    name
    for name in AUGMENTATIONS.names()
    if hasattr(AUGMENTATIONS.get(name), "transform") and not getattr(AUGMENTATIONS.get(name), "joins", False)
]
#: pixel (i, j) holds its centre (x, y) = (j + ½, i + ½)
PLACES = torch.stack(torch.meshgrid(torch.arange(WIDTH) + 0.5, torch.arange(HEIGHT) + 0.5, indexing="xy")).double()
#: each pixel its own class
CLASSES = torch.arange(HEIGHT * WIDTH).view(HEIGHT, WIDTH)
ROWS, COLUMNS = st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1)


def many(values: Tensor) -> Tensor:
    return values.expand(BATCH, *values.shape).clone()


def drawn(name: str, seed: int) -> Transform:
    strong: dict[str, dict[str, Any]] = {
        "crop": {"padding": 3}, "affine": {"degrees": 40, "shift": 0.2}, "rotate": {"degrees": 180},
        "perspective": {"probability": 0.8, "strength": 0.3}, "resized_crop": {"low": 0.3, "probability": 0.8},
    }  # fmt: skip
    made = AUGMENTATIONS.get(name)(**strong.get(name, {}))
    facts = {"rows": torch.arange(BATCH), "epoch": seed} if name == "alternating_flip" else {}
    transform: Transform = made.transform(many(PLACES), torch.Generator().manual_seed(seed), **facts)
    return transform


def slack(transform: Transform) -> float:
    """How far a pixel's centre may lie from where it should: exactly there, or within a pixel of another size."""
    if not isinstance(transform, Warp):
        return 1e-9
    enlarged = max(1.0, float(torch.linalg.matrix_norm(transform.matrix[:, :2, :2], 2).max()) / 1.1)
    return 0.5 * 2**0.5 * 1.1 * (enlarged if (transform.matrix[:, 2, :2] == 0).all() else 1.5)


def mapped(transform: Transform, n: int, x: float, y: float) -> Any:
    u, v, w = transform.matrix[n].numpy() @ np.array([x, y, 1.0])
    return np.array([u / w, v / w])


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


def test_resized_crops_have_their_area_and_proportions() -> None:
    made = AUGMENTATIONS.get("resized_crop")(low=0.2, high=0.5, proportion=2.0)
    transform = made.transform(torch.empty(400, 1, 40, 60), torch.Generator().manual_seed(3))
    back = torch.linalg.inv(transform.matrix)
    seen = back.diagonal(0, 1, 2)[:, :2] * torch.tensor([60.0, 40.0])  # width and height, in the image's own pixels
    wide, high = (seen / torch.tensor([60.0, 40.0])).unbind(1)
    corner = back[:, :2, 2]
    assert ((wide * high >= 0.2 - 1e-9) & (wide * high <= 0.5 + 1e-9)).all()
    assert ((wide / high >= 0.5 - 1e-9) & (wide / high <= 2 + 1e-9)).all()
    assert (corner >= -1e-9).all()
    assert (corner + seen <= torch.tensor([60.0, 40.0]) + 1e-9).all()
    assert wide.std() > 0.05
    assert corner.std(0).min() > 3


def test_what_moves_together_has_one_size() -> None:
    with pytest.raises(SettingError, match=r"one size[\s\S]*expected: 9×12[\s\S]*got: 4×4"):
        drawn("crop", 0).images(torch.zeros(BATCH, 3, 4, 4))


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_are_exact(quarters: int) -> None:
    square = torch.arange(49.0).view(1, 1, 7, 7)
    turn = Turn(torch.tensor([quarters]), 7, 7)
    assert torch.equal(turn.images(square)[0, 0], torch.tensor(np.rot90(square[0, 0].numpy(), -quarters).copy()))
    warp = Warp(turn.matrix, "zero", 7, 7)
    torch.testing.assert_close(warp.images(square.double()), turn.images(square.double()))
    assert torch.equal(warp.nearest(square, -1), turn.images(square))


def test_a_change_of_perspective_moves_corners_to_corners() -> None:
    """The matrix of the four corners against the one that is found by least squares, and the corners themselves."""
    made = AUGMENTATIONS.get("perspective")(strength=0.8, probability=1.0)
    transform = made.transform(many(PLACES), torch.Generator().manual_seed(3))
    corners = torch.tensor([[0.0, 0.0], [WIDTH, 0.0], [WIDTH, HEIGHT], [0.0, HEIGHT]]).double()
    draw = torch.Generator().manual_seed(3)
    torch.rand(BATCH, generator=draw)
    draws = torch.stack([torch.rand(BATCH, generator=draw) for _ in range(8)], 1).view(BATCH, 4, 2).double()
    towards = torch.tensor([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    expected = corners + 0.8 / 2 * draws * towards * torch.tensor([WIDTH, HEIGHT])
    torch.testing.assert_close(transform.places(many(corners)), expected)
    middle = transform.places(many(corners.mean(0, keepdim=True)))  # where the moved diagonals cross
    for n in range(BATCH):
        a, b, c, d = expected[n].numpy()
        across = np.linalg.solve(np.stack([c - a, b - d], 1), b - a)
        np.testing.assert_allclose(middle[n, 0].numpy(), a + across[0] * (c - a))
