"""Llama: a causal Transformer with rotary positions, root-mean-square norms, gated layers and grouped queries.

    embedding – depth × (x + attention(norm(x)), x + swiglu(norm(x))) – norm               the node `body`
    dense classes

Source: H. Touvron and others, LLaMA: open and efficient foundation language models, 2023,
https://arxiv.org/abs/2302.13971; grouped queries: Llama 2, 2023, https://arxiv.org/abs/2307.09288
Differs: the last layer, which the language-model task adds, has weights and constants of its own; of published weights
they are the published ones at first, or the embedding's. Weights start as the blocks' do.
Parameters: Llama 2 7B (32 layers of 4,096, as many key heads as heads, hidden 11,008, vocabulary 32,000), without the
last layer: 6,607,343,616; the default size, for characters, with vocabulary 65: 800,000.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Block, Chain, Node, Repeat, Residual
from weftnet.zoo._weights import Checkpoint, Found, Names, Published, behind, joined, silent
from weftnet.zoo._write import block, chain, network
from weftnet.zoo._write import dropout as dropped


def llama(
    dim: int = 128,
    depth: int = 4,
    heads: int = 4,
    key_heads: int = 4,
    hidden: int | None = None,
    base: float = 10000.0,
    eps: float = 1e-6,
    dropout: float = 0.0,
    classes: int | None = None,
) -> Architecture:
    """A causal decoder over tokens.

    Args:
        dim: size of every layer.
        depth: layers.
        heads: attention heads, a divisor of dim.
        key_heads: heads of keys and values, a divisor of heads.
        hidden: size inside the gated layers; 8/3 · dim by default.
        base: of the rotation of queries and keys.
        eps: of the norms.
        dropout: rate behind the embedding and every sublayer, in training.
        classes: outputs at every step, the vocabulary's size; without it the features come out.
    """
    own: dict[str, Any] = {} if hidden is None else {"dim_hidden": hidden}
    norm = Block("rms_norm", {"eps": eps}, label="norm")
    attention = block("grouped_attention", heads=heads, key_heads=key_heads, causal=True, rotary=True, base=base)
    layer = Chain(
        (
            Residual(chain(norm, attention, dropped(dropout)), label="attention"),
            Residual(chain(norm, block("swiglu", **own), dropped(dropout)), label="feed"),
        )
    )
    body: list[Node] = [
        Block("embedding", {"dim": dim, "std": 0.02}, label="words"),
        *dropped(dropout),
        Repeat(depth, layer, label="layers"),
        norm,
    ]
    return network(Chain(tuple(body), label="body"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 16, "depth": 2, "key_heads": 2, "dropout": 0.1}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    seven = {"dim": 4096, "depth": 32, "heads": 32, "key_heads": 32, "hidden": 11008}
    small = {"dim": 576, "depth": 30, "heads": 9, "key_heads": 3, "hidden": 1536}
    return [
        ({}, "tokens:64,vocabulary=65", 800_000),
        (seven, "tokens:4096,vocabulary=32000", 6_738_415_616 - 32_000 * 4096),
        (small, "tokens:2048,vocabulary=49152", 134_515_008),
    ]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known: those whose tokens are pairs of bytes."""
    hub = "https://huggingface.co/HuggingFaceTB/"
    known = [Published(name, hub + name, "Apache-2.0") for name in ("SmolLM2-135M", "SmolLM2-360M")]
    return [_checkpoint("lm_head.weight", "", ()), _checkpoint("embed_tokens.weight", ", tied", known)]


def _checkpoint(last: str, naming: str, known: Sequence[Published]) -> Checkpoint:
    """One whose last layer is the tensor `last`."""
    marks = ["embed_tokens", "layers.0.self_attn.q_proj", "layers.0.mlp.gate_proj", "norm"]

    def settings(found: Found) -> dict[str, Any]:
        if found.has("lm_head.weight") and last != "lm_head.weight":
            raise ValueError("its last layer is not its embedding")
        return _settings(found)

    return Checkpoint(
        "transformers" + naming,
        tuple({**dict.fromkeys(f"{mark}.weight" for mark in marks), last: None}),
        settings,
        lambda settings: _names(settings, last),
        longest=lambda found: int(found.config.get("max_position_embeddings", 2048)),
        prefixes=("model.",),
        leave=("layers.*.self_attn.rotary_emb.inv_freq",),
        recipe={"lr": 5e-5, "batch_size": 16},
        end="next token",
        always=True,
        known=known,
    )


def _settings(found: Found) -> dict[str, Any]:
    """Sizes by shapes; the heads, which no shape shows, by the configuration."""
    for key, value in (
        ("hidden_act", "silu"), ("attention_bias", False), ("mlp_bias", False), ("rope_scaling", None),
        ("sliding_window", None), ("model_type", "llama"),
    ):  # fmt: skip
        found.only(key, value)
    rotation = found.config.get("rope_parameters") or {}
    if rotation.get("rope_type", "default") != "default":
        raise ValueError(f"rope_type is {rotation['rope_type']!r}, and only 'default' is known")
    dim, heads = found.size("embed_tokens.weight", 1), found.told("heads", "num_attention_heads")
    if found.size("layers.0.self_attn.q_proj.weight") != dim:
        raise ValueError("its heads are not as wide as dim / heads, and only such are known")
    return {
        "dim": dim,
        "depth": found.count("layers.#."),
        "heads": heads,
        "key_heads": found.size("layers.0.self_attn.k_proj.weight") * heads // dim,
        "hidden": found.size("layers.0.mlp.gate_proj.weight"),
        "base": float(rotation.get("rope_theta", found.config.get("rope_theta", 10000.0))),
        "eps": float(found.config.get("rms_norm_eps", 1e-6)),
    }


def _names(settings: Mapping[str, Any], last: str) -> Names:
    """Tokens are two rows further down here: padding and an empty text stand before them."""
    names: dict[str, Any] = {
        "body.words.table.weight": behind("embed_tokens.weight"),
        "body.norm": "norm",
        "1.linear.weight": behind(last),
        "1.linear.bias": silent("embed_tokens.weight"),
    }
    for i in range(settings["depth"]):
        here, there = f"body.layers.{i}", f"layers.{i}"
        query, key, value = (f"{there}.self_attn.{name}_proj" for name in "qkv")
        names |= {
            f"{here}.attention.body.norm": f"{there}.input_layernorm",
            f"{here}.attention.body.1.qkv": joined(query, key, value),
            f"{here}.attention.body.1.out": f"{there}.self_attn.o_proj",
            f"{here}.feed.body.norm": f"{there}.post_attention_layernorm",
            f"{here}.feed.body.1.gate_up": joined(f"{there}.mlp.gate_proj", f"{there}.mlp.up_proj"),
            f"{here}.feed.body.1.down": f"{there}.mlp.down_proj",
        }
    return names
