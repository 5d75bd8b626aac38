"""Plain stacks of 3×3 convolutions with batch normalisation, pooled between stages.

    stage = (conv 3×3 – norm – relu) for each width, then maximum pooling by 2
    stages – average – dropout – dense classes

Source: K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image recognition, 2014,
https://arxiv.org/abs/1409.1556; normalisation: S. Ioffe, C. Szegedy, 2015, https://arxiv.org/abs/1502.03167.
Differs from the paper: batch normalisation, and one average instead of two dense layers of 4096. There is no pooling
after the last stage, since the average follows.
Parameters: stages [[64,64],[128,128],[256,256,256],[512,512,512],[512,512,512]] (VGG-16), 32×32×3, 10 classes:
14,724,042; with the convolutions' biases, which the normalisation makes useless, 14,728,266.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Node
from weftnet.zoo._residual import conv_norm
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def vgg(
    stages: Sequence[Sequence[int]] = ((32, 32), (64, 64)), dropout: float = 0.0, classes: int | None = None
) -> Architecture:
    """Stages of 3×3 convolutions, the image halved between them.

    Args:
        stages: widths of each stage's convolutions.
        dropout: rate before the last layer, in training.
        classes: outputs; without it the last width's features come out.
    """
    nodes: list[Node] = []
    for i, widths in enumerate(stages):
        for j, width in enumerate(widths):
            nodes += conv_norm(width, 3)
            if j == len(widths) - 1 and i < len(stages) - 1:
                nodes.append(block("max_pool2d", size=2))  # before relu: the same values, a quarter of the work
            nodes.append(block("relu"))
    return network(nodes, block("global_average_pool2d"), dropped(dropout), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"stages": [[4, 4], [6]], "dropout": 0.1}, "image:3x9x8"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        (
            {"stages": [[64, 64], [128, 128], [256] * 3, [512] * 3, [512] * 3], "classes": 10},
            "image:3x32x32",
            14_728_266 - 4_224,
        ),  # no biases before a norm
    ]
