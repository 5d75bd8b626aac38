"""A codec of waves: frames become few values by a learned basis, a quantiser numbers them, a basis makes frames again.

    pad – conv1d to `width`, kernel 2 stride + 1, stride – unit … – conv1d to `dim`, kernel 1
    – residual vector quantiser –
    conv1d to `width`, kernel 1 – unit … – transposed conv1d to 1, kernel 2 stride
    unit    x + conv1d, kernel 1 (elu(conv1d, kernel 3 (elu(x))))

Source: the basis: Y. Luo, N. Mesgarani, TasNet, 2018, https://arxiv.org/abs/1711.00541; quantiser and units:
N. Zeghidour and others, SoundStream, 2021, https://arxiv.org/abs/2107.03312.
Differs from SoundStream: one stride instead of four, between overlapping frames: so a linear map alone nearly gives
the wave again, and a minute of training on a CPU does; no adversary.
Parameters: stride 64, width 128, depth 1, dim 64, vocabulary 256, levels 8: 312,257.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Node, Residual
from weftnet.zoo._write import block, chain, network


def wave_codec(
    stride: int = 64, width: int = 128, depth: int = 1, dim: int = 64, vocabulary: int = 256, levels: int = 8
) -> Architecture:
    """An encoder, a quantiser and a decoder.

    Args:
        stride: samples that become one position.
        width: functions of the basis.
        depth: units on either side.
        dim: values of a position that is quantised.
        vocabulary: different codes of a level.
        levels: codes of a position.
    """
    units = [_unit(width) for _ in range(depth)]
    back = block(
        "transposed_conv1d", dim=1, kernel=2 * stride, stride=stride, padding=(stride + 1) // 2,
        output_padding=stride % 2,
    )  # fmt: skip
    return network(
        [block("pad_time", multiple=stride), block("conv1d", dim=width, kernel=2 * stride + 1, stride=stride)],
        [*units, block("conv1d", dim=dim, kernel=1)],
        [block("residual_vector_quantiser", vocabulary=vocabulary, levels=levels)],
        [block("conv1d", dim=width, kernel=1), *units, back],
    )


def _unit(wide: int) -> Node:
    return Residual(chain(block("elu"), block("conv1d", dim=wide), block("elu"), block("conv1d", dim=wide, kernel=1)))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"stride": 6, "width": 8, "dim": 6, "vocabulary": 8, "levels": 2}, "wave:101,rate=200,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    width, dim, unit = 128, 64, 3 * 128 * 128 + 128 + 128 * 128 + 128
    encoder = 129 * width + width + unit + width * dim + dim
    decoder = dim * width + width + unit + 128 * width + 1
    return [({}, "wave:8000,rate=8000", encoder + decoder + 8 * 256 * dim)]
