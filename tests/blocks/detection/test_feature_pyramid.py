"""The pyramid against its formula, pixel by pixel."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from weftnet.blocks.detection.feature_pyramid import FeaturePyramid


def up(image: Tensor, height: int, width: int) -> Tensor:
    """The nearest pixel, written out."""
    rows = [i * image.shape[2] // height for i in range(height)]
    columns = [j * image.shape[3] // width for j in range(width)]
    return torch.stack([torch.stack([image[:, :, i, j] for j in columns], 2) for i in rows], 2)


@pytest.mark.parametrize("sizes", [((8, 12), (4, 6), (2, 3)), ((7, 9), (4, 5), (2, 3))])
def test_equals_its_formula(sizes: tuple[tuple[int, int], ...]) -> None:
    torch.manual_seed(0)
    block = FeaturePyramid(3, 5, 7, channels=4).double()
    images = [torch.randn(2, c, *size, dtype=torch.float64, requires_grad=True) for c, size in zip((3, 5, 7), sizes)]  # noqa: B905

    def one(conv: torch.nn.Conv2d, x: Tensor) -> Tensor:
        assert conv.bias is not None
        return torch.einsum("oi,bihw->bohw", conv.weight[:, :, 0, 0], x) + conv.bias[:, None, None]

    top = one(block.lateral_coarse, images[2])
    between = one(block.lateral_middle, images[1]) + up(top, *sizes[1])
    bottom = one(block.lateral_fine, images[0]) + up(between, *sizes[0])
    smooth = (block.smooth_fine, block.smooth_middle, block.smooth_coarse)
    expected = [F.conv2d(m, s.weight, s.bias, padding=1) for m, s in zip((bottom, between, top), smooth, strict=True)]
    got = block(*images)
    leaves = [*images, *block.parameters()]
    weights = [torch.randn_like(each) for each in expected]
    total = [sum((each * w).sum() for each, w in zip(several, weights, strict=True)) for several in (expected, got)]
    for one_, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one_, other)
    for one_, other in zip(*(torch.autograd.grad(each, leaves) for each in total), strict=True):
        torch.testing.assert_close(one_, other)


def test_refuses_sizes() -> None:
    with pytest.raises(ValueError, match="feature_pyramid: channels: expected a positive integer, got 0"):
        FeaturePyramid(3, 5, 7, channels=0)
