"""Two recurrent layers over word vectors, read out at the last state.

    embedding – lstm – lstm – last step – dropout – dense classes

Source: S. Hochreiter, J. Schmidhuber, Long short-term memory, 1997, https://doi.org/10.1162/neco.1997.9.8.1735; stacked
for text: A. Graves, Generating sequences with recurrent neural networks, 2013, https://arxiv.org/abs/1308.0850.
As torch, each gate has two biases; Keras has one: 4·dim parameters fewer a layer.
Parameters: vocabulary 10,000, dim 128, hidden 64, 2 classes: 1,363,074.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def text_lstm(
    dim: int = 128, hidden: int = 64, bidirectional: bool = False, dropout: float = 0.2, classes: int | None = None
) -> Architecture:
    """Embedding, two LSTMs, the last step.

    Args:
        dim: size of a word's vector.
        hidden: size of each LSTM's state.
        bidirectional: whether both layers read from the end too; the real steps are then averaged, since the backward
            reader has seen next to nothing at the last.
        dropout: rate after the embedding and before the last layer, in training.
        classes: outputs; without it the features come out.
    """
    layer = block("lstm", dim=hidden, bidirectional=True) if bidirectional else block("lstm", dim=hidden)
    pool = block("global_average_pool1d" if bidirectional else "last_step")
    return network(
        block("embedding", dim=dim, std=0.1), dropped(dropout), [layer, layer], pool, dropped(dropout), classes=classes
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "hidden": 6, "bidirectional": True}, "tokens:9,vocabulary=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "tokens:50,vocabulary=10000", 1_280_000 + 49_664 + 33_280 + 130),
    ]
