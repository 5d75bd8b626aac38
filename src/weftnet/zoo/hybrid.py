"""Three families in sequence: convolution, recurrence, attention.

    (conv – norm – pool – relu) for each width – rows – bidirectional lstm → h
    h + attention(norm(h)) – weighted mean – dense classes

Source: convolution into a bidirectional LSTM over the columns of a text line: B. Shi, X. Bai, C. Yao, An end-to-end
trainable neural network for image-based sequence recognition (CRNN), 2015, https://arxiv.org/abs/1507.05717;
attention: A. Vaswani and others, 2017, https://arxiv.org/abs/1706.03762; the mean's weights: Z. Yang and others, 2016,
https://aclanthology.org/N16-1174.
Differs from CRNN: rows instead of columns, and one answer for the whole image instead of one for each step.
Parameters: 28×28×1, 10 classes: 366,314.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Node, Residual
from weftnet.zoo._residual import conv_norm
from weftnet.zoo._write import block, chain, network


def hybrid(
    widths: Sequence[int] = (32, 64), hidden: int = 64, heads: int = 4, classes: int | None = None
) -> Architecture:
    """Convolutions, a bidirectional LSTM over rows, attention between the rows.

    Args:
        widths: channels of the convolutions, each halving the image.
        hidden: size of the LSTM's state in each direction.
        heads: attention heads, a divisor of 2 · hidden.
        classes: outputs; without it the 2 · hidden features come out.
    """
    nodes: list[Node] = []
    for width in widths:
        nodes += [*conv_norm(width, 3), block("max_pool2d", size=2), block("relu")]
    look = Residual(chain(block("layer_norm"), block("multi_head_attention", heads=heads)))
    return network(
        nodes,
        [block("image_rows"), block("lstm", dim=hidden, bidirectional=True), look, block("attention_pool")],
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [4, 6], "hidden": 8}, "image:1x8x12"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 10}, "image:1x28x28", 366_314),
    ]
