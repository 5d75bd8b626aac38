"""The normalisations that look at one example: layer, root mean square and group."""

import pytest
import torch
from oracles import exports, functional, gradients_match, randomise

from weftnet.blocks import BLOCKS


def layer_norm(x, weight, bias, eps=1e-5):
    mean = x.mean(-1, keepdim=True)
    var = (x - mean).square().mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(var + eps) * weight + bias


def rms_norm(x, weight, eps=1e-6):
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps) * weight


def group_norm(x, weight, bias, groups, eps=1e-5):
    parts = []
    for part in x.chunk(groups, 1):
        mean = part.mean((1, 2, 3), keepdim=True)
        var = (part - mean).square().mean((1, 2, 3), keepdim=True)
        parts.append((part - mean) / torch.sqrt(var + eps))
    return torch.cat(parts, 1) * weight[:, None, None] + bias[:, None, None]


@pytest.mark.parametrize("shape", [(4, 7), (2, 5, 7)])
@pytest.mark.parametrize("eps", [1e-5, 0.3])
@pytest.mark.parametrize(("name", "formula"), [("layer_norm", layer_norm), ("rms_norm", rms_norm)])
def test_is_its_formula(name, formula, shape, eps):
    f, weights = functional(BLOCKS.get(name)(7, eps=eps))
    gradients_match(f, lambda *values: formula(*values, eps=eps), [torch.randn(shape).double() + 2, *weights])


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_group_norm_is_its_formula(groups, eps):
    f, weights = functional(BLOCKS.get("group_norm")(6, groups=groups, eps=eps))
    x = torch.randn(2, 6, 4, 5).double() + 2
    gradients_match(f, lambda *values: group_norm(*values, groups=groups, eps=eps), [x, *weights])


def test_the_eps_left_out_is_the_documented_one():
    x = 1e-3 * torch.randn(3, 7).double()
    for name, formula in (("layer_norm", layer_norm), ("rms_norm", rms_norm)):
        f, weights = functional(BLOCKS.get(name)(7))
        gradients_match(f, formula, [x, *weights], tolerance=1e-8)
    f, weights = functional(BLOCKS.get("group_norm")(32))
    image = 1e-3 * torch.randn(2, 32, 3, 2).double()
    gradients_match(f, lambda *values: group_norm(*values, groups=32), [image, *weights], tolerance=1e-8)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_exports_and_keeps_bfloat16(name):
    exports(randomise(BLOCKS.get(name)(7)), torch.randn(2, 5, 7).double())
    assert BLOCKS.get(name)(7).bfloat16()(torch.randn(2, 7).bfloat16()).dtype == torch.bfloat16


def test_group_norm_exports_and_keeps_bfloat16():
    exports(randomise(BLOCKS.get("group_norm")(6, groups=2)), torch.randn(2, 6, 4, 5).double())
    block = BLOCKS.get("group_norm")(6, groups=2).bfloat16()
    assert block(torch.randn(2, 6, 4, 5).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("layer_norm", {"dim": 0}, "layer_norm: dim: expected a positive integer, got 0"),
        ("layer_norm", {"dim": 3, "eps": 0.0}, "layer_norm: eps: expected a positive number, got 0.0"),
        ("rms_norm", {"dim": 0}, "rms_norm: dim: expected a positive integer, got 0"),
        ("rms_norm", {"dim": 3, "eps": -1.0}, "rms_norm: eps: expected a positive number, got -1.0"),
        ("group_norm", {"channels": 0}, "group_norm: channels: expected a positive integer, got 0"),
        ("group_norm", {"channels": 48}, "group_norm: groups: expected a divisor of channels 48, got 32"),
        ("group_norm", {"channels": 6, "groups": 0}, "group_norm: groups: expected a divisor of channels 6, got 0"),
        ("group_norm", {"channels": 32, "eps": 0.0}, "group_norm: eps: expected a positive number, got 0.0"),
    ],
)
def test_a_bad_setting_is_rejected(name, settings, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        BLOCKS.get(name)(**settings)
