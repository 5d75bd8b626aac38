"""WaveNet as a filter: dilated, gated convolutions over the samples; a clean sample from those before it.

    conv1d, causal – wavenet stack – relu – dense – relu                    gives (batch, time, skips)

Source: D. Rethage, J. Pons, X. Serra, A Wavenet for speech denoising, 2018, https://arxiv.org/abs/1706.07162.
Differs from the paper: causal as WaveNet itself (van den Oord and others, 2016, https://arxiv.org/abs/1609.03499), so
that it works sample by sample; kernels of 2 by default, and one sample is answered at a time, not a field of them.
Parameters: dim 24, skips 48, depth 9, 2 cycles: 76,560.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network


def wavenet_denoiser(dim: int = 24, skips: int = 48, depth: int = 9, cycles: int = 2, kernel: int = 2) -> Architecture:
    """Features of every sample.

    Args:
        dim: values of each sample between the layers.
        skips: values of each sample that the layers add to.
        depth: layers of a cycle, whose dilation doubles.
        cycles: how often the dilations begin again.
        kernel: samples that a filter reads.
    """
    stack = block("wavenet_stack", dim_out=skips, kernel=kernel, depth=depth, cycles=cycles)
    first = block("conv1d", dim=dim, kernel=kernel, padding="causal")
    return network([first, stack, block("relu"), block("dense", dim=skips), block("relu")])


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 4, "skips": 6, "depth": 2, "cycles": 1}, "wave:60,rate=200,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    layer = 2 * 24 * 48 + 48 + 25 * (24 + 48)
    return [({}, "wave:8000,rate=8000", 2 * 24 + 24 + 18 * layer - 25 * 24 + 49 * 48)]
