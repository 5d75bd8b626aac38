"""Linear attention against sums over all pairs of steps, and against its own recurrence."""

import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise, same
from torch import Tensor
from torch.nn import functional as F

from weftnet.blocks.attention.linear_attention import LinearAttention


@pytest.mark.parametrize(("causal", "time"), [(False, 5), (True, 5), (True, 35)])  # the last in two chunks
def test_it_equals_the_sums(causal: bool, time: int) -> None:
    f, weights = functional(LinearAttention(6, heads=2, causal=causal))

    def oracle(x: Tensor, qkv: Tensor, qkv_bias: Tensor, out: Tensor, out_bias: Tensor) -> Tensor:
        read = x @ qkv.T + qkv_bias
        heads = []
        for head in range(2):
            q, k, v = (read[..., 3 * i : 3 * i + 3] for i in (head, 2 + head, 4 + head))
            weights = (F.elu(q) + 1) @ (F.elu(k) + 1).mT  # (batch, time, time)
            if causal:
                weights = weights * torch.ones(time, time, dtype=torch.float64).tril()
            heads.append(weights @ v / (weights.sum(-1, keepdim=True) + 1e-6))
        return torch.cat(heads, -1) @ out.T + out_bias

    gradients_match(f, oracle, [torch.randn(2, time, 6, dtype=torch.float64), *weights])


@pytest.mark.parametrize("causal", [False, True])
def test_padding_changes_nothing(causal: bool) -> None:
    block = randomise(LinearAttention(6, heads=3, causal=causal))
    padding_neutral(block, torch.randn(3, 37, 6, dtype=torch.float64), [37, 2, 33], lambda steps: steps)
    y = block(torch.randn(2, 5, 6, dtype=torch.float64), torch.tensor([[False] * 5, [True] * 5]))
    assert not y[0].any()


def test_step_by_step_equals_at_once() -> None:
    block = randomise(LinearAttention(6, heads=3, causal=True))
    x, state = torch.randn(2, 40, 6, dtype=torch.float64), block.initial_state(2, 40)
    y = block(x)
    for start, stop in ((0, 34), (34, 35), (35, 36), (36, 40)):
        made, state = block.step(x[:, start:stop], state)
        same(made, y[:, start:stop])
    assert state.shape == (2, 3, 2, 3)  # whatever came before


def test_step_needs_causality() -> None:
    with pytest.raises(ValueError, match="linear_attention: step: expected causal=True, got False"):
        LinearAttention(6, heads=2).initial_state(2, 5)


@pytest.mark.parametrize("causal", [False, True])
def test_exports(causal: bool) -> None:
    exports(
        LinearAttention(6, heads=3, causal=causal), torch.randn(2, 5, 6), torch.arange(5) < torch.tensor([[5], [3]])
    )
