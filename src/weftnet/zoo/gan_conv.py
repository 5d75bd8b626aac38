"""Generative adversarial network of convolutions.

    generator: dense – image – (norm – relu – transposed conv 4×4 ↑2) for each width backwards, the last to the channels
    critic:    (conv 5×5 ↓2 – leaky relu) for each width – flatten                                 then one number

Source: A. Radford, L. Metz, S. Chintala, Unsupervised representation learning with deep convolutional generative
adversarial networks, 2015, https://arxiv.org/abs/1511.06434; critic: I. Gulrajani and others, Improved training of
Wasserstein GANs, 2017, https://arxiv.org/abs/1704.00028.
Differs from DCGAN: the critic has no batch normalisation, which would couple the examples whose gradients the penalty
uses, and the generator no tanh at its end, since examples are standardised.
Parameters: shape [1, 28, 28], widths 32, 64, noise 64: 292,578, critic and generator together.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Node
from weftnet.zoo._write import block, chain, halved


def gan_conv(shape: Sequence[int] = (1, 28, 28), widths: Sequence[int] = (32, 64)) -> Architecture:
    """Convolutional generator and critic, for images.

    Args:
        shape: channels, height and width of an image; each width halves it once.
        widths: channels of the critic's convolutions; the generator has them backwards.
    """
    height, width = halved("gan_conv", shape, len(widths))
    up: list[Node] = []
    for channels in (*reversed(widths[:-1]), shape[0]):
        up += [block("batch_norm2d"), block("relu")]
        up.append(block("transposed_conv2d", channels=channels, kernel=4, stride=2, padding=1))
    start = [block("dense", dim=widths[-1] * height * width), block("reshape", shape=(widths[-1], height, width))]
    down: list[Node] = []
    for channels in widths:
        down += [block("conv2d", channels=channels, kernel=5, stride=2), block("leaky_relu", slope=0.2)]
    return Architecture({"generator": chain(start, up), "critic": chain(down, block("flatten"))})


def example() -> tuple[dict[str, Any], dict[str, str]]:
    """Settings of a small one, and what it reads."""
    return {"shape": [1, 8, 8], "widths": [4, 6]}, {"generator": "vector:5", "critic": "image:1x8x8"}
