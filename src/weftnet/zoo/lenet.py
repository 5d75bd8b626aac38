"""LeNet for colour images, as PyTorch's tutorial prints it.

    conv 6@5 – pool – relu – conv 16@5 – pool – relu – flatten – dense 120 – relu – dense 84 – relu – dense classes

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, 1998,
https://doi.org/10.1109/5.726791; in this form:
https://docs.pytorch.org/tutorials/beginner/blitz/cifar10_tutorial.html.
Differs from the paper: relu and maximum pooling for tanh and scaled averages, every map of the second convolution reads
all of the first. Pooling comes before relu, which changes no value.
Parameters: 32×32×3, 10 classes: 62,006.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, dense_stack, network


def lenet(classes: int | None = None) -> Architecture:
    """Two convolutions and three dense layers, for images of some 32×32.

    Args:
        classes: outputs; without it the 84 features come out.
    """
    return network(
        [block("conv2d", channels=6, kernel=5, padding="valid"), block("max_pool2d", size=2), block("relu")],
        [block("conv2d", channels=16, kernel=5, padding="valid"), block("max_pool2d", size=2), block("relu")],
        block("flatten"),
        dense_stack([120, 84]),
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {}, "image:3x32x32"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 10}, "image:3x32x32", 62_006),
    ]
