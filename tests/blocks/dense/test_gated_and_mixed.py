"""SwiGLU against its formula and Llama's; the mixture of experts against a loop over positions, and Switch's router."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from oracles import exports, functional, gradients_match, normal, padding_neutral, randomise, same
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from weftnet.blocks.dense.mixture_of_experts import MixtureOfExperts
from weftnet.blocks.dense.swiglu import Swiglu

transformers: Any = pytest.importorskip("transformers")


def test_swiglu_equals_its_formula() -> None:
    f, weights = functional(Swiglu(3, dim_hidden=5))

    def oracle(x: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
        gate, up = x @ gate_up[:5].T, x @ gate_up[5:].T
        return (gate / (1 + torch.exp(-gate)) * up) @ down.T

    gradients_match(f, oracle, [normal(2, 4, 3), *weights])


def test_swiglu_is_llama_s_and_as_large_as_a_plain_network() -> None:
    from transformers.models.llama.modeling_llama import LlamaMLP

    theirs = LlamaMLP(transformers.LlamaConfig(hidden_size=6, intermediate_size=16, num_attention_heads=2)).double()
    block = Swiglu(6, 16).double()
    with torch.no_grad():
        block.gate_up.weight.copy_(torch.cat([theirs.gate_proj.weight, theirs.up_proj.weight]))
        block.down.weight.copy_(theirs.down_proj.weight)
    x = normal(2, 4, 6)
    same(block(x), theirs(x))
    assert sum(p.numel() for p in Swiglu(96).parameters()) == 8 * 96 * 96


@pytest.mark.parametrize("k", [1, 2])
def test_the_mixture_equals_the_loop(k: int) -> None:
    block = MixtureOfExperts(3, experts=4, k=k, dim_hidden=5).double()
    names = [name for name, _ in block.named_parameters()]
    weights = [torch.randn(p.shape, dtype=torch.float64) for p in block.parameters()]

    def mine(x: Tensor, *values: Tensor) -> Tensor:
        y, balance = functional_call(block, dict(zip(names, values, strict=True)), (x,))
        return torch.cat([y.flatten(), balance[None]])

    def oracle(x: Tensor, W_1: Tensor, b_1: Tensor, W_2: Tensor, b_2: Tensor, router: Tensor) -> Tensor:
        rows, chosen, shares = [], torch.zeros(4, dtype=torch.float64), []
        for row in x.flatten(0, 1):
            p = torch.softmax(router @ row, 0)
            order = p.detach().tolist()
            best = sorted(range(4), key=order.__getitem__, reverse=True)[:k]
            gates = [p[e] / (sum(p[i] for i in best) if k > 1 else 1) for e in best]
            rows.append(
                sum(g * (W_2[e] @ F.gelu(W_1[e] @ row + b_1[e]) + b_2[e]) for g, e in zip(gates, best, strict=True))
            )
            chosen[best] += 1 / 10
            shares.append(p)
        balance = 4 / k * (chosen * torch.stack(shares).mean(0)).sum()
        return torch.cat([torch.stack(rows).flatten(), balance[None]])

    assert names == ["W_1", "b_1", "W_2", "b_2", "router.weight"]
    gradients_match(mine, oracle, [normal(2, 5, 3), *weights])


def test_the_balance_is_switch_s() -> None:
    from transformers.models.switch_transformers.modeling_switch_transformers import load_balancing_loss_func

    block = randomise(MixtureOfExperts(3, experts=4))
    x = normal(1, 10, 3)
    p = block.router(x).softmax(-1)
    theirs = load_balancing_loss_func(p, p.argmax(-1))
    same(block(x).balance, theirs.double(), 1e-5)  # they take shares in float32, and a mean over sequences
    even = MixtureOfExperts(4, experts=4).double()
    with torch.no_grad():
        even.router.weight.copy_(50 * torch.eye(4))
    same(even(torch.eye(4, dtype=torch.float64)).balance, torch.tensor(1.0, dtype=torch.float64))


def test_padding_changes_nothing() -> None:
    block = randomise(MixtureOfExperts(6, experts=3, k=2))

    class First(nn.Module):
        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            return block(x, mask).y

    padding_neutral(First(), normal(3, 7, 6), [7, 2, 4], lambda steps: steps)
    x = normal(2, 5, 6)
    mask = torch.arange(5) < torch.tensor([[5], [3]])
    real = torch.cat([x[0], x[1, :3]])
    same(block(x, mask).balance, block(real).balance)
    assert not block(x, torch.zeros_like(mask)).balance.any()


def test_exported_every_expert_runs() -> None:
    for block in (Swiglu(6), MixtureOfExperts(6, experts=3, k=2)):
        exports(block, torch.randn(2, 5, 6))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Swiglu(3, 0), "swiglu: dim_hidden: expected a positive integer, got 0"),
        (lambda: MixtureOfExperts(3, experts=0), "mixture_of_experts: experts: expected a positive integer, got 0"),
        (lambda: MixtureOfExperts(3, 2, 3), "mixture_of_experts: k: expected at most experts 2, got 3"),
    ],
)
def test_settings_are_checked(make: Callable[[], nn.Module], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
