"""Vision Transformer: an image as a sentence of patches.

    patches – dense dim – class token – learned positions – depth × encoder layer – norm – the token – dense classes

Source: A. Dosovitskiy and others, An image is worth 16×16 words, 2021, https://arxiv.org/abs/2010.11929.
As the paper (norm first, gelu, 4·dim inside). A dense layer on flattened patches is the paper's patch convolution.
Parameters: ViT-B/16 (patch 16, dim 768, depth 12, heads 12), 224×224×3, 1000 classes: 86,567,656.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Repeat
from weftnet.zoo._write import block, network


def vit(
    patch: int = 16,
    dim: int = 768,
    depth: int = 12,
    heads: int = 12,
    dropout: float = 0.0,
    classes: int | None = None,
) -> Architecture:
    """A Transformer encoder over patches.

    Args:
        patch: height and width of a patch; it divides the image's.
        dim: size of every layer.
        depth: encoder layers.
        heads: attention heads, a divisor of dim.
        dropout: rate in the layers, in training.
        classes: outputs; without it the token's features come out.
    """
    return network(
        [block("patchify", size=patch), block("dense", dim=dim), block("class_token"), block("learned_positions")],
        Repeat(depth, block("transformer_encoder_layer", heads=heads, dropout=dropout)),
        [block("layer_norm"), block("first_step")],
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"patch": 4, "dim": 12, "depth": 2, "heads": 3}, "image:3x8x12"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 1000}, "image:3x224x224", 86_567_656),  # torchvision's documentation
    ]
