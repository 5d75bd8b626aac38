"""A temporal convolutional network over characters: dilated causal convolutions with residuals.

    embedding – dropout – depth × tcn_layer, dilations 1, 2, 4 …

Source: S. Bai, J. Z. Kolter, V. Koltun, An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling, 2018, https://arxiv.org/abs/1803.01271, section 3 and, of characters, 5.3
Differs: the paper's last layer shares the embedding's weights, and its features are as wide; here the language-model
task adds one.
Parameters: the paper's size for characters (embedding 100, three layers of 450, kernel 3, vocabulary 50), without the
last layer: 3,228,350.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def char_tcn(
    dim: int = 64,
    hidden: int = 128,
    depth: int = 5,
    kernel: int = 3,
    dropout: float = 0.0,
    classes: int | None = None,
) -> Architecture:
    """Dilated causal convolutions over tokens.

    Args:
        dim: size of a token's vector.
        hidden: features of every layer.
        depth: layers; a step sees 2 · (kernel − 1) · (2^depth − 1) steps before itself.
        kernel: values that a filter reads.
        dropout: rate behind the embedding and every convolution, in training.
        classes: outputs at every step, the vocabulary's size; without it the features come out.
    """
    return network(
        block("embedding", dim=dim),
        dropped(dropout),
        [block("tcn_layer", dim=hidden, kernel=kernel, dilation=2**layer, dropout=dropout) for layer in range(depth)],
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 6, "hidden": 8, "depth": 2, "dropout": 0.1}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters by the layers' formula."""
    return [({"dim": 100, "hidden": 450, "depth": 3}, "tokens:400,vocabulary=50", 3_228_350)]
