"""Convolutions over an image, then a recurrent network along it: reads lines of text, and sound as an image of pitch.

    for every width: conv2d 3×3 – batch norm – relu – max pool 2×2, from the third on 1 × 2 across the line
    columns as steps (or rows) – layers × (lstm in both directions – dropout)        gives (batch, time, 2 · hidden)

`along` is the axis that becomes time: the width of a line of text, the height of a spectrogram whose rows are its
frames (`sequence_to_channels`).

Source: B. Shi, X. Bai, C. Yao, An end-to-end trainable neural network for image-based sequence recognition and its
application to scene text recognition, 2015, https://arxiv.org/abs/1507.05717.
Differs from the paper: smaller, one convolution a stage, batch norm in all of them; time is halved `halvings` times.
Parameters: one channel, 32 pixels high, widths 32, 64, 64, hidden 128, 2 layers: 1·9·32 + 32·9·64 + 64·9·64 and
2·160 of the norms; 64 · 4 values a step, so 2·(4·128·(256 + 130)) + 2·(4·128·(256 + 130)): 846,432 in all.
"""

from collections.abc import Sequence
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def crnn(
    widths: Sequence[int] = (32, 64, 64),
    hidden: int = 128,
    layers: int = 2,
    dropout: float = 0.1,
    along: Literal["width", "height"] = "width",
    halvings: int = 2,
    classes: int | None = None,
) -> Architecture:
    """Convolutions, then LSTMs that read from both ends.

    Args:
        widths: channels of each convolution; each halves the image across the line.
        hidden: size of each LSTM's state in one direction.
        layers: LSTMs on top of one another.
        dropout: rate behind each LSTM, in training.
        along: the axis of the image that becomes time.
        halvings: of the convolutions, the first so many halve time too.
        classes: outputs at every step; without it the features come out.
    """
    nodes: list[Node] = []
    for place, width in enumerate(widths):
        kept = 2 if place < halvings else 1
        size = [2, kept] if along == "width" else [kept, 2]
        nodes += [block("conv2d", channels=width, bias=False), block("batch_norm2d"), block("relu")]
        nodes += [block("max_pool2d", size=size)]
    nodes += [block("image_columns" if along == "width" else "image_rows")]
    for _ in range(layers):
        nodes += [block("lstm", dim=hidden, bidirectional=True), *dropped(dropout)]
    return network(nodes, classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [4, 6], "hidden": 8, "layers": 1, "halvings": 1}, "image:1x8x20"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    lstms = 2 * (4 * 128 * (256 + 130)) * 2
    return [({}, "image:1x32x100", 9 * (32 + 32 * 64 + 64 * 64) + 2 * 160 + lstms)]
