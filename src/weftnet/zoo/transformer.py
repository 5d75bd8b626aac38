"""The Transformer: an encoder of a text, and a decoder that writes another from it.

    tokens: embedding · √dim – waves – dropout – depth × encoder layer                                      the memory
    target: embedding · √dim – waves – dropout – depth × layer that reads keys and values of the memory     the features
    logits: features · embeddingᵀ, the target's (`tie: output`)

Source: A. Vaswani and others, Attention is all you need, 2017, https://arxiv.org/abs/1706.03762. The defaults are its
base model. `dim=128, depth=4, heads=4, hidden=256, dropout=0.3` is the Transformer-Tiny of Z. Wu and others, Good for
misconceived reasons, 2021, https://arxiv.org/abs/2105.14462, for data as small as Multi30k.
Differs: `tie: all`, the paper's choice, needs one vocabulary of both texts (`shared`), so that the default ties the
target's embedding alone; embeddings start at N(0, 1/dim). With `norm_first` a norm ends either stack, as torch has it.
Keys and values are nodes of their own: for a text that is written step by step they are computed once.
Parameters: base, tie all, vocabulary 37,000: 63,082,496, of which 37,000 · 512 are the embedding's.
"""

import math
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Chain, Graph, Node, Repeat, Shared, Wire
from weftnet.zoo._write import block, chain
from weftnet.zoo._write import dropout as dropped


def transformer(
    dim: int = 512,
    depth: int = 6,
    heads: int = 8,
    hidden: int = 2048,
    dropout: float = 0.1,
    norm_first: bool = False,
    tie: Literal["none", "output", "all"] = "output",
) -> Architecture:
    """An encoder and a decoder, of `tokens` and `target`.

    Args:
        dim: size of every layer.
        depth: layers of either stack.
        heads: attention heads, a divisor of dim.
        hidden: size inside the feed-forward networks.
        dropout: rate behind the positions and in the layers, in training.
        norm_first: whether norms come before the sublayers, and one behind each stack.
        tie: which tables are one: none; the target's embedding and the last layer; or the source's embedding too.
    """
    layer = {"heads": heads, "dim_hidden": hidden, "dropout": dropout, "activation": "relu", "norm_first": norm_first}
    words = block("embedding", dim=dim, std=dim**-0.5)
    norm: list[Node] = [block("layer_norm")] if norm_first else []

    def placed() -> list[Node]:
        return [block("scale", factor=math.sqrt(dim)), block("sinusoidal_positions"), *dropped(dropout)]

    nodes: dict[str, Wire] = {
        "words": Wire(("target",), words),
        "source_words": Wire(("tokens",), Shared("words") if tie == "all" else words),
        "memory": Wire(
            ("source_words",),
            Chain((*placed(), Repeat(depth, block("transformer_encoder_layer", **layer)), *norm)),
        ),
        "layer_0": Wire(("words",), chain(placed())),
    }
    for k in range(depth):
        nodes[f"keys_{k}"] = Wire(("memory",), block("dense", dim=dim))
        nodes[f"values_{k}"] = Wire(("memory",), block("dense", dim=dim))
        read = {"x": f"layer_{k}", "keys": f"keys_{k}", "values": f"values_{k}"}
        nodes[f"layer_{k + 1}"] = Wire(read, block("transformer_memory_layer", **layer))
    last = f"layer_{depth}"
    if norm_first:
        nodes["norm"], last = Wire((last,), block("layer_norm")), "norm"
    if tie != "none":
        nodes["logits"], last = Wire((last,), Shared("words", transposed=True)), "logits"
    return Architecture.of(Graph(("tokens", "target"), nodes, (last,)))


def example() -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Settings of a small one, and what it reads."""
    return {"dim": 16, "depth": 2, "heads": 4, "hidden": 24}, {
        "network": {"tokens": "tokens:9,vocabulary=13", "target": "tokens:7,vocabulary=11"}
    }


def published() -> list[tuple[dict[str, Any], dict[str, str], int]]:
    """Settings, what it reads, and its parameters, as the paper's layers have them.

    An encoder layer: 4 (d² + d) + 2 d h + h + d + 4 d;  a decoder layer: 8 (d² + d) + 2 d h + h + d + 6 d.
    """
    reads = {"tokens": "tokens:9,vocabulary=37000", "target": "tokens:9,vocabulary=37000"}
    d, h, n, v = 512, 2048, 6, 37_000
    base = n * (12 * (d * d + d) + 2 * (2 * d * h + h + d) + 10 * d) + v * d
    d, h, n = 128, 256, 4
    tiny = n * (12 * (d * d + d) + 2 * (2 * d * h + h + d) + 10 * d) + v * d
    small = {"dim": 128, "depth": 4, "heads": 4, "hidden": 256, "tie": "all"}
    return [({"tie": "all"}, reads, base), (small, reads, tiny)]
