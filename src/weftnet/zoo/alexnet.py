"""AlexNet: five convolutions and three dense layers, the network that began it.

    conv 11×11 ↓4 (64) – pool – conv 5×5 (192) – pool – conv 3×3 (384) – conv 3×3 (256) – conv 3×3 (256) – pool
    – dropout – dense – dropout – dense – dense classes                  relu behind each; pools of 3×3 ↓2, the largest

Source: A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural networks, 2012,
https://papers.nips.cc/paper/4824; its version on one GPU: A. Krizhevsky, One weird trick for parallelizing
convolutional neural networks, 2014, https://arxiv.org/abs/1404.5997, as in torchvision.
Differs from the first paper: no normalisation of responses, no two halves that see each other only in some layers.
Parameters: 224×224×3, 1000 classes: 61,100,840.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Node
from weftnet.zoo._write import block, dropout, network

_RELU, _POOL = block("relu"), block("max_pool2d", size=3, stride=2)


def alexnet(width: int = 64, hidden: int = 4096, rate: float = 0.5, classes: int | None = None) -> Architecture:
    """The network.

    Args:
        width: filters of the first convolution; the others have 3, 6, 4 and 4 times as many.
        hidden: units of the dense layers.
        rate: of dropout before either dense layer, in training.
        classes: outputs; without it the features of the last hidden layer come out.
    """
    nodes: list[Node] = [block("conv2d", channels=width, kernel=11, stride=4, padding=2), _RELU, _POOL]
    nodes += [block("conv2d", channels=3 * width, kernel=5), _RELU, _POOL]
    for factor in (6, 4, 4):
        nodes += [block("conv2d", channels=factor * width), _RELU]
    dense = [*dropout(rate), block("dense", dim=hidden), _RELU]
    return network(nodes, [_POOL, block("flatten")], dense, dense, classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"width": 4, "hidden": 12}, "image:3x67x71"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [({"classes": 1000}, "image:3x224x224", 61_100_840)]  # torchvision's documentation
