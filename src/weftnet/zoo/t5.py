"""T5: an encoder of a text and a decoder that writes another, with relative positions and without constants.

    tokens: embedding – dropout – relative encoder stack                                        the memory
    memory: dense, without bias                                         keys and values of all the decoder's layers
    target: embedding – dropout – relative decoder stack, which reads keys and values           the features
    logits: features · dim^−½ · embeddingᵀ (`tied`)

Source: C. Raffel and others, Exploring the limits of transfer learning with a unified text-to-text transformer, 2020,
https://arxiv.org/abs/1910.10683. The defaults are T5-small. `gated=True, tied=False` is version 1.1, whose small one
has dim 512, depth 8, heads 6, head_dim 64 and hidden 1024,
https://github.com/google-research/text-to-text-transfer-transformer
Equal to `T5ForConditionalGeneration` of transformers with its weights.
Differs: `shared` needs one vocabulary of both texts; without it each has an embedding of its own. A last layer that is
not tied is the task's, and has constants.
Parameters: T5-small, shared, vocabulary 32,128: 60,506,624.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Chain, Graph, Shared, Wire
from weftnet.zoo._write import block, chain
from weftnet.zoo._write import dropout as dropped


def t5(
    dim: int = 512,
    depth: int = 6,
    heads: int = 8,
    head_dim: int = 64,
    hidden: int = 2048,
    gated: bool = False,
    dropout: float = 0.1,
    shared: bool = False,
    tied: bool = True,
) -> Architecture:
    """An encoder and a decoder, of `tokens` and `target`.

    Args:
        dim: size of every layer.
        depth: layers of either stack.
        heads: attention heads.
        head_dim: size of each.
        hidden: size inside the feed-forward networks.
        gated: whether these are gated by gelu.
        dropout: rate behind the embeddings and in the layers, in training.
        shared: whether both texts have one embedding.
        tied: whether the last layer is the target's embedding.
    """
    layers = {"depth": depth, "heads": heads, "dim_hidden": hidden, "gated": gated, "dropout": dropout}
    words = block("embedding", dim=dim)
    encoder = block("relative_encoder_stack", head_dim=head_dim, **layers)
    keys = block("dense", dim=2 * depth * heads * head_dim, bias=False)
    placed = Wire(("words",), chain(dropped(dropout))) if dropout else Wire(("words",))
    nodes: dict[str, Wire] = {
        "words": Wire(("target",), words),
        "source_words": Wire(("tokens",), Shared("words") if shared else words),
        "memory": Wire(("source_words",), chain(dropped(dropout), encoder)),
        "keys_values": Wire(("memory",), keys),
        "read": placed,
        "state": Wire({"x": "read", "keys_values": "keys_values"}, block("relative_decoder_stack", **layers)),
    }
    if tied:
        back = Chain((block("scale", factor=dim**-0.5), Shared("words", transposed=True)))
        nodes["logits"] = Wire(("state",), back)
    return Architecture.of(Graph(("tokens", "target"), nodes, ("logits" if tied else "state",)))


def example() -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Settings of a small one, and what it reads."""
    return {"dim": 16, "depth": 2, "heads": 4, "head_dim": 3, "hidden": 24}, {
        "network": {"tokens": "tokens:9,vocabulary=13", "target": "tokens:7,vocabulary=11"}
    }


def published() -> list[tuple[dict[str, Any], dict[str, str], int]]:
    """Settings, what it reads, and its parameters as transformers has them; of 1.1 without the last layer."""
    reads = {"tokens": "tokens:9,vocabulary=32128", "target": "tokens:9,vocabulary=32128"}
    newer = {"depth": 8, "heads": 6, "hidden": 1024, "gated": True, "shared": True, "tied": False}
    return [({"shared": True}, reads, 60_506_624), (newer, reads, 76_961_152 - 32_128 * 512)]
