"""Attention with grouped queries, windows and biases against loops over the formulas and transformers' modules."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise, same
from torch import Tensor, nn

from weftnet.blocks.attention.alibi_attention import AlibiAttention, slopes
from weftnet.blocks.attention.bucketed_attention import BucketedAttention
from weftnet.blocks.attention.grouped_attention import GroupedAttention
from weftnet.blocks.attention.multi_head_attention import MultiHeadAttention
from weftnet.blocks.position.rotary_positions import RotaryPositions

transformers: Any = pytest.importorskip("transformers")

CAUSAL: list[Callable[[], nn.Module]] = [
    lambda: GroupedAttention(12, heads=6, key_heads=2, causal=True, rotary=True, base=50.0),
    lambda: GroupedAttention(12, heads=6, key_heads=3, causal=True, window=3),
    lambda: AlibiAttention(12, heads=3, causal=True),
    lambda: BucketedAttention(12, heads=3, causal=True, buckets=4, farthest=6),
]
BOTH_WAYS: list[Callable[[], nn.Module]] = [
    lambda: GroupedAttention(12, heads=6, key_heads=1, window=2),
    lambda: AlibiAttention(12, heads=6),
    lambda: BucketedAttention(12, heads=6, buckets=8, farthest=5),
]


def one_head(q: Tensor, k: Tensor, v: Tensor, score: Callable[[Tensor, int, int], Tensor | None]) -> Tensor:
    """One head of one example, key by key; `score` is None for a key that is not read."""
    rows = []
    for t in range(len(q)):
        scores = {s: score(q[t] @ k[s], t, s) for s in range(len(k))}
        weights = {s: torch.exp(each) for s, each in scores.items() if each is not None}
        rows.append(sum(w * v[s] for s, w in weights.items()) / sum(weights.values()))
    return torch.stack(rows)


@pytest.mark.parametrize(
    ("causal", "window", "rotary"), [(False, None, False), (True, None, True), (True, 3, False), (False, 2, True)]
)
def test_grouped_equals_the_loop(causal: bool, window: int | None, rotary: bool) -> None:
    block = GroupedAttention(12, heads=6, key_heads=3, causal=causal, window=window, rotary=rotary, base=30.0)
    f, weights = functional(block)
    turn = RotaryPositions(2, base=30.0) if rotary else nn.Identity()

    def score(product: Tensor, t: int, s: int) -> Tensor | None:
        hidden = (causal and s > t) or (window is not None and abs(t - s) >= window)
        return None if hidden else product / math.sqrt(2)

    def oracle(x: Tensor, qkv: Tensor, out: Tensor) -> Tensor:
        examples = []
        for example in x:
            read = example @ qkv.T  # six queries, three keys, three values of 2
            heads = []
            for head in range(6):
                q, k, v = (read[:, 2 * i : 2 * i + 2] for i in (head, 6 + head // 2, 9 + head // 2))
                heads.append(one_head(turn(q[None])[0], turn(k[None])[0], v, score))
            examples.append(torch.cat(heads, dim=1) @ out.T)
        return torch.stack(examples)

    gradients_match(f, oracle, [torch.randn(2, 5, 12, dtype=torch.float64), *weights])


def test_as_many_keys_as_queries_is_multi_head_attention() -> None:
    mine = randomise(GroupedAttention(12, heads=4, key_heads=4, causal=True, bias=True))
    theirs = MultiHeadAttention(12, heads=4, causal=True).double()
    theirs.load_state_dict(mine.state_dict())
    x = torch.randn(2, 5, 12, dtype=torch.float64)
    same(mine(x), theirs(x))


def test_grouped_is_mistral_s() -> None:
    config = transformers.MistralConfig(
        hidden_size=24, num_attention_heads=6, num_key_value_heads=2, head_dim=4, sliding_window=3, num_hidden_layers=1,
        intermediate_size=8, vocab_size=5, rope_parameters={"rope_type": "default", "rope_theta": 70.0},
    )  # fmt: skip
    config._attn_implementation = "eager"
    model = transformers.MistralModel(config).double().eval()
    theirs = model.layers[0].self_attn
    block = GroupedAttention(24, heads=6, key_heads=2, causal=True, window=3, rotary=True, base=70.0).double()
    with torch.no_grad():
        block.qkv.weight.copy_(torch.cat([theirs.q_proj.weight, theirs.k_proj.weight, theirs.v_proj.weight]))
        block.out.weight.copy_(theirs.o_proj.weight)
    x = torch.randn(2, 7, 24, dtype=torch.float64)
    turns = model.rotary_emb(x, torch.arange(7)[None])
    near = torch.tensor([[0 <= t - s < 3 for s in range(7)] for t in range(7)])
    hidden = torch.zeros(7, 7, dtype=torch.float64).masked_fill(~near, -torch.inf)
    same(block(x), theirs(x, position_embeddings=turns, attention_mask=hidden[None, None])[0], 1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_alibi_equals_the_loop(causal: bool) -> None:
    f, weights = functional(AlibiAttention(12, heads=3, causal=causal))
    m = [2**-4, 2**-8, 2**-2]  # of two heads, then the first of four

    def oracle(x: Tensor, qkv: Tensor, qkv_bias: Tensor, out: Tensor, out_bias: Tensor) -> Tensor:
        examples = []
        for example in x:
            read = example @ qkv.T + qkv_bias
            heads = []
            for head in range(3):

                def score(product: Tensor, t: int, s: int, slope: float = m[head]) -> Tensor | None:
                    return None if causal and s > t else product / 2 - slope * abs(t - s)

                q, k, v = (read[:, 4 * i : 4 * i + 4] for i in (head, 3 + head, 6 + head))
                heads.append(one_head(q, k, v, score))
            examples.append(torch.cat(heads, dim=1) @ out.T + out_bias)
        return torch.stack(examples)

    gradients_match(f, oracle, [torch.randn(2, 5, 12, dtype=torch.float64), *weights])


@pytest.mark.parametrize("heads", [1, 2, 3, 8, 12])
def test_slopes_are_bloom_s(heads: int) -> None:
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor

    theirs = build_alibi_tensor(torch.ones(1, 2), heads, torch.float64)  # slope · position
    same(torch.tensor(slopes(heads), dtype=torch.float64), theirs[:, 0, 1], 1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_bucketed_equals_t5_s(causal: bool) -> None:
    from transformers.models.t5.modeling_t5 import T5Attention

    config = transformers.T5Config(
        d_model=12, d_kv=4, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=11,
        is_decoder=causal, dropout_rate=0.0,
    )  # fmt: skip
    config._attn_implementation = "eager"
    theirs = randomise(T5Attention(config, has_relative_attention_bias=True, layer_idx=0)).eval()
    block = BucketedAttention(12, heads=3, causal=causal, buckets=8, farthest=11).double()
    with torch.no_grad():
        block.qkv.weight.copy_(torch.cat([theirs.q.weight, theirs.k.weight, theirs.v.weight]))
        block.out.weight.copy_(theirs.o.weight)
        block.table.copy_(theirs.relative_attention_bias.weight)
    x = torch.randn(2, 17, 12, dtype=torch.float64)
    hidden = torch.zeros(17, 17, dtype=torch.float64)
    if causal:
        hidden = hidden.masked_fill(torch.ones(17, 17, dtype=torch.bool).triu(1), -torch.inf)
    mask = hidden[None, None]
    gradients_match(block, lambda x: theirs(x, mask=mask)[0], [x], 1e-8)
    (mine,) = torch.autograd.grad(block(x).square().sum(), [block.table])
    (other,) = torch.autograd.grad(theirs(x, mask=mask)[0].square().sum(), [theirs.relative_attention_bias.weight])
    same(mine, other, 1e-8)


@pytest.mark.parametrize("make", CAUSAL + BOTH_WAYS)
def test_padding_changes_nothing(make: Callable[[], nn.Module]) -> None:
    padding_neutral(randomise(make()), torch.randn(3, 7, 12, dtype=torch.float64), [7, 2, 4], lambda steps: steps)


@pytest.mark.parametrize("make", CAUSAL + BOTH_WAYS)
def test_a_sequence_of_padding_is_zero(make: Callable[[], nn.Module]) -> None:
    block = randomise(make())
    x = torch.randn(2, 5, 12, dtype=torch.float64).requires_grad_()
    y = block(x, torch.tensor([[False] * 5, [True] * 5]))
    assert not y[0].any()
    gradients = torch.autograd.grad(y.square().sum(), [x, *block.parameters()])
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("make", CAUSAL)
def test_step_by_step_equals_at_once(make: Callable[[], nn.Module]) -> None:
    block: Any = randomise(make())
    x, state = torch.randn(2, 8, 12, dtype=torch.float64), block.initial_state(2, 8)
    y = block(x)
    for start, stop in ((0, 4), (4, 5), (5, 6), (6, 8)):
        made, state = block.step(x[:, start:stop], state)
        same(made, y[:, start:stop])


@pytest.mark.parametrize("make", BOTH_WAYS)
def test_step_needs_causality(make: Callable[[], nn.Module]) -> None:
    block: Any = make()
    with pytest.raises(ValueError, match="_attention: step: expected causal=True, got False"):
        block.initial_state(2, 5)


@pytest.mark.parametrize("make", CAUSAL[1:])
def test_exports(make: Callable[[], nn.Module]) -> None:
    x, mask = torch.randn(2, 5, 12, dtype=torch.float64), torch.arange(5) < torch.tensor([[5], [3]])
    exports(make().double(), x, mask)


@pytest.mark.parametrize("make", [*CAUSAL, *BOTH_WAYS])
def test_dropout_in_training_only(make: Callable[[], nn.Module]) -> None:
    block: Any = make()
    block.dropout = 0.5
    x = torch.randn(2, 5, 12)
    assert not torch.equal(block(x), block(x))
    block.eval()
    same(block(x), block(x))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: GroupedAttention(12, 5), "grouped_attention: heads: expected a divisor of dim 12, got 5"),
        (lambda: GroupedAttention(12, 6, 4), "grouped_attention: key_heads: expected a divisor of heads 6, got 4"),
        (lambda: GroupedAttention(12, 6, window=0), "grouped_attention: window: expected a positive integer, got 0"),
        (
            lambda: GroupedAttention(6, 2, rotary=True),
            "grouped_attention: rotary: expected an even dim / heads, got 3",
        ),
        (lambda: GroupedAttention(8, 2, base=1.0), "grouped_attention: base: expected a number above 1, got 1.0"),
        (lambda: AlibiAttention(12, 5), "alibi_attention: heads: expected a divisor of dim 12, got 5"),
        (lambda: BucketedAttention(12, 5), "bucketed_attention: heads: expected a divisor of dim 12, got 5"),
        (
            lambda: BucketedAttention(12, 3, buckets=6),
            "bucketed_attention: buckets: expected a multiple of 4, got 6",
        ),
        (
            lambda: BucketedAttention(12, 3, buckets=8, farthest=4),
            "bucketed_attention: farthest: expected more than half the buckets, 4, got 4",
        ),
    ],
)
def test_settings_are_checked(make: Callable[[], nn.Module], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
