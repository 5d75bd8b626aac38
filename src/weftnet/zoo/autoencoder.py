"""Autoencoder: compress an example into a short code and reconstruct it.

    z = encoder(x): flatten – (dense – relu) for each width – dense latent
    y = decoder(z): (dense – relu) for each width backwards – dense values – the example's shape

Source: G. Hinton, R. Salakhutdinov, Reducing the dimensionality of data with neural networks, 2006,
https://doi.org/10.1126/science.1127647.
Differs from the paper: relu for sigmoids and no layer-wise training before; both parts are trained at once.
Parameters: shape [1, 28, 28], widths 128, 64, latent 32: 222,384.
"""

import math
from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, chain, dense_stack


def autoencoder(
    shape: Sequence[int] = (1, 28, 28), widths: Sequence[int] = (128, 64), latent: int = 32
) -> Architecture:
    """Dense layers to a code and back; the parts `encoder` and `decoder`.

    Args:
        shape: sizes of an example, without the batch.
        widths: hidden layers of the encoder; the decoder has them backwards.
        latent: size of the code.
    """
    values = block("dense", dim=math.prod(shape))
    as_before = [block("reshape", shape=tuple(shape))] if len(shape) > 1 else []
    return Architecture(
        {
            "encoder": chain(block("flatten"), dense_stack(widths), block("dense", dim=latent)),
            "decoder": chain(dense_stack(list(reversed(widths))), values, as_before),
        }
    )


def example() -> tuple[dict[str, Any], dict[str, str]]:
    """Settings of a small one, and what it reads."""
    return {"shape": [1, 8, 8], "widths": [12], "latent": 5}, {"encoder": "image:1x8x8", "decoder": "vector:5"}
