"""Generative adversarial network of dense layers.

    generator: (dense – relu) for each width                    then the example's shape
    critic:    flatten – (dense – leaky relu) backwards         then one number

Source: I. Goodfellow and others, Generative adversarial nets, 2014, https://arxiv.org/abs/1406.2661; the critic, a
number instead of a probability: M. Arjovsky, S. Chintala, L. Bottou, 2017, https://arxiv.org/abs/1701.07875.
The task gan appends the last layers: it knows the noise's size and the example's shape.
Parameters: 28×28×1, widths 256, 256, noise 64: 550,929, critic and generator together.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, chain, dense_stack


def gan_dense(widths: Sequence[int] = (256, 256)) -> Architecture:
    """Dense generator and critic, for vectors and small images.

    Args:
        widths: hidden layers of the generator; the critic has them backwards.
    """
    judge = chain(block("flatten"), dense_stack(list(reversed(widths)), "leaky_relu"))
    return Architecture({"generator": chain(dense_stack(widths)), "critic": judge})


def example() -> tuple[dict[str, Any], dict[str, str]]:
    """Settings of a small one, and what it reads."""
    return {"widths": [12, 10]}, {"generator": "vector:5", "critic": "image:1x8x8"}
