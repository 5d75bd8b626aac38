"""A BERT-like tagger: a Transformer encoder over words that are known by a vector and by their letters.

    word embedding – learned positions – norm – dropout – depth × encoder layer – dropout

Source: J. Devlin, M. Chang, K. Lee, K. Toutanova, BERT, 2018, section 5.3, https://arxiv.org/abs/1810.04805; words
by letters in place of word pieces: H. El Boukkouri and others, CharacterBERT, 2020, https://arxiv.org/abs/2010.10392.
Differs from BERT: a step is a word, so that every step has a tag; in BERT it is a piece of a word, and a word's first
piece carries its tag. CharacterBERT has seven widths of filters and highways; here is one width, beside a word's own
vector.
Parameters: vocabulary 10,000, alphabet 80, 48 positions, dim 128 with 32 filters, 2 layers: 1,368,256.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Repeat
from weftnet.errors import SettingError
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def tagger_bert(
    dim: int = 128, depth: int = 2, heads: int = 4, hidden: int | None = None, filters: int = 32, dropout: float = 0.1,
    tags: int | None = None,
) -> Architecture:  # fmt: skip
    """Word embedding, positions, encoder layers.

    Args:
        dim: size of every layer; of a word's vector its letters fill `filters` values.
        depth: encoder layers.
        heads: attention heads, a divisor of dim.
        hidden: size inside the feed-forward networks; 4 · dim by default.
        filters: what is looked for in a word's letters, fewer than dim.
        dropout: rate behind the positions, in the layers and at the end, in training.
        tags: how many there are; without it the features of every word come out.

    Raises:
        SettingError: the letters fill the whole vector.
    """
    if not filters < dim:
        expected, got = f"filters below dim, {dim}", str(filters)
        raise SettingError(
            "nothing is left for a word's own vector", where="zoo tagger_bert", expected=expected, got=got
        )
    layer = block(
        "transformer_encoder_layer", heads=heads, dropout=dropout, norm_first=False,
        **({} if hidden is None else {"dim_hidden": hidden}),
    )  # fmt: skip
    return network(
        block("word_embedding", dim=dim - filters, filters=filters),
        [block("learned_positions"), block("layer_norm")],
        dropped(dropout),
        Repeat(depth, layer),
        dropped(dropout),
        classes=tags,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 12, "heads": 3, "filters": 5, "tags": 3}, "words:9x5,vocabulary=13,alphabet=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the formula has them."""
    words, letters = 10_000 * 96, 80 * 30 + 32 * (3 * 30 + 1)
    layer = 4 * 128 * 129 + 2 * 128 * 512 + 512 + 5 * 128
    return [({}, "words:48x21,vocabulary=10000,alphabet=80,padded", words + letters + 48 * 128 + 2 * 128 + 2 * layer)]
