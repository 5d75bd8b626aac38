"""Attention blocks against loops over the formulas, torch's module with the same weights, and Llama's rotation."""

import math
import re
from collections.abc import Callable

import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise, same
from torch import Tensor, nn
from torch.func import functional_call

from weftnet.blocks.attention.additive_attention import AdditiveAttention
from weftnet.blocks.attention.cross_attention import CrossAttention
from weftnet.blocks.attention.dot_product_attention import DotProductAttention
from weftnet.blocks.attention.multi_head_attention import MultiHeadAttention
from weftnet.blocks.position.rotary_positions import RotaryPositions

MEMORY_BLOCKS: list[Callable[[], nn.Module]] = [
    lambda: CrossAttention(6, 5, heads=2),
    lambda: AdditiveAttention(6, 5, dim_hidden=4),
    DotProductAttention,
]


def memory_for(block: nn.Module) -> Tensor:
    return torch.randn(3, 7, 6 if isinstance(block, DotProductAttention) else 5, dtype=torch.float64)


def read(queries: Tensor, keys: Tensor, values: Tensor, sees: Callable[[int, int], bool]) -> Tensor:
    """One head of one example, key by key: (time, d)."""
    rows = []
    for t in range(len(queries)):
        seen = [s for s in range(len(keys)) if sees(t, s)]
        weights = [torch.exp(queries[t] @ keys[s] / math.sqrt(len(queries[t]))) for s in seen]
        rows.append(sum(w * values[s] for w, s in zip(weights, seen, strict=True)) / sum(weights))
    return torch.stack(rows)


@pytest.mark.parametrize(("causal", "rotary", "bias"), [(False, False, True), (True, False, False), (True, True, True)])
def test_multi_head_equals_the_loop(causal: bool, rotary: bool, bias: bool) -> None:
    f, weights = functional(MultiHeadAttention(6, heads=3, causal=causal, rotary=rotary, bias=bias))
    turn = RotaryPositions(2) if rotary else nn.Identity()

    def oracle(x: Tensor, *weights: Tensor) -> Tensor:
        if bias:
            qkv, qkv_bias, out, out_bias = weights
        else:
            (qkv, out), qkv_bias, out_bias = weights, torch.zeros(18), torch.zeros(6)
        examples = []
        for example in x:
            heads = []
            for head in range(3):
                q, k, v = (
                    example @ qkv[start : start + 2].T + qkv_bias[start : start + 2]
                    for start in (2 * head, 6 + 2 * head, 12 + 2 * head)
                )
                q, k = turn(q.unsqueeze(0))[0], turn(k.unsqueeze(0))[0]
                heads.append(read(q, k, v, lambda t, s: s <= t or not causal))
            examples.append(torch.cat(heads, dim=1) @ out.T + out_bias)
        return torch.stack(examples)

    gradients_match(f, oracle, [torch.randn(2, 5, 6, dtype=torch.float64), *weights])


@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_equals_torch(causal: bool) -> None:
    block = randomise(MultiHeadAttention(6, heads=3, causal=causal))
    theirs = nn.MultiheadAttention(6, 3, batch_first=True).double()
    theirs.in_proj_weight, theirs.in_proj_bias = block.qkv.weight, block.qkv.bias
    theirs.out_proj.weight, theirs.out_proj.bias = block.out.weight, block.out.bias
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]])
    ahead = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None
    real = mask.unsqueeze(-1)

    def oracle(x: Tensor) -> Tensor:
        return theirs(x, x, x, key_padding_mask=~mask, attn_mask=ahead, need_weights=False)[0] * real

    x = torch.randn(2, 5, 6, dtype=torch.float64)
    gradients_match(lambda x: block(x, mask), oracle, [x])
    mine, other = (torch.autograd.grad(f.square().sum(), list(block.parameters())) for f in (block(x, mask), oracle(x)))
    for a, b in zip(mine, other, strict=True):
        same(a, b)


def test_cross_equals_the_loop_and_torch() -> None:
    block = randomise(CrossAttention(6, 5, heads=2))
    theirs = nn.MultiheadAttention(6, 2, kdim=5, vdim=5, batch_first=True).double()
    with torch.no_grad():
        theirs.q_proj_weight.copy_(block.query.weight)
        theirs.k_proj_weight.copy_(block.key_value.weight[:6])
        theirs.v_proj_weight.copy_(block.key_value.weight[6:])
        theirs.in_proj_bias.copy_(torch.cat((block.query.bias, block.key_value.bias)))
    theirs.out_proj.weight, theirs.out_proj.bias = block.out.weight, block.out.bias
    x, memory = torch.randn(3, 4, 6, dtype=torch.float64), torch.randn(3, 7, 5, dtype=torch.float64)
    memory_mask = torch.arange(7) < torch.tensor([[7], [3], [1]])

    def oracle(x: Tensor, memory: Tensor) -> Tensor:
        return theirs(x, memory, memory, key_padding_mask=~memory_mask, need_weights=False)[0]

    gradients_match(lambda x, memory: block(x, memory, memory_mask=memory_mask), oracle, [x, memory])

    names = [name for name, _ in block.named_parameters()]

    def mine(x: Tensor, memory: Tensor, *values: Tensor) -> Tensor:
        return functional_call(block, dict(zip(names, values, strict=True)), (x, memory))

    def loop(x: Tensor, memory: Tensor, *weights: Tensor) -> Tensor:
        wq, bq, wkv, bkv, w, b = weights
        rows = []
        for a, m in zip(x, memory, strict=True):
            q, k, v = a @ wq.T + bq, m @ wkv[:6].T + bkv[:6], m @ wkv[6:].T + bkv[6:]
            heads = [read(q[:, i : i + 3], k[:, i : i + 3], v[:, i : i + 3], lambda t, s: True) for i in (0, 3)]
            rows.append(torch.cat(heads, dim=1) @ w.T + b)
        return torch.stack(rows)

    gradients_match(mine, loop, [x, memory, *(p.detach() for p in block.parameters())])


