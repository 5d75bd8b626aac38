"""A U-Net over a wave: convolutions that halve time, an LSTM where it is shortest, and as many that double it again.

    pad – level(depth)
    level(0)   lstm in both directions – dense back to the width
    level(n)   [ itself | conv1d, stride 2 – relu – level(n − 1) – transposed conv1d – relu ] – conv1d – relu

[ | ] adds; each halving doubles the width, up to `widest`. Every sample is read in its surroundings and in the whole.

Source: D. Stoller, S. Ewert, S. Dixon, Wave-U-Net, 2018, https://arxiv.org/abs/1806.03185; with an LSTM and strided
convolutions: A. Défossez, G. Synnaeve, Y. Adi, Real time speech enhancement in the waveform domain, 2020,
https://arxiv.org/abs/2006.12847.
Differs: strides of 2, relu, one convolution a level, and what goes across is added, at every level's own width.
Parameters: width 24, depth 4, widest 96, kernel 9: 626,544.
"""

from itertools import pairwise
from typing import Any

from weftnet.architecture.spec import Architecture, Chain, Parallel
from weftnet.zoo._write import block, chain, network


def wave_unet(width: int = 24, depth: int = 4, widest: int = 96, kernel: int = 9) -> Architecture:
    """A U-Net, which gives `width` values a sample, of some more samples than it reads.

    Args:
        width: values of each sample.
        depth: how often time is halved.
        widest: values of a step at most.
        kernel: steps that a convolution reads, an odd number.
    """
    widths = [min(width * 2**level, widest) for level in range(depth + 1)]
    first = [block("pad_time", multiple=2**depth), block("conv1d", dim=width, kernel=kernel), block("relu")]
    return network(first, _level(widths, kernel))


def _level(widths: list[int], kernel: int) -> Chain:
    """What happens to steps of the first width, and of the others below."""
    here, *below = widths
    if not below:
        return chain(block("lstm", dim=here, bidirectional=True), block("dense", dim=here), block("relu"))
    deeper = chain(
        block("conv1d", dim=below[0], kernel=kernel, stride=2), block("relu"), _level(below, kernel),
        block("transposed_conv1d", dim=here), block("relu"),
    )  # fmt: skip
    across = Parallel((block("dropout", rate=0.0), deeper), merge="add")  # the identity: a branch needs a block
    return chain(across, block("conv1d", dim=here, kernel=kernel), block("relu"))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"width": 4, "depth": 2, "widest": 6, "kernel": 3}, "wave:101,rate=200,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    widths, total = [24, 48, 96, 96, 96], 24 * 9 + 24
    for here, below in pairwise(widths):
        total += (9 * here * below + below) + (2 * below * here + here) + (9 * here * here + here)
    lstm = 2 * (4 * 96 * (96 + 96 + 2))
    return [({}, "wave:8000,rate=8000", total + lstm + 2 * 96 * 96 + 96)]
