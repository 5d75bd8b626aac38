"""The linear baseline: a weighted sum of all values.

    y = W · flatten(x) + b

Source: R. A. Fisher, The use of multiple measurements in taxonomic problems, 1936,
https://doi.org/10.1111/j.1469-1809.1936.tb02137.x; as softmax regression: D. R. Cox, 1958.
What a network has to beat before it is worth its cost.
Parameters: 28×28, 10 classes: 7,850.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network


def linear(classes: int | None = None) -> Architecture:
    """One dense layer on all values.

    Args:
        classes: outputs; without it the network ends in the flattened input, to which the task adds its head.
    """
    return network(block("flatten"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {}, "vector:7"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 10}, "image:1x28x28", 7_850),
    ]