def test_dot_product_equals_the_loop() -> None:
    def oracle(x: Tensor, memory: Tensor) -> Tensor:
        return torch.stack([read(a, m, m, lambda t, s: True) for a, m in zip(x, memory, strict=True)])

    inputs = [torch.randn(2, 4, 6, dtype=torch.float64), torch.randn(2, 7, 6, dtype=torch.float64)]
    gradients_match(DotProductAttention(), oracle, inputs)


def test_additive_equals_the_loop() -> None:
    block = AdditiveAttention(3, 5, dim_hidden=4).double()
    assert AdditiveAttention(3, 5).v.in_features == 3

    def mine(x: Tensor, memory: Tensor, W: Tensor, U: Tensor, v: Tensor) -> Tensor:
        return functional_call(block, {"W.weight": W, "U.weight": U, "v.weight": v}, (x, memory))

    def oracle(x: Tensor, memory: Tensor, W: Tensor, U: Tensor, v: Tensor) -> Tensor:
        y = torch.zeros(2, 4, 5, dtype=x.dtype)
        for b in range(2):
            for t in range(4):
                weights = [torch.exp(v[0] @ torch.tanh(W @ x[b, t] + U @ memory[b, s])) for s in range(7)]
                y[b, t] = sum(w * memory[b, s] for s, w in enumerate(weights)) / sum(weights)
        return y

    shapes = [(2, 4, 3), (2, 7, 5), (4, 3), (4, 5), (1, 4)]
    gradients_match(mine, oracle, [torch.randn(shape, dtype=torch.float64) for shape in shapes])


@pytest.mark.parametrize(("causal", "rotary"), [(False, False), (True, True)])
def test_padding_changes_nothing_in_self_attention(causal: bool, rotary: bool) -> None:
    block = randomise(MultiHeadAttention(6, heads=3, causal=causal, rotary=rotary))
    padding_neutral(block, torch.randn(3, 7, 6, dtype=torch.float64), [7, 2, 4], lambda steps: steps)


@pytest.mark.parametrize("make", MEMORY_BLOCKS)
def test_padding_changes_nothing_across(make: Callable[[], nn.Module]) -> None:
    block = randomise(make())
    memory = memory_for(block)
    whole = torch.randn(3, 4, 6, dtype=torch.float64)
    mask = torch.arange(4) < torch.tensor([[4], [1], [3]])
    memory_mask = torch.arange(7) < torch.tensor([[2], [7], [5]])
    x = whole.masked_fill(~mask.unsqueeze(-1), torch.nan).requires_grad_()
    padded = memory.masked_fill(~memory_mask.unsqueeze(-1), torch.nan).requires_grad_()
    y = block(x, padded, mask, memory_mask)
    for row, (steps, memory_steps) in enumerate(((4, 2), (1, 7), (3, 5))):
        alone = block(whole[row : row + 1, :steps], memory[row : row + 1, :memory_steps])
        same(y[row : row + 1, :steps], alone)
        assert not y[row, steps:].any()
    gradients = torch.autograd.grad(y.square().sum(), [x, padded, *block.parameters()])
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert not gradients[0][~mask].any()
    assert not gradients[1][~memory_mask].any()


@pytest.mark.parametrize("make", MEMORY_BLOCKS)
def test_nothing_to_read_gives_zeros(make: Callable[[], nn.Module]) -> None:
    block = randomise(make())
    x, memory = torch.randn(3, 4, 6, dtype=torch.float64).requires_grad_(), memory_for(block).requires_grad_()
    memory_mask = torch.arange(7) < torch.tensor([[0], [7], [5]])
    y = block(x, memory, memory_mask=memory_mask)
    assert not y[0].any()
    assert y[1:].all()
    gradients = torch.autograd.grad(y.square().sum(), [x, memory, *block.parameters()])
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert not gradients[0][0].any()


