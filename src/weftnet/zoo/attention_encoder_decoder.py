"""A recurrent encoder in both directions, and a recurrent decoder that looks at all of it for every token.

    tokens: embedding – GRU in both directions                                    the memory;  keys: dense of it
    target: embedding – GRU with attention to the memory; it starts at dense tanh of the memory's first step
    additive:  before each step, Bahdanau's; features: [state; read; embedding] – dense – maxout
    general:   after each step, Luong's; features: [attentional state; embedding] – dense – maxout

Source: D. Bahdanau, K. Cho, Y. Bengio, Neural machine translation by jointly learning to align and translate, 2015,
https://arxiv.org/abs/1409.0473, whose sizes (RNNsearch) are the defaults; M.-T. Luong, H. Pham, C. Manning, Effective
approaches to attention-based neural machine translation, 2015, https://arxiv.org/abs/1508.04025.
Differs: the start reads both directions at the first step, the paper's the backward one alone; biases throughout; see
the blocks `bahdanau_decoder` and `luong_decoder`.
Parameters: source and target of 30,000 tokens, without the last layer: 66,421,000.
"""

from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Graph, Wire
from weftnet.zoo._write import block, chain
from weftnet.zoo._write import dropout as dropped


def attention_encoder_decoder(
    words: int = 620, dim: int = 1000, hidden: int = 500, dropout: float = 0.0,
    attention: Literal["additive", "general"] = "additive",
) -> Architecture:  # fmt: skip
    """An encoder and a decoder, of `tokens` and `target`.

    Args:
        words: size of the embeddings.
        dim: size of the hidden states, in each direction, and of the keys.
        hidden: maxout units before the last layer.
        dropout: rate behind the embeddings and before the last layer, in training.
        attention: additive (Bahdanau's) or general (Luong's).
    """
    decoder = block("bahdanau_decoder" if attention == "additive" else "luong_decoder")
    first = chain(block("first_step"), block("dense", dim=dim), block("tanh"))
    read = {"x": "words", "memory": "memory", "keys": "keys", "start": "start"}
    nodes = {
        "source_words": Wire(("tokens",), chain(block("embedding", dim=words, std=0.1), dropped(dropout))),
        "words": Wire(("target",), chain(block("embedding", dim=words, std=0.1), dropped(dropout))),
        "memory": Wire(("source_words",), block("gru", dim=dim, bidirectional=True)),
        "keys": Wire(("memory",), block("dense", dim=dim, bias=False)),
        "start": Wire(("memory",), first),
        "state": Wire(read, decoder),
        "read": Wire(
            ("state", "words"), chain(block("dense", dim=2 * hidden), block("maxout"), dropped(dropout)), merge="concat"
        ),
    }
    return Architecture.of(Graph(("tokens", "target"), nodes, ("read",)))


def example() -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Settings of a small one, and what it reads."""
    return {"words": 6, "dim": 10, "hidden": 7}, {
        "network": {"tokens": "tokens:9,vocabulary=13", "target": "tokens:7,vocabulary=11"}
    }


def published() -> list[tuple[dict[str, Any], dict[str, str], int]]:
    """Settings, what it reads, and its parameters by the papers' formulas, with torch's biases."""
    reads = {"tokens": "tokens:9,vocabulary=30000", "target": "tokens:9,vocabulary=30000"}
    e, d, v = 620, 1000, 30_000
    same = 2 * v * e + 2 * 3 * d * (e + d + 2) + 2 * d * d + (2 * d * d + d)  # embeddings, encoder, keys, start
    additive = 3 * d * (e + 2 * d + d + 2) + (d + 1) * d + 1000 * (3 * d + e + 1)
    general = 3 * d * (e + 2 * d + 2) + d * 3 * d + 1000 * (d + e + 1)
    return [({}, reads, same + additive), ({"attention": "general"}, reads, same + general)]
