"""Towers and the head of a detector, place by place; and places joined."""

import math

import pytest
import torch
from torch import Tensor

from weftnet.blocks.detection.box_head import BoxHead
from weftnet.blocks.detection.concatenate_places import ConcatenatePlaces
from weftnet.blocks.detection.decoupled_tower import DecoupledTower


def tower(layers: torch.nn.Sequential, x: Tensor) -> Tensor:
    """Convolution as a sum over shifted images, normalisation by the batch, silu."""
    for place in range(0, len(layers), 3):
        weight, norm = layers[place].weight, layers[place + 1]
        height, width = x.shape[2:]
        padded = torch.zeros(*x.shape[:2], height + 2, width + 2, dtype=x.dtype)
        padded[:, :, 1:-1, 1:-1] = x
        y = torch.zeros(len(x), len(weight), height, width, dtype=x.dtype)
        for k in range(3):
            for m in range(3):
                y = y + torch.einsum("oi,bihw->bohw", weight[:, :, k, m], padded[:, :, k : k + height, m : m + width])
        mean, spread = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), unbiased=False, keepdim=True)
        y = (y - mean) / (spread + norm.eps).sqrt() * norm.weight[:, None, None] + norm.bias[:, None, None]
        x = y / (1 + torch.exp(-y))
    return x


@pytest.mark.parametrize("depth", [1, 2])
def test_towers_equal_their_formula(depth: int) -> None:
    torch.manual_seed(0)
    block = DecoupledTower(3, stride=8, dim=5, depth=depth).double()
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64, requires_grad=True)
    what, where = tower(block.what, x), tower(block.where, x)
    rows = []
    for i in range(4):
        for j in range(6):
            place = torch.tensor([8 * (j + 0.5), 8 * (i + 0.5), 8.0], dtype=torch.float64).expand(2, 3)
            rows.append(torch.cat([place, what[:, :, i, j], where[:, :, i, j]], 1))
    expected, got = torch.stack(rows, 1), block(x)
    torch.testing.assert_close(got, expected)
    weights, leaves = torch.randn_like(expected), [x, *block.parameters()]
    for one, other in zip(*(torch.autograd.grad((y * weights).sum(), leaves) for y in (got, expected)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-6)


def test_the_head_equals_its_formula() -> None:
    torch.manual_seed(0)
    block = BoxHead(features=11, labels=3).double()
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(2, 7, 11, dtype=torch.float64, requires_grad=True)
    rows = []
    for b in range(2):
        for p in range(7):
            cx, cy, s, *rest = x[b, p].unbind()
            c, v = torch.stack(rest[:4]), torch.stack(rest[4:])
            exponents = [(block.borders.weight[k] * v).sum() + block.borders.bias[k] for k in range(4)]
            left, top, right, down = (s * torch.exp(each.clamp(-6, 6)) for each in exponents)
            logits = [(block.classes.weight[k] * c).sum() + block.classes.bias[k] for k in range(3)]
            rows.append(torch.stack([cx - left, cy - top, cx + right, cy + down, cx, cy, s, *logits]))
    expected, got = torch.stack(rows).view(2, 7, 10), block(x)
    torch.testing.assert_close(got, expected)
    weights, leaves = torch.randn_like(expected), [x, *block.parameters()]
    for one, other in zip(*(torch.autograd.grad((y * weights).sum(), leaves) for y in (got, expected)), strict=True):
        torch.testing.assert_close(one, other)


def test_the_head_starts_with_boxes_of_two_strides_around_nothing() -> None:
    block = BoxHead(features=9, labels=2)
    torch.nn.init.zeros_(block.borders.weight)
    y = block(torch.tensor([[[40.0, 24.0, 16.0, *[0.0] * 6]]]))
    torch.testing.assert_close(y[0, 0], torch.tensor([24.0, 8, 56, 40, 40, 24, 16, *[math.log(0.01 / 0.99)] * 2]))


def test_places_are_joined() -> None:
    x, y = torch.randn(2, 3, 5), torch.randn(2, 4, 5)
    z = ConcatenatePlaces()(x, y)
    for place in range(7):
        torch.testing.assert_close(z[:, place], x[:, place] if place < 3 else y[:, place - 3])


@pytest.mark.parametrize("features", [4, 8])
def test_the_head_refuses_other_features(features: int) -> None:
    with pytest.raises(ValueError, match=f"box_head: features: expected 3 and twice a width, got {features}"):
        BoxHead(features, 2)
