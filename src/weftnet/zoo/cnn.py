"""The small convolutional network of most introductions.

    conv 32@3 – pool – relu – conv 64@3 – pool – relu – conv 64@3 – relu – flatten – dense 64 – relu – dense classes

Source: F. Chollet, Deep learning with Python, 2017, listing 5.1, https://www.manning.com/books/deep-learning-with-python;
the idea: Y. LeCun and others, 1998, https://doi.org/10.1109/5.726791.
Pooling comes before relu: the same values and gradients, since both are monotone, on a quarter of the pixels.
Parameters: 28×28×1, 10 classes: 93,322, as in the book; 32×32×3: 122,570, as in TensorFlow's tutorial.
"""

from collections.abc import Sequence
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Node
from weftnet.zoo._write import block, dense_stack, network


def cnn(
    widths: Sequence[int] = (32, 64, 64),
    dense: int = 64,
    padding: Literal["valid", "same"] = "valid",
    classes: int | None = None,
) -> Architecture:
    """Convolutions with pooling between them, then a dense layer.

    Args:
        widths: channels of the convolutions; the image is halved between two of them.
        dense: size of the dense layer.
        padding: "valid" loses a pixel at every edge, as in the book; "same" keeps small images alive.
        classes: outputs; without it the dense layer is the output.
    """
    nodes: list[Node] = []
    for i, width in enumerate(widths):
        nodes.append(block("conv2d", channels=width, kernel=3, padding=padding))
        nodes += [block("max_pool2d", size=2)] if i < len(widths) - 1 else []
        nodes.append(block("relu"))
    return network(nodes, block("flatten"), dense_stack([dense]), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [4, 6, 8]}, "image:1x28x28"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 10}, "image:1x28x28", 93_322),  # Chollet's listing 5.2
        ({"classes": 10}, "image:3x32x32", 122_570),  # TensorFlow's CIFAR tutorial
    ]
