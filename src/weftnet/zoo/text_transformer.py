"""A Transformer encoder that classifies texts.

    embedding – positions – depth × encoder layer – norm – mean over real steps – dropout – dense classes

Source: A. Vaswani and others, Attention is all you need, 2017, https://arxiv.org/abs/1706.03762; norm first:
R. Xiong and others, 2020, https://arxiv.org/abs/2002.04745.
Differs from BERT-like classifiers: the mean of all steps instead of a class token, which needs less data.
Parameters: without the embedding, dim 64, depth 2, 2 classes: 100,226.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Repeat
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def text_transformer(
    dim: int = 64, depth: int = 2, heads: int = 4, dropout: float = 0.1, classes: int | None = None
) -> Architecture:
    """Embedding, positions, encoder layers, mean.

    Args:
        dim: size of a word's vector and of every layer.
        depth: encoder layers.
        heads: attention heads, a divisor of dim.
        dropout: rate in the layers and before the last one, in training.
        classes: outputs; without it the features come out.
    """
    return network(
        [block("embedding", dim=dim, std=0.1), block("sinusoidal_positions")],
        Repeat(depth, block("transformer_encoder_layer", heads=heads, dropout=dropout)),
        [block("layer_norm"), block("global_average_pool1d")],
        dropped(dropout),
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "heads": 2}, "tokens:9,vocabulary=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "tokens:50,vocabulary=1", 100_226 + 64),
    ]
