"""Positions against loops over the formulas, and rotary positions against Llama's."""

import math
import re

import pytest
import torch
from oracles import exports, functional, gradients_match, same
from torch import Tensor, nn

from weftnet.blocks.position.learned_positions import LearnedPositions
from weftnet.blocks.position.rotary_positions import RotaryPositions
from weftnet.blocks.position.sinusoidal_positions import SinusoidalPositions


def waves(x: Tensor, base: float) -> Tensor:
    table = torch.zeros(x.shape[1:], dtype=x.dtype)
    for t in range(x.shape[1]):
        for d in range(x.shape[2]):
            angle = t / base ** ((d - d % 2) / x.shape[2])
            table[t, d] = math.cos(angle) if d % 2 else math.sin(angle)
    return x + table


def turned(x: Tensor, base: float) -> Tensor:
    half = x.shape[2] // 2
    complex_x = torch.complex(x[..., :half], x[..., half:])
    factors = [[complex(0, t * base ** (-2 * i / x.shape[2])) for i in range(half)] for t in range(x.shape[1])]
    y = complex_x * torch.tensor(factors, dtype=torch.complex128).exp()
    return torch.cat((y.real, y.imag), dim=-1)


@pytest.mark.parametrize(("dim", "base"), [(6, 10000.0), (5, 10000.0), (1, 10000.0), (4, 50.0)])
def test_sinusoidal_equals_the_loop(dim: int, base: float) -> None:
    x = torch.randn(2, 9, dim, dtype=torch.float64)
    gradients_match(SinusoidalPositions(dim, base), lambda x: waves(x, base), [x])


@pytest.mark.parametrize(("dim", "base"), [(6, 10000.0), (2, 10000.0), (8, 50.0)])
def test_rotary_equals_the_complex_product(dim: int, base: float) -> None:
    x = torch.randn(2, 9, dim, dtype=torch.float64)
    gradients_match(RotaryPositions(dim, base), lambda x: turned(x, base), [x])


def test_rotary_equals_llama() -> None:
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

    config = LlamaConfig(hidden_size=8, num_attention_heads=1, head_dim=8)
    x = torch.randn(2, 9, 8)
    cos, sin = LlamaRotaryEmbedding(config)(x, torch.arange(9).unsqueeze(0))
    theirs, _ = apply_rotary_pos_emb(x.unsqueeze(1), x.unsqueeze(1), cos, sin)
    same(RotaryPositions(8)(x), theirs.squeeze(1), 1e-5)


def test_rotary_products_depend_on_distance_only() -> None:
    q, k = torch.randn(2, 4, dtype=torch.float64)
    block = RotaryPositions(4)
    queries, keys = block(q.expand(1, 10, 4))[0], block(k.expand(1, 10, 4))[0]
    same(queries[7] @ keys[4], queries[3] @ keys[0])


@pytest.mark.parametrize("time", [6, 4])
def test_learned_adds_its_first_rows(time: int) -> None:
    f, weights = functional(LearnedPositions(6, 3))

    def oracle(x: Tensor, table: Tensor) -> Tensor:
        return torch.stack([x[:, t] + table[t] for t in range(x.shape[1])], dim=1)

    gradients_match(f, oracle, [torch.randn(2, time, 3, dtype=torch.float64), *weights])


def test_learned_refuses_longer_sequences() -> None:
    with pytest.raises(ValueError, match="learned_positions: time: expected at most 6 steps, got 7"):
        LearnedPositions(6, 3)(torch.randn(2, 7, 3))


BLOCKS = [SinusoidalPositions(4), LearnedPositions(9, 4), RotaryPositions(4)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_step_by_step_equals_at_once(block: nn.Module) -> None:
    x, state = torch.randn(2, 5, 4), block.initial_state(2, 5)
    y = block(x)
    for t in range(5):
        y_t, state = block.step(x[:, t : t + 1], state)
        same(y_t, y[:, t : t + 1])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_exports(block: nn.Module) -> None:
    exports(block, torch.randn(2, 5, 4))


@pytest.mark.parametrize("kind", [SinusoidalPositions, RotaryPositions])
def test_far_positions_stay_apart_in_bfloat16(kind: type) -> None:
    x = torch.ones(1, 400, 4, dtype=torch.bfloat16)
    y = kind(4)(x)
    assert y.dtype is torch.bfloat16
    same(y, kind(4)(x.double()).bfloat16(), 0.02)


@pytest.mark.parametrize(
    ("kind", "settings", "text"),
    [
        (SinusoidalPositions, {"dim": 0}, "sinusoidal_positions: dim: expected a positive integer, got 0"),
        (
            SinusoidalPositions,
            {"dim": 4, "base": 1.0},
            "sinusoidal_positions: base: expected a number above 1, got 1.0",
        ),
        (RotaryPositions, {"dim": 7}, "rotary_positions: dim: expected a positive even number, got 7"),
        (RotaryPositions, {"dim": 4, "base": 0.5}, "rotary_positions: base: expected a number above 1, got 0.5"),
        (LearnedPositions, {"time": 0, "dim": 4}, "learned_positions: time: expected a positive integer, got 0"),
    ],
)
def test_settings_are_checked(kind: type, settings: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        kind(**settings)


def test_a_base_is_above_one() -> None:
    assert RotaryPositions(4, base=1.5).base == 1.5
    with pytest.raises(ValueError, match=r"rotary_positions: base: expected a number above 1, got 1\.0"):
        RotaryPositions(4, base=1.0)
