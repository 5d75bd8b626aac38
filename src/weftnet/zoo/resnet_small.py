"""Residual networks for small images: three stages, on the full, half and quarter image.

    conv 3×3 – stage(width) – stage(2·width) – stage(4·width) – average – dense classes       6·blocks + 2 layers

Source: K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015, section 4.2,
https://arxiv.org/abs/1512.03385.
Differs from the paper: where the channels double the shortcut is a 1×1 convolution with normalisation (the paper's
option B), not a copy padded with zeros (option A).
Parameters: ResNet-20 (blocks 3, width 16), 32×32×3, 10 classes: 272,474; with option A it would be 269,722.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Node
from weftnet.zoo._residual import basic, conv_norm
from weftnet.zoo._write import block, network


def resnet_small(blocks: int = 3, width: int = 16, classes: int | None = None) -> Architecture:
    """A residual network for images of 8 to 64 pixels.

    Args:
        blocks: residual blocks a stage; 3 is ResNet-20, 5 is ResNet-32, 9 is ResNet-56.
        width: channels of the first stage.
        classes: outputs; without it the 4·width features come out.
    """
    nodes: list[Node] = [*conv_norm(width, 3), block("relu")]
    for stage in range(3):
        for i in range(blocks):
            stride = 2 if stage and not i else 1
            nodes.append(basic(width * 2**stage, stride, project=stride > 1))
    return network(nodes, block("global_average_pool2d"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"blocks": 1, "width": 4}, "image:3x9x8"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 10}, "image:3x32x32", 272_474),
    ]
