"""Attention with relative positions against its formula, score by score, and against Hugging Face's in every weight."""

import math

import pytest
import torch
from oracles import functional, gradients_match, normal, padding_neutral, randomise, unchecked
from torch import Tensor

from weftnet.blocks.attention.relative_attention import RelativeAttention


def wave(n: int, dim: int) -> Tensor:
    pairs = [(math.sin(n * 10000 ** (-2 * k / dim)), math.cos(n * 10000 ** (-2 * k / dim))) for k in range(dim // 2)]
    return torch.tensor([value for pair in pairs for value in pair], dtype=torch.float64)


def written_out(x: Tensor, weights: list[Tensor], heads: int, lengths: list[int]) -> Tensor:
    """The formula of the docstring with loops over examples, heads, queries and keys; zero at padding."""
    u, v, w_qkv, b_qkv, w_r, w_out, b_out = weights
    batch, time, dim = x.shape
    d = dim // heads
    rows = []
    for b in range(batch):
        q, k, values = (x[b] @ w_qkv.T + b_qkv).split(dim, dim=1)
        steps = []
        for i in range(time):
            if i >= lengths[b]:
                steps.append(x.new_zeros(dim))
                continue
            read = []
            for h in range(heads):
                of = slice(h * d, (h + 1) * d)
                scores = [
                    ((q[i, of] + u[h]) @ k[j, of] + (q[i, of] + v[h]) @ (w_r @ wave(i - j, dim))[of]) / math.sqrt(d)
                    for j in range(lengths[b])
                ]
                read.append(torch.stack(scores).softmax(0) @ values[: lengths[b], of])
            steps.append(w_out @ torch.cat(read) + b_out)
        rows.append(torch.stack(steps))
    return torch.stack(rows)


def test_it_is_its_formula() -> None:
    """Values and the gradients of inputs and of all weights, at unequal sizes and with padding."""
    block = RelativeAttention(6, heads=3)
    f, weights = functional(block)
    assert [name for name, _ in block.named_parameters()] == [
        "content_bias", "place_bias", "qkv.weight", "qkv.bias", "positions.weight", "out.weight", "out.bias",
    ]  # fmt: skip
    x, lengths = normal(2, 5, 6), [5, 3]
    mask = torch.arange(5) < torch.tensor(lengths).unsqueeze(1)
    gradients_match(
        lambda x, *w: f(x, *w, mask=mask), lambda x, *w: written_out(x, list(w), 3, lengths), [x, *weights], 1e-9
    )
    gradients_match(f, lambda x, *w: written_out(x, list(w), 3, [5, 5]), [x, *weights], 1e-9)


def test_padding_is_neutral_and_a_row_without_steps_gives_zeros() -> None:
    block = randomise(RelativeAttention(8, heads=2)).eval()
    padding_neutral(block, normal(3, 7, 8), [7, 4, 1], lambda n: n)
    none = torch.zeros(1, 4, dtype=torch.bool)
    x = normal(1, 4, 8).requires_grad_()
    y = block(x, none)
    assert not y.any()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_only_distances_count() -> None:
    """The same steps later in a longer sequence, alone among padding, give the same."""
    block = randomise(RelativeAttention(4, heads=2)).eval()
    x = normal(1, 3, 4)
    later = torch.cat((normal(1, 5, 4), x), dim=1)
    mask = torch.arange(8).unsqueeze(0) >= 5
    torch.testing.assert_close(block(later, mask)[:, 5:], block(x), rtol=1e-10, atol=1e-10)


def test_it_drops_weights_in_training_only() -> None:
    block = RelativeAttention(4, heads=2, dropout=0.5).double()
    x = normal(2, 6, 4)
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))


def test_wrong_settings_are_refused() -> None:
    for settings, message in (
        ({"dim": 6, "heads": 4}, "relative_attention: heads: expected a divisor of dim 6, got 4"),
        ({"dim": 9, "heads": 3}, "relative_attention: dim: expected an even number, got 9"),
        ({"dim": 4, "dropout": 1.0}, "relative_attention: dropout: expected a rate from 0 to below 1, got 1.0"),
    ):
        with unchecked(), pytest.raises(ValueError, match=message):
            RelativeAttention(**settings)