@pytest.mark.parametrize("causal", [False, True])
def test_a_sequence_of_padding_and_padding_on_the_left(causal: bool) -> None:
    block = randomise(MultiHeadAttention(6, heads=3, causal=causal))
    x = torch.randn(2, 5, 6, dtype=torch.float64).requires_grad_()
    mask = torch.tensor([[False] * 5, [False, False, True, True, True]])
    y = block(x, mask)
    assert not y[0].any()
    assert not y[1, :2].any()
    same(y[1:, 2:], block(x[1:, 2:]))
    gradients = torch.autograd.grad(y.square().sum(), [x, *block.parameters()])
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("padded", [False, True])
def test_causal_never_looks_ahead(padded: bool) -> None:
    block = randomise(MultiHeadAttention(6, heads=2, causal=True))
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    changed = x.clone()
    changed[:, 3:] = torch.randn(2, 2, 6, dtype=torch.float64)
    mask = torch.ones(2, 5, dtype=torch.bool) if padded else None
    same(block(changed, mask)[:, :3], block(x, mask)[:, :3])


@pytest.mark.parametrize("rotary", [False, True])
def test_step_by_step_equals_at_once(rotary: bool) -> None:
    block = randomise(MultiHeadAttention(6, heads=3, causal=True, rotary=rotary))
    x, state = torch.randn(2, 5, 6, dtype=torch.float64), block.initial_state(2, 5)
    y = block(x)
    for t in range(5):
        y_t, state = block.step(x[:, t : t + 1], state)
        same(y_t, y[:, t : t + 1])
    with pytest.raises(ValueError, match="cache: time: expected at most 5 steps, got 6"):
        block.step(x[:, :1], state)


def test_step_needs_causality() -> None:
    with pytest.raises(ValueError, match="multi_head_attention: step: expected causal=True, got False"):
        MultiHeadAttention(6, heads=2).initial_state(2, 5)


@pytest.mark.parametrize("kind", [MultiHeadAttention, CrossAttention])
def test_dropout_in_training_only(kind: type) -> None:
    block, x = kind(*([6, 6] if kind is CrossAttention else [6]), heads=2, dropout=0.5), torch.randn(2, 5, 6)
    inputs = (x, x) if kind is CrossAttention else (x,)
    assert not torch.equal(block(*inputs), block(*inputs))
    block.eval()
    same(block(*inputs), block(*inputs))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("make", MEMORY_BLOCKS)
def test_low_precision(make: Callable[[], nn.Module], dtype: torch.dtype) -> None:
    block = make().double()
    memory, x = memory_for(block), torch.randn(3, 4, 6, dtype=torch.float64)
    memory_mask = torch.arange(7) < torch.tensor([[0], [7], [5]])
    exact = block(x, memory, memory_mask=memory_mask)
    y = block.to(dtype)(x.to(dtype), memory.to(dtype), memory_mask=memory_mask)
    assert y.dtype is dtype
    same(y.double(), exact, 1e-5 if dtype is torch.float32 else 0.05)


def test_exports() -> None:
    x, memory = torch.randn(2, 5, 6), torch.randn(2, 7, 6)
    mask, memory_mask = torch.arange(5) < torch.tensor([[5], [3]]), torch.arange(7) < torch.tensor([[7], [2]])
    for causal in (False, True):
        exports(MultiHeadAttention(6, heads=3, causal=causal, rotary=True), x)
        exports(MultiHeadAttention(6, heads=3, causal=causal, rotary=True), x, mask)
    for block in (CrossAttention(6, 6, heads=2), AdditiveAttention(6, 6), DotProductAttention()):
        exports(block, x, memory)
        exports(block, x, memory, mask, memory_mask)


def test_starts_as_torch_does() -> None:
    torch.manual_seed(3)
    mine = MultiHeadAttention(64, heads=2)
    theirs = nn.MultiheadAttention(64, 2)
    same(mine.qkv.weight.std(), theirs.in_proj_weight.std(), 0.05)
    keys = nn.MultiheadAttention(64, 2, kdim=32, vdim=32).k_proj_weight
    same(CrossAttention(64, 32, 2).key_value.weight[:64].std(), keys.std(), 0.05)
    assert not mine.qkv.bias.any()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: MultiHeadAttention(96, heads=7), "multi_head_attention: heads: expected a divisor of dim 96, got 7"),
        (lambda: MultiHeadAttention(96, heads=0), "multi_head_attention: heads: expected a divisor of dim 96, got 0"),
        (lambda: MultiHeadAttention(0), "multi_head_attention: dim: expected a positive integer, got 0"),
        (
            lambda: MultiHeadAttention(15, heads=3, rotary=True),
            "multi_head_attention: rotary: expected an even dim / heads, got 5",
        ),
        (lambda: CrossAttention(8, 5, heads=3), "cross_attention: heads: expected a divisor of dim 8, got 3"),
        (lambda: CrossAttention(8, 0), "cross_attention: dim_memory: expected a positive integer, got 0"),
        (
            lambda: CrossAttention(8, 5, dropout=1.0),
            "cross_attention: dropout: expected a rate from 0 to below 1, got 1.0",
        ),
        (lambda: AdditiveAttention(3, 4, 0), "additive_attention: dim_hidden: expected a positive integer, got 0"),
    ],
)
def test_settings_are_checked(make: Callable[[], nn.Module], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
