"""Small blocks of images – gates, norms, scales, means, drops – against their formulas as loops."""

import math

import pytest
import torch
from oracles import functional, gradients_match, same

from weftnet.blocks.activation.hard_swish import HardSwish
from weftnet.blocks.convolution.squeeze_excite import SqueezeExcite
from weftnet.blocks.normalisation.layer_norm2d import LayerNorm2d
from weftnet.blocks.pooling.spatial_mean2d import SpatialMean2d
from weftnet.blocks.regularisation.drop_block import DropBlock
from weftnet.blocks.regularisation.layer_scale2d import LayerScale2d
from weftnet.blocks.reshape.space_to_depth2d import SpaceToDepth2d

X = torch.randn(2, 6, 4, 5, generator=torch.Generator().manual_seed(3)).double()


@pytest.mark.parametrize("activation", ["relu", "silu"])
@pytest.mark.parametrize("gate", ["sigmoid", "hard"])
def test_squeeze_excite_is_its_formula(activation, gate):
    def loop(x, w1, b1, w2, b2):
        images = []
        for image in x:
            hidden = w1 @ torch.stack([plane.sum() / 20 for plane in image]) + b1
            hidden = hidden.clamp(min=0) if activation == "relu" else hidden / (1 + torch.exp(-hidden))
            z = w2 @ hidden + b2
            s = 1 / (1 + torch.exp(-z)) if gate == "sigmoid" else (z + 3).clamp(0, 6) / 6
            images.append(torch.stack([plane * each for plane, each in zip(image, s, strict=True)]))
        return torch.stack(images)

    f, weights = functional(SqueezeExcite(6, 4, activation, gate))
    gradients_match(f, loop, [X, *weights], 1e-10 if gate == "sigmoid" else 1e-6)  # torch's 1/6 is one of float32


def test_squeeze_excite_narrows_to_a_sixteenth():
    assert SqueezeExcite(64).squeeze.out_features == 4
    assert SqueezeExcite(8).squeeze.out_features == 1


def test_layer_norm2d_is_its_formula():
    def loop(x, weight, bias):
        y = torch.empty_like(x)
        for n in range(2):
            for h in range(4):
                for w in range(5):
                    pixel = x[n, :, h, w]
                    mean = pixel.sum() / 6
                    var = ((pixel - mean) ** 2).sum() / 6
                    y[n, :, h, w] = (pixel - mean) / (var + 1e-6) ** 0.5 * weight + bias
        return y

    f, weights = functional(LayerNorm2d(6))
    gradients_match(f, loop, [X, *weights], 1e-9)


def test_layer_scale_and_mean_and_hard_swish_are_their_formulas():
    f, weights = functional(LayerScale2d(6))
    gradients_match(f, lambda x, w: torch.stack([x[:, c] * w[c] for c in range(6)], 1), [X, *weights])
    assert LayerScale2d(3, 0.25).weight.tolist() == [0.25] * 3
    means = [[X[n, c].sum() / 20 for c in range(6)] for n in range(2)]
    y = SpatialMean2d()(X)
    assert all(torch.allclose(y[n, c], means[n][c]) for n in range(2) for c in range(6))
    x = torch.linspace(-4.9, 4.9, 41, dtype=torch.float64)
    gradients_match(HardSwish(), lambda x: x * (x + 3).clamp(0, 6) / 6, [x], 1e-6)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_space_to_depth_folds_squares_and_fills_with_zeros(size):
    high, wide = -(-4 // size), -(-5 // size)

    def loop(x):
        pixels = [
            [x[:, c, size * h + k, size * w + m] if size * h + k < 4 and size * w + m < 5 else 0 * x[:, 0, 0, 0]
             for h in range(high) for w in range(wide)]
            for c in range(6) for k in range(size) for m in range(size)
        ]  # fmt: skip
        return torch.stack([torch.stack(row, 1) for row in pixels], 1).unflatten(2, (high, wide))

    gradients_match(SpaceToDepth2d(size), loop, [X])


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_drop_block_zeroes_squares_and_keeps_the_mean(size):
    block = DropBlock(0.4, size).train()
    torch.manual_seed(5)
    x = torch.randn(3, 2, 6, 7, dtype=torch.float64, requires_grad=True)
    torch.manual_seed(8)
    y = block(x)
    torch.manual_seed(8)
    side = min(size, 6)
    high, wide = 7 - side, 8 - side
    drawn = torch.rand(3, 2, high, wide) < 0.4 / side**2 * 42 / (high * wide)
    expected = torch.empty_like(x)
    for n in range(3):
        for c in range(2):
            keep = torch.ones(6, 7, dtype=torch.float64)
            for i, j in drawn[n, c].nonzero().tolist():
                keep[i : i + side, j : j + side] = 0
            expected[n, c] = x[n, c] * keep * (42 / keep.sum() if keep.any() else 0)
    same(y, expected)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient == 0, y == 0)
    assert torch.equal(block.eval()(x), x)


def test_drop_block_drops_about_its_rate():
    """γ counts each square as if none overlapped: with rate r, 1 − e^−r is dropped far from the border."""
    torch.manual_seed(0)
    y = DropBlock(0.3, 3).train()(torch.ones(64, 8, 24, 24))
    assert float((y == 0).double().mean()) == pytest.approx(1 - math.exp(-0.3), abs=0.02)
    assert float(y.mean()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SqueezeExcite(0), "squeeze_excite: channels: expected a positive integer, got 0"),
        (lambda: SqueezeExcite(4, 0), "squeeze_excite: hidden: expected a positive integer, got 0"),
        (lambda: LayerNorm2d(0), "layer_norm2d: channels: expected a positive integer, got 0"),
        (lambda: LayerNorm2d(3, 0.0), "layer_norm2d: eps: expected a positive number, got 0"),
        (lambda: LayerScale2d(0), "layer_scale2d: channels: expected a positive integer, got 0"),
        (lambda: DropBlock(1.0), "drop_block: rate: expected a number from 0 to below 1, got 1"),
        (lambda: SpaceToDepth2d(0), "space_to_depth2d: size: expected a positive integer, got 0"),
        (lambda: DropBlock(0.1, 0), "drop_block: size: expected a positive integer, got 0"),
    ],
)
def test_settings_are_checked(make, text):
    with pytest.raises(ValueError, match=text):
        make()
