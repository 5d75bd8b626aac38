"""A small GPT over characters: it predicts the next one at every step.

    embedding – learned positions – dropout – depth × causal encoder layer – norm           gives (batch, time, dim)

Source: A. Radford and others, Language models are unsupervised multitask learners (GPT-2), 2019,
https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf; sizes:
https://github.com/karpathy/nanoGPT, its configuration for a laptop.
Differs from GPT-2: exact gelu; the last layer, which the language-model task adds, does not share the embedding's
weights; but for the tables, which start at N(0, 0.02²) as in the paper, weights start as torch's layers do.
Parameters: dim 128, depth 4, vocabulary 65, context 64, without the last layer: 809,856, as GPT-2's of that size.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Repeat
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def char_transformer(
    dim: int = 128, depth: int = 4, heads: int = 4, dropout: float = 0.0, classes: int | None = None
) -> Architecture:
    """A causal Transformer over tokens.

    Args:
        dim: size of every layer.
        depth: layers.
        heads: attention heads, a divisor of dim.
        dropout: rate after the embedding and in the layers, in training.
        classes: outputs at every step, the vocabulary's size; without it the features come out.
    """
    return network(
        [block("embedding", dim=dim, std=0.02), block("learned_positions")],
        dropped(dropout),
        Repeat(depth, block("transformer_encoder_layer", heads=heads, dropout=dropout, causal=True)),
        block("layer_norm"),
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 16, "depth": 2, "dropout": 0.1}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({}, "tokens:64,vocabulary=65", 809_856),
    ]
