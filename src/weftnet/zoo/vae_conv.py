"""Variational autoencoder of convolutions.

    encoder: (conv 3×3 ↓2 – relu) for each width – flatten                              then mean and log-variance of z
    decoder: dense – relu – image – (transposed conv 4×4 ↑2 – relu) – … – transposed conv 4×4 ↑2 to the channels

Source: D. Kingma, M. Welling, Auto-encoding variational Bayes, 2014, https://arxiv.org/abs/1312.6114; strides for
pooling, transposed convolutions: A. Radford, L. Metz, S. Chintala, 2015, https://arxiv.org/abs/1511.06434.
A kernel of 4 with stride 2 covers every pixel equally often: no checkerboard (A. Odena and others, 2016).
The task variational_autoencoder appends the layer to mean and log-variance.
Parameters: shape [1, 28, 28], widths 32, 64, latent 16: 205,825.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Node
from weftnet.zoo._write import block, chain, halved


def vae_conv(shape: Sequence[int] = (1, 28, 28), widths: Sequence[int] = (32, 64)) -> Architecture:
    """Convolutional encoder and decoder, for images.

    Args:
        shape: channels, height and width of an image; each width halves it once.
        widths: channels of the encoder's convolutions; the decoder has them backwards.
    """
    height, width = halved("vae_conv", shape, len(widths))
    down: list[Node] = []
    for channels in widths:
        down += [block("conv2d", channels=channels, kernel=3, stride=2), block("relu")]
    up: list[Node] = []
    for channels in (*reversed(widths[:-1]), shape[0]):
        up += [block("relu"), block("transposed_conv2d", channels=channels, kernel=4, stride=2, padding=1)]
    start = [block("dense", dim=widths[-1] * height * width), block("reshape", shape=(widths[-1], height, width))]
    return Architecture({"encoder": chain(down, block("flatten")), "decoder": chain(start, up)})


def example() -> tuple[dict[str, Any], dict[str, str]]:
    """Settings of a small one, and what it reads."""
    return {"shape": [1, 8, 8], "widths": [4, 6]}, {"encoder": "image:1x8x8", "decoder": "vector:5"}
