"""BiLSTM-CRF: words by a vector and by their letters, read from both ends, with tags that are chosen together.

    word embedding – dropout – depth × bidirectional lstm – dropout – dense tags – crf

Source: Z. Huang, W. Xu, K. Yu, Bidirectional LSTM-CRF models for sequence tagging, 2015, https://arxiv.org/abs/1508.01991;
with letters: G. Lample and others, Neural architectures for named entity recognition, 2016,
https://arxiv.org/abs/1603.01360; by a convolution: X. Ma, E. Hovy, 2016, https://arxiv.org/abs/1603.01354.
Differs from Lample: letters go through a convolution, as in Ma and Hovy, and the LSTM is torch's, without peepholes.
Parameters: Ma and Hovy's sizes (words 100, letters 30, 30 filters of 3, LSTM 200 each way, 9 tags), vocabulary 400,000,
alphabet 100: 40,540,638.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def tagger_lstm(
    dim: int = 100, dim_letters: int = 30, filters: int = 30, hidden: int = 200, depth: int = 1, dropout: float = 0.5,
    tags: int | None = None,
) -> Architecture:  # fmt: skip
    """Word embedding, LSTMs from both ends, and for a number of tags their chain.

    Args:
        dim: size of a word's own vector.
        dim_letters: size of a letter's vector.
        filters: what is looked for in a word's letters.
        hidden: size of each LSTM's state.
        depth: LSTM layers.
        dropout: rate on letters, before and behind the LSTMs, in training.
        tags: how many there are; without it the features of every word come out.
    """
    embedding = block("word_embedding", dim=dim, dim_letters=dim_letters, filters=filters, dropout=dropout)
    reader = block("lstm", dim=hidden, layers=depth, bidirectional=True, dropout=dropout if depth > 1 else 0.0)
    chain = [] if tags is None else [block("dense", dim=tags), block("crf")]
    return network(embedding, dropped(dropout), reader, dropped(dropout), chain)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {
        "dim": 8,
        "dim_letters": 4,
        "filters": 5,
        "hidden": 6,
        "tags": 3,
    }, "words:9x5,vocabulary=13,alphabet=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    words, letters = 400_000 * 100, 100 * 30 + 30 * (3 * 30 + 1)
    recurrent, chain = 2 * 4 * 200 * (130 + 200 + 2), 9 * 401 + 9 * 9 + 2 * 9
    return [
        ({"tags": 9}, "words:50x21,vocabulary=400000,alphabet=100,padded", words + letters + recurrent + chain),
    ]
