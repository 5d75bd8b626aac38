"""A Conformer encoder over the frames of a spectrogram, for connectionist temporal classification.

    halvings × (conv1d 3, stride 2 – relu) – dropout – depth × conformer layer            gives (batch, time, dim)

Source: A. Gulati and others, Conformer: convolution-augmented transformer for speech recognition, 2020,
https://arxiv.org/abs/2005.08100; its sizes S, M, L are dim 144, 256, 512, depth 16, 16, 17, heads 4, 4, 8.
Differs from the paper: frames are joined by convolutions along time whose features are the bands, which know what is
padding; the head is that of the task, without a decoder network.
Parameters: 64 bands, dim 144, depth 16, one halving: 64·3·144 + 144 of the convolution, and 16 · (8·144² + 4·144·576 +
2·576 + 54·144): 8,133,264 in all.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Node, Repeat
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def conformer_ctc(
    dim: int = 96, depth: int = 4, heads: int = 4, kernel: int = 15, dropout: float = 0.1, halvings: int = 1,
    classes: int | None = None,
) -> Architecture:  # fmt: skip
    """Conformer layers over frames.

    Args:
        dim: size of every layer.
        depth: layers.
        heads: attention heads, a divisor of dim.
        kernel: steps that the convolutions read, an odd number.
        dropout: rate in the layers and before them, in training.
        halvings: how often time is halved first; the paper's 2 make steps of 40 ms.
        classes: outputs at every step; without it the features come out.
    """
    joined: list[Node] = []
    for _ in range(halvings):
        joined += [block("conv1d", dim=dim, stride=2), block("relu")]
    if not halvings:
        joined = [block("dense", dim=dim)]
    layer = block("conformer_layer", heads=heads, kernel=kernel, dropout=dropout)
    return network(joined, dropped(dropout), Repeat(depth, layer), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "depth": 1, "heads": 2, "kernel": 3}, "series:24x5,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    layers = 16 * (8 * 144**2 + 4 * 144 * 576 + 2 * 576 + (31 + 23) * 144)
    return [({"dim": 144, "depth": 16, "kernel": 31}, "series:400x64", 64 * 3 * 144 + 144 + layers)]
