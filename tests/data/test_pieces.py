"""Mosaics: in every piece, images, classes, points, boxes and what belongs to them are those of one partner."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from weftnet.data import AUGMENTATIONS
from weftnet.data.kinds.image import Image
from weftnet.data.kinds.mask import VOID, Mask
from weftnet.data.pieces import Pieces

HEIGHT, WIDTH, BATCH = 9, 12, 5
#: (batch, 3, height, width): a pixel's centre (x, y), and the example's number
PLACES = torch.stack(
    [
        torch.stack(
            [*torch.meshgrid(torch.arange(WIDTH) + 0.5, torch.arange(HEIGHT) + 0.5, indexing="xy"),
             torch.full((HEIGHT, WIDTH), float(n))]
        )
        for n in range(BATCH)
    ]
).double()  # fmt: skip
SEEDS = st.integers(0, 10**6)


def drawn(seed: int, **more: float) -> Pieces:
    made = AUGMENTATIONS.get("mosaic")(**{"probability": 0.7, **more})
    pieces: Pieces = made.transform(PLACES, torch.Generator().manual_seed(seed))
    return pieces


def at(values: Tensor, n: int, x: float, y: float) -> Tensor:
    return values[n, ..., min(int(y), HEIGHT - 1), min(int(x), WIDTH - 1)]


def scales(pieces: Pieces) -> Tensor:
    return torch.stack([each.matrix[:, 0, 0] for each in pieces.transforms])


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_the_areas_cover_the_image_once(seed: int) -> None:
    pieces = drawn(seed)
    for n in range(BATCH):
        times = torch.zeros(HEIGHT, WIDTH)
        for left, top, right, bottom in pieces.areas[:, n].tolist():
            times[top:bottom, left:right] += 1
        assert (times == 1).all()


@given(seed=SEEDS, low=st.sampled_from([0.5, 1.0, 1.5]))
@settings(max_examples=25, deadline=None)
def test_a_point_stays_on_what_it_marks(seed: int, low: float) -> None:
    pieces = drawn(seed, low=low, high=low + 0.25)
    images = pieces.images(PLACES)
    points = torch.rand(BATCH, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    points = points * torch.tensor([WIDTH, HEIGHT])
    owners = torch.arange(BATCH)[:, None].expand(BATCH, 4)
    moved, mask = pieces.points(points, torch.ones(BATCH, 4, dtype=torch.bool))
    beside = pieces.beside(torch.cat([points, owners[..., None]], 2))
    assert mask.any()
    for n, k in mask.nonzero().tolist():
        x, y, owner = beside[n, k].tolist()
        piece = k // 4
        assert owner == pieces.partners[piece, n]
        seen_x, seen_y = moved[n, k].tolist()
        left, top, right, bottom = pieces.areas[piece, n].tolist()
        inner = left < seen_x < right and top < seen_y < bottom  # on a seam the pixel may be the other piece's
        slack = float(0.5 / scales(pieces)[piece, n]) + 1e-6
        if inner and min(x, y, WIDTH - x, HEIGHT - y) > slack + 0.5:  # nearer to the border images fade into zero
            # the pixel in which the point lies shows its own centre: at most half a pixel from the point
            found = at(images, n, seen_x, seen_y)
            assert abs(found[0] - x) <= slack
            assert abs(found[1] - y) <= slack
            assert found[2] == pytest.approx(owner)


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_kinds_move_together(seed: int) -> None:
    """A mask that holds the places of its image's pixels still does, where it is not void."""
    pieces = drawn(seed)
    classes = torch.arange(HEIGHT * WIDTH, dtype=torch.uint8).view(1, HEIGHT, WIDTH).expand(BATCH, -1, -1)
    masks, counts = Mask().moved(classes, torch.ones_like(classes, dtype=torch.bool), pieces)
    images, _ = Image().moved(PLACES, None, pieces)
    assert counts is not None
    assert ((masks != VOID) == counts).all()
    for n, i, j in counts.nonzero().tolist():
        row, column = divmod(int(masks[n, i, j]), WIDTH)
        x, y = images[n, :2, i, j].tolist()
        if 1 <= column <= WIDTH - 2 and 1 <= row <= HEIGHT - 2:  # at the border images fade into zero
            assert (column, row) == (int(x + 1e-9), int(y + 1e-9)) or x % 1 < 1e-6 or y % 1 < 1e-6


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_box_is_around_the_part_of_its_object_that_is_seen(seed: int) -> None:
    pieces = drawn(seed)
    box = torch.tensor([2.0, 3.0, 8.0, 7.0]).double().expand(BATCH, 1, 4)
    boxes, mask = pieces.boxes(box, torch.ones(BATCH, 1, dtype=torch.bool))
    assert boxes.shape == (BATCH, 4, 4)
    objects = torch.zeros(BATCH, HEIGHT, WIDTH, dtype=torch.long)
    objects[:, 3:7, 2:8] = 1
    seen = pieces.nearest(objects, 0)
    inside = torch.zeros_like(seen, dtype=torch.bool)
    for n, k in mask.nonzero().tolist():
        left, top, right, bottom = boxes[n, k].tolist()
        rows, columns = torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5
        within = ((rows > top) & (rows < bottom))[:, None] & ((columns > left) & (columns < right))
        assert seen[n][within].all()  # an upright rectangle stays one
        inside[n] |= within
    assert not seen[~inside].any()


def test_what_is_hardly_seen_may_count_no_more() -> None:
    pieces = drawn(3, probability=1.0)
    boxes = torch.tensor([[0.0, 0.0, WIDTH, HEIGHT]]).double().expand(BATCH, 1, 4)
    real = torch.ones(BATCH, 1, dtype=torch.bool)
    moved, all_seen = pieces.boxes(boxes, real)
    share = (moved[..., 2:] - moved[..., :2]).prod(-1) / (scales(pieces).T ** 2 * WIDTH * HEIGHT)
    _, seen = pieces.boxes(boxes, real, least=0.5)
    assert all_seen.all()
    assert torch.equal(seen, share > 0.5)
    assert not seen.all()


def test_an_example_that_is_no_mosaic_stays_to_the_bit() -> None:
    pieces = drawn(1, probability=0.0)
    noise = torch.randn(BATCH, 2, HEIGHT, WIDTH)
    assert torch.equal(pieces.images(noise), noise)
    _, mask = pieces.points(torch.tensor([[3.0, 4.0]]).expand(BATCH, 1, 2), torch.ones(BATCH, 1, dtype=torch.bool))
    assert mask.tolist() == [[True, False, False, False]] * BATCH


def test_settings_are_checked() -> None:
    for wrong in ({"low": 0.0}, {"low": 1.2, "high": 1.0}, {"high": 3.0}):
        with pytest.raises(ValueError, match="mosaic: expected 0 < low ≤ high ≤ 2"):
            AUGMENTATIONS.get("mosaic")(**wrong)
