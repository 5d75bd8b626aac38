"""wavenet_stack and tcn_layer against loops over the formulas, step by step, and torch's weight normalisation."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from oracles import exports, functional, gradients_match, normal, padding_neutral, randomise, same
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from weftnet.blocks.convolution.tcn_layer import TcnLayer
from weftnet.blocks.convolution.wavenet_stack import WavenetStack

BLOCKS: list[Callable[[], nn.Module]] = [
    lambda: WavenetStack(3, 4, kernel=2, depth=2, cycles=2),
    lambda: WavenetStack(3, kernel=3, depth=1),
    lambda: TcnLayer(3, 5, kernel=3, dilation=2),
    lambda: TcnLayer(3, 3, kernel=1),
]


def past(x: Tensor, weight: Tensor, bias: Tensor, t: int, dilation: int) -> Tensor:
    """A filter bank at step t of x (time, dim): the last weight reads t itself."""
    kernel = weight.shape[2]
    steps = [(k, t - (kernel - 1 - k) * dilation) for k in range(kernel)]
    return sum((weight[:, :, k] @ x[s] for k, s in steps if s >= 0), bias)


def filtered(x: Tensor, weight: Tensor, bias: Tensor, dilation: int) -> Tensor:
    return torch.stack([past(x, weight, bias, t, dilation) for t in range(len(x))])


def test_wavenet_equals_the_loop() -> None:
    f, weights = functional(WavenetStack(3, 4, kernel=2, depth=2, cycles=2))

    def oracle(x: Tensor, *weights: Tensor) -> Tensor:
        examples = []
        for example in x:
            now, y = example, torch.zeros(6, 4, dtype=x.dtype)
            for layer, dilation in enumerate((1, 2, 1, 2)):
                W, b = weights[2 * layer : 2 * layer + 2]
                V, c = weights[8 + 2 * layer : 10 + 2 * layer]
                f, g = filtered(now, W[:3], b[:3], dilation), filtered(now, W[3:], b[3:], dilation)
                z = torch.tanh(f) * torch.sigmoid(g)
                if layer < 3:
                    now, V, c = now + z @ V[:3].T + c[:3], V[3:], c[3:]
                y = y + z @ V.T + c
            examples.append(y)
        return torch.stack(examples)

    gradients_match(f, oracle, [normal(2, 6, 3), *weights])


@pytest.mark.parametrize("dim", [3, 4])
def test_tcn_equals_the_loop(dim: int) -> None:
    block = TcnLayer(3, dim, kernel=2, dilation=2)
    f, weights = functional(block)

    def oracle(x: Tensor, *weights: Tensor) -> Tensor:
        v, g, b, v_2, g_2, b_2, *shortcut = weights
        lengths, lengths_2 = (each.square().sum((1, 2)).sqrt() for each in (v, v_2))
        examples = []
        for example in x:
            hidden = torch.relu(filtered(example, v * (g / lengths)[:, None, None], b, 2))
            change = torch.relu(filtered(hidden, v_2 * (g_2 / lengths_2)[:, None, None], b_2, 2))
            way = example @ shortcut[0].T + shortcut[1] if shortcut else example
            examples.append(torch.relu(way + change))
        return torch.stack(examples)

    gradients_match(f, oracle, [normal(2, 6, 3), *weights])


def test_weights_are_normalised_as_torch_s() -> None:
    block = randomise(TcnLayer(3, 4, kernel=2)).first
    theirs = weight_norm(nn.Conv1d(3, 4, 2)).double()
    with torch.no_grad():
        theirs.parametrizations.weight.original0.copy_(block.g[:, None, None])
        theirs.parametrizations.weight.original1.copy_(block.v)
        theirs.bias.copy_(block.bias)
    x = normal(2, 5, 3)
    same(block(x), theirs(x.transpose(1, 2)).transpose(1, 2))


def test_what_a_step_sees() -> None:
    """As far back as the docstrings say, and not a step further."""
    for block, reach in ((WavenetStack(2, kernel=2, depth=3, cycles=2), 14), (TcnLayer(2, 2, kernel=3, dilation=2), 8)):
        x = normal(1, 20, 2).requires_grad_()
        (gradient,) = torch.autograd.grad(randomise(block)(x)[0, 17].sum(), x)
        seen = gradient[0].abs().sum(1).nonzero().squeeze(1)
        assert 17 - int(seen.min()) <= reach
        assert int(seen.max()) == 17
        assert block.initial_state(1, 5).shape[1] == (reach if isinstance(block, WavenetStack) else reach // 2)


@pytest.mark.parametrize("make", BLOCKS)
def test_padding_and_steps(make: Callable[[], nn.Module]) -> None:
    block: Any = randomise(make())
    padding_neutral(block, normal(3, 7, 3), [7, 2, 4], lambda steps: steps)
    x, state = normal(2, 8, 3), block.initial_state(2, 8)
    y = block(x)
    for start, stop in ((0, 1), (1, 2), (2, 6), (6, 8)):
        made, state = block.step(x[:, start:stop], state)
        same(made, y[:, start:stop])
    exports(make(), torch.randn(2, 5, 3), torch.arange(5) < torch.tensor([[5], [3]]))


def test_dropout_in_training_only() -> None:
    block, x = TcnLayer(3, 4, dropout=0.5), torch.randn(2, 5, 3)
    assert not torch.equal(block(x), block(x))
    block.eval()
    same(block(x), block(x))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: WavenetStack(3, depth=0), "wavenet_stack: depth: expected a positive integer, got 0"),
        (lambda: TcnLayer(3, 4, dilation=0), "tcn_layer: dilation: expected a positive integer, got 0"),
    ],
)
def test_settings_are_checked(make: Callable[[], nn.Module], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
