"""Layouts against index loops and torch's own, and against their inverses."""

import itertools
import re
from collections.abc import Callable

import pytest
import torch
from oracles import exports, gradients_match, same
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.reshape.class_token import ClassToken
from weftnet.blocks.reshape.flatten import Flatten
from weftnet.blocks.reshape.image_rows import ImageRows
from weftnet.blocks.reshape.image_to_sequence import ImageToSequence
from weftnet.blocks.reshape.patchify import Patchify
from weftnet.blocks.reshape.reshape import Reshape
from weftnet.blocks.reshape.sequence_to_channels import SequenceToChannels
from weftnet.blocks.reshape.sequence_to_image import SequenceToImage
from weftnet.blocks.reshape.upsample2d import Upsample2d


def image() -> Tensor:
    return torch.randn(2, 3, 4, 6, dtype=torch.float64)


def sequence() -> Tensor:
    return torch.randn(2, 5, 3, dtype=torch.float64)


def enlarged(x: Tensor) -> Tensor:
    return x.repeat_interleave(3, dim=2).repeat_interleave(3, dim=3)


def between(x: Tensor) -> Tensor:
    """Three times as large, a line between each pixel and the next: the formula, along one axis after the other."""

    def lines(size: int) -> Tensor:
        places = ((torch.arange(3 * size, dtype=torch.float64) + 0.5) / 3 - 0.5).clamp(0, size - 1)
        return (1 - (places[:, None] - torch.arange(size)).abs()).clamp(min=0)

    return torch.einsum("ik,jl,bckl->bcij", lines(x.shape[2]), lines(x.shape[3]), x)


def rows(x: Tensor) -> Tensor:
    return torch.stack([torch.cat([x[:, c, i] for c in range(3)], dim=1) for i in range(4)], dim=1)


def pixels(x: Tensor) -> Tensor:
    return torch.stack([x[:, :, i, j] for i in range(4) for j in range(6)], dim=1)


CASES: list[tuple[nn.Module, Callable[[Tensor], Tensor], Callable[[], Tensor]]] = [
    (Flatten(), nn.Flatten(), image),
    (Reshape([6, -1]), lambda x: torch.stack([v.flatten() for v in x]).view(2, 6, 12), image),
    (Reshape([5, 3, 1]), lambda x: x.unsqueeze(3), sequence),
    (Patchify(2), lambda x: F.unfold(x, 2, stride=2).mT, image),
    (Patchify([4, 3]), lambda x: F.unfold(x, (4, 3), stride=(4, 3)).mT, image),
    (ImageToSequence(), pixels, image),
    (ImageRows(), rows, image),
    (SequenceToImage(1, 5), lambda x: torch.stack([x[:, t] for t in range(5)], dim=2).unsqueeze(2), sequence),
    (SequenceToChannels(), lambda x: torch.stack([x], dim=1), sequence),
    (Upsample2d(3), enlarged, image),
    (Upsample2d(3, "bilinear"), between, image),
]


@pytest.mark.parametrize(("block", "oracle", "make"), CASES)
def test_equals_its_oracle(block: nn.Module, oracle: Callable[[Tensor], Tensor], make: Callable[[], Tensor]) -> None:
    gradients_match(block, oracle, [make()])


@pytest.mark.parametrize(("block", "oracle", "make"), CASES)
def test_exports(block: nn.Module, oracle: Callable[[Tensor], Tensor], make: Callable[[], Tensor]) -> None:
    exports(block, make())


def test_patches_lie_as_documented() -> None:
    x = image()
    y = Patchify([2, 3])(x)
    for r, s, c, i, j in itertools.product(range(2), range(2), range(3), range(2), range(3)):
        same(y[:, 2 * r + s, (c * 2 + i) * 3 + j], x[:, c, 2 * r + i, 3 * s + j])


def test_pixels_there_and_back() -> None:
    x = image()
    same(SequenceToImage(4, 6)(ImageToSequence()(x)), x)


def test_a_column_of_pixels_is_an_image() -> None:
    x = torch.randn(2, 12, 5)
    same(ImageToSequence()(SequenceToImage(4, 3)(x)), x)


def test_class_token_comes_first() -> None:
    block, x = ClassToken(3).double(), sequence()
    y = block(x)
    same(y[:, 1:], x)
    same(y[:, 0], block.token.expand(2, 3))
    (gradient,) = torch.autograd.grad(y[:, 0].sum(), block.token)
    same(gradient, torch.full((3,), 2.0, dtype=torch.float64))
    mask = torch.tensor([[True, False], [False, False]])
    assert block.next_mask(mask).tolist() == [[True, True, False], [True, False, False]]
    exports(ClassToken(3), torch.randn(2, 5, 3))


@pytest.mark.parametrize("block", [Flatten(), SequenceToChannels()])
def test_padding_becomes_zeros(block: nn.Module) -> None:
    x, mask = sequence(), torch.arange(5) < torch.tensor([[5], [2]])
    wanted = x.clone()
    wanted[1, 2:] = 0
    x[1, 2:] = torch.nan
    same(block(x, mask), block(wanted))


@pytest.mark.parametrize(
    ("make", "shape", "text"),
    [
        (lambda: Reshape([0, 3]), (), "reshape: shape: expected positive sizes, at most one of them -1, got [0, 3]"),
        (
            lambda: Reshape([-1, -1, 3]),
            (),
            "reshape: shape: expected positive sizes, at most one of them -1, got [-1, -1, 3]",
        ),
        (lambda: Reshape([]), (), "reshape: shape: expected positive sizes, at most one of them -1, got []"),
        (lambda: Reshape([5, 5]), (2, 48), "reshape: shape: expected sizes whose product is 48, got [5, 5]"),
        (lambda: Reshape([5, -1]), (2, 48), "reshape: shape: expected sizes whose product is 48, got [5, -1]"),
        (lambda: Reshape([12]), (2, 48), "reshape: shape: expected sizes whose product is 48, got [12]"),
        (lambda: Patchify(0), (), "patchify: size: expected a positive integer or two, got 0"),
        (lambda: Patchify([1, 2, 3]), (), "patchify: size: expected a positive integer or two, got [1, 2, 3]"),
        (
            lambda: Patchify(8),
            (2, 1, 30, 16),
            "patchify: size: expected divisors of height 30 and width 16, got 8 and 8",
        ),
        (lambda: SequenceToImage(0, 3), (), "sequence_to_image: height: expected a positive integer, got 0"),
        (
            lambda: SequenceToImage(2, 3),
            (2, 5, 1),
            "sequence_to_image: height · width: expected 5, the steps of the sequence, got 2 · 3",
        ),
        (lambda: ClassToken(0), (), "class_token: dim: expected a positive integer, got 0"),
        (lambda: Upsample2d(0), (), "upsample2d: factor: expected a positive integer, got 0"),
    ],
)
def test_misfits_are_rejected(make: Callable[[], nn.Module], shape: tuple[int, ...], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()(torch.randn(shape))
