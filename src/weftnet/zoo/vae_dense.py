"""Variational autoencoder of dense layers.

    encoder: flatten – (dense – relu) for each width           then mean and log-variance of z
    decoder: (dense – relu) for each width backwards           then the example's shape

Source: D. Kingma, M. Welling, Auto-encoding variational Bayes, 2014, https://arxiv.org/abs/1312.6114.
Differs from the paper: relu for tanh. The task variational_autoencoder appends the last layers: it knows the
latent size and the example's shape.
Parameters: 28×28×1, widths 400, latent 20: 652,824, as in PyTorch's example of a VAE.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, chain, dense_stack


def vae_dense(widths: Sequence[int] = (400,)) -> Architecture:
    """Dense encoder and decoder, for vectors and small images.

    Args:
        widths: hidden layers of the encoder; the decoder has them backwards.
    """
    return Architecture(
        {
            "encoder": chain(block("flatten"), dense_stack(widths)),
            "decoder": chain(dense_stack(list(reversed(widths)))),
        }
    )


def example() -> tuple[dict[str, Any], dict[str, str]]:
    """Settings of a small one, and what it reads."""
    return {"widths": [12, 9]}, {"encoder": "image:1x8x8", "decoder": "vector:5"}
