"""A codec of waves: convolutions shorten it to few positions, a quantiser numbers them, and as many lengthen it again.

    pad – conv1d – (unit – elu – conv1d, kernel 2 stride + 1) for each stride – memory – elu – conv1d to `dim`
    – residual vector quantiser –
    conv1d – memory – (elu – transposed conv1d, kernel 2 stride – unit) for each stride, backwards – elu – conv1d to 1
    unit    x + conv1d, kernel 1 (elu(conv1d, kernel 3 (elu(x))))
    memory  x + lstm in both directions (x)

Each stride doubles the width.
Source: N. Zeghidour and others, SoundStream, 2021, https://arxiv.org/abs/2107.03312; A. Défossez and others, High
fidelity neural audio compression, 2022, https://arxiv.org/abs/2210.13438.
Differs: small; one unit a stride instead of three dilated ones; no weight norm; one LSTM in both directions for two
causal ones, so it doesn't run live.
Parameters: width 16, strides 4, 4, 4, dim 64, vocabulary 256, levels 8, code_dim 8: 499,969.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Node, Residual
from weftnet.zoo._write import block, chain, network


def wave_codec(
    width: int = 16,
    strides: Sequence[int] = (4, 4, 4),
    dim: int = 64,
    vocabulary: int = 256,
    levels: int = 8,
    code_dim: int = 8,
    kernel: int = 7,
) -> Architecture:
    """An encoder, a quantiser and a decoder.

    Args:
        width: values of a sample, an even number.
        strides: samples that become one, time after time.
        dim: values of a position that is quantised.
        vocabulary: different codes of a level.
        levels: codes of a position.
        code_dim: dimensions in which codes are compared.
        kernel: of the first and the last convolution, an odd number.
    """
    total, wide = 1, width
    down: list[Node] = []
    up: list[Node] = []
    for stride in strides:
        up = [
            block("elu"),
            block("transposed_conv1d", dim=wide, kernel=2 * stride, stride=stride, padding=(stride + 1) // 2,
                  output_padding=stride % 2),
            _unit(wide),
            *up,
        ]  # fmt: skip
        down += [_unit(wide), block("elu"), block("conv1d", dim=2 * wide, kernel=2 * stride + 1, stride=stride)]
        total, wide = total * stride, 2 * wide
    quantiser = block("residual_vector_quantiser", vocabulary=vocabulary, levels=levels, code_dim=code_dim)
    return network(
        [block("pad_time", multiple=total), block("conv1d", dim=width, kernel=kernel)],
        down,
        [_memory(wide), block("elu"), block("conv1d", dim=dim), quantiser],
        [block("conv1d", dim=wide), _memory(wide)],
        up,
        [block("elu"), block("conv1d", dim=1, kernel=kernel)],
    )


def _unit(wide: int) -> Node:
    return Residual(chain(block("elu"), block("conv1d", dim=wide), block("elu"), block("conv1d", dim=wide, kernel=1)))


def _memory(wide: int) -> Node:
    return Residual(block("lstm", dim=wide // 2, bidirectional=True))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    small = {"width": 4, "strides": [2, 3], "dim": 6, "vocabulary": 8, "levels": 2, "code_dim": 3, "kernel": 3}
    return small, "wave:101,rate=200,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    total, dim, wide = 0, 64, 128
    for here in (16, 32, 64):
        unit = 3 * here * here + here + here * here + here
        there = 9 * here * 2 * here + 2 * here
        back = 8 * 2 * here * here + here
        total += 2 * unit + there + back
    lstm = 2 * (4 * 64 * (128 + 64 + 2))
    ends = (7 * 16 + 16) + (7 * 16 + 1) + (3 * wide * dim + dim) + (3 * dim * wide + wide)
    quantiser = 8 * (dim * 8 + 8 + 8 * dim + dim + 256 * 8)
    return [({}, "wave:8000,rate=8000", total + 2 * lstm + ends + quantiser)]
