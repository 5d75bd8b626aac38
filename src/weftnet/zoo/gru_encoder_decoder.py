"""Two recurrent networks: one reads a text into a vector, the other writes a text from it.

    tokens: embedding – GRU, its last state – dense tanh                                     the context
    target: embedding – GRU that reads the context at every step; it starts at dense tanh of the context
    features: [state; context; embedding] – dense – maxout

Source: K. Cho and others, Learning phrase representations using RNN encoder–decoder for statistical machine
translation, 2014, https://arxiv.org/abs/1406.1078, whose sizes are the defaults.
Differs: embeddings of their own for source and target; biases throughout; the reset gate as in cuDNN and torch.
Parameters: source and target of 15,000 tokens, without the last layer: 16,715,000.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Graph, Wire
from weftnet.zoo._write import block, chain
from weftnet.zoo._write import dropout as dropped


def gru_encoder_decoder(words: int = 100, dim: int = 1000, hidden: int = 500, dropout: float = 0.0) -> Architecture:
    """An encoder and a decoder, of `tokens` and `target`.

    Args:
        words: size of the embeddings.
        dim: size of the hidden states and of the context.
        hidden: maxout units before the last layer.
        dropout: rate behind the embeddings and before the last layer, in training.
    """
    tanh = chain(block("dense", dim=dim), block("tanh"))
    nodes = {
        "source_words": Wire(("tokens",), chain(block("embedding", dim=words, std=0.1), dropped(dropout))),
        "words": Wire(("target",), chain(block("embedding", dim=words, std=0.1), dropped(dropout))),
        "context": Wire(("source_words",), chain(block("gru", dim=dim), block("last_step"), tanh.nodes)),
        "start": Wire(("context",), tanh),
        "state": Wire({"x": "words", "context": "context", "start": "start"}, block("context_decoder")),
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
    """Settings, what it reads, and its parameters by the paper's formulas, with torch's biases."""
    reads = {"tokens": "tokens:9,vocabulary=15000", "target": "tokens:9,vocabulary=15000"}
    e, d, v = 100, 1000, 15_000
    cells = 3 * d * (e + d + 2) + 3 * d * (e + d + d + 2)
    return [({}, reads, 2 * v * e + cells + 2 * (d * d + d) + 1000 * (2 * d + e + 1))]
