"""How a kind's values move with the image that they belong to."""

from typing import Any

import torch
from torch import Tensor

from weftnet.contract._check import NotApplicable, expect
from weftnet.contract._kinds import KindCase
from weftnet.data.geometry import Mirror, Shift, Transform

#: pixels of the image, where the values do not say
_SIDE = 64


def _mirrored(case: KindCase) -> None:
    """Mirrored once it is another, twice it is itself; one that has no place stays."""
    given, mask = _encoded(case)
    turned = torch.ones(len(given), dtype=torch.bool)
    once, once_mask = _moved(case, given, mask, Mirror(turned, *_size(case, given)))
    if not case.kind.spatial:
        expect(_equal(once, given), "it moves, and says that it has no place")
        return
    twice, twice_mask = _moved(case, once, once_mask, Mirror(turned, *_size(case, given)))
    fix = "move it with transform.images, nearest, points or boxes"
    expect(
        twice.shape == given.shape, "the shape changes", expected=str(tuple(given.shape)), got=str(tuple(twice.shape))
    )
    expect(not torch.equal(once, given), "it does not move with its image", fix=fix)
    expect(
        _equal(*(_counting(*each) for each in ((twice, twice_mask), (given, mask)))),
        "mirrored twice it is another",
        fix=fix,
    )
    same_mask = (mask is None) == (twice_mask is None) and (mask is None or torch.equal(mask, _tensor(twice_mask)))
    expect(same_mask, "mirrored twice its mask is another")


def _alone(case: KindCase) -> None:
    """Each example moves by its own transform."""
    given, mask = _spatial(case)
    turned = torch.arange(len(given)) % 2 == 0
    moved, _ = _moved(case, given, mask, Mirror(turned, *_size(case, given)))
    all_moved, _ = _moved(case, given, mask, Mirror(torch.ones_like(turned), *_size(case, given)))
    expect(torch.equal(moved[~turned], given[~turned]), "an example moves that is not to move")
    expect(torch.equal(moved[turned], all_moved[turned]), "an example moves otherwise beside others that stay")


def _left_behind(case: KindCase) -> None:
    """What has left the image counts no more."""
    given, mask = _spatial(case)
    if mask is None:
        raise NotApplicable("it has no mask: what comes into an image is made up by the augmentation")
    height, width = _size(case, given)
    padding = max(height, width)
    far = torch.zeros(len(given), dtype=torch.long)
    _, left = _moved(case, given, mask, Shift(far, far, padding, "zero", height, width))
    fix = "give the mask of transform.points or boxes, or fill with the void value"
    expect(left is not None and not left.any(), "values beyond the border still count", fix=fix)


def _encoded(case: KindCase) -> tuple[Tensor, Tensor | None]:
    """Encoded values, as a batch has them: as a target where the kind has a mask."""
    if isinstance(case.values, str):
        raise NotApplicable("its values are one text")
    values = case.kind.encode(case.values)
    mask = getattr(case.kind, "mask", None)
    return torch.from_numpy(values), None if mask is None else torch.from_numpy(mask(values))


def _spatial(case: KindCase) -> tuple[Tensor, Tensor | None]:
    if not case.kind.spatial:
        raise NotApplicable("its values have no place in an image")
    return _encoded(case)


def _size(case: KindCase, values: Tensor) -> tuple[int, int]:
    """Height and width of the image."""
    signal = case.kind.signal
    if "height" in signal.axes:
        return int(signal.size("height")), int(signal.size("width"))
    return _SIDE, _SIDE


def _moved(case: KindCase, values: Tensor, mask: Tensor | None, transform: Transform) -> tuple[Tensor, Tensor | None]:
    before = values.clone()
    moved: tuple[Tensor, Tensor | None] = case.kind.moved(values, mask, transform)
    expect(_equal(values, before), "the values are changed in place", fix="return new ones")
    return moved


def _counting(values: Tensor, mask: Tensor | None) -> Tensor:
    """The values, 0 where they don't count."""
    counts = torch.ones(()) if mask is None else mask.reshape(*mask.shape, *[1] * (values.ndim - mask.ndim))
    return values.double() * counts


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether they are the same up to rounding; a value that is missing is NaN."""
    return one.shape == other.shape and torch.allclose(one.double(), other.double(), atol=1e-4, equal_nan=True)


def _tensor(mask: Any) -> Tensor:
    assert isinstance(mask, Tensor)
    return mask


CHECKS = [_mirrored, _alone, _left_behind]
