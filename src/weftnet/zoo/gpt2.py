"""GPT-2: a causal Transformer over pairs of bytes, which tells the next token at every step.

    embedding – learned positions – dropout – depth × causal encoder layer – norm           the node `body`
    dense classes

Source: A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever, Language models are unsupervised multitask
learners, 2019,
https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf.
Differs: the last layer, which the language-model task adds, has weights of its own; of published weights they are the
embedding's at first. Like `char_transformer`, in the sizes and with the gelu of the published networks.
Parameters: the smallest (12 layers of 768, vocabulary 50,257, 1,024 positions), without the last layer: 124,439,808.
"""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.spec import Architecture, Block, Chain, Node, Repeat
from weftnet.zoo._weights import Checkpoint, Found, Names, Published, behind, silent, transposed
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped

#: heads of the published sizes, by their width
_HEADS = {768: 12, 1024: 16, 1280: 20, 1600: 25}


def gpt2(
    dim: int = 768,
    depth: int = 12,
    heads: int = 12,
    hidden: int | None = None,
    dropout: float = 0.1,
    classes: int | None = None,
) -> Architecture:
    """A causal Transformer over tokens.

    Args:
        dim: size of every layer.
        depth: layers.
        heads: attention heads, a divisor of dim.
        hidden: size inside the feed-forward networks; 4 · dim by default.
        dropout: rate behind the positions and in the layers, in training.
        classes: outputs at every step; without it the features come out.
    """
    own: dict[str, Any] = {} if hidden is None else {"dim_hidden": hidden}
    layer = block(
        "transformer_encoder_layer", heads=heads, dropout=dropout, activation="gelu_tanh", causal=True, **own
    )  # fmt: skip
    body: list[Node] = [
        Block("embedding", {"dim": dim, "std": 0.02}, label="words"),
        Block("learned_positions", {}, label="positions"),
        *dropped(dropout),
        Repeat(depth, layer, label="layers"),
        Block("layer_norm", {}, label="norm"),
    ]
    return network(Chain(tuple(body), label="body"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 12, "depth": 2, "heads": 3}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [({}, "tokens:1024,vocabulary=50257", 124_439_808)]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known."""
    hub = "https://huggingface.co/openai-community/"
    return [
        Checkpoint(
            "transformers",
            ("wte.weight", "wpe.weight", "h.0.attn.c_attn.weight", "ln_f.weight"),
            _settings,
            _names,
            longest=lambda found: found.size("wpe.weight"),
            prefixes=("transformer.",),
            leave=("h.*.attn.bias", "h.*.attn.masked_bias", "lm_head.weight"),
            recipe={"lr": 5e-5, "batch_size": 16},
            end="next token",
            always=True,
            known=[
                Published(name, hub + name, "MIT") for name in ("gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl")
            ] + [Published("distilgpt2", "https://huggingface.co/distilbert/distilgpt2", "Apache-2.0")],
        ),
    ]  # fmt: skip


def _settings(found: Found) -> dict[str, Any]:
    """Sizes by shapes; the heads, which no shape shows, by the configuration or the published sizes."""
    for key, value in (
        ("activation_function", "gelu_new"), ("layer_norm_epsilon", 1e-5), ("scale_attn_weights", True),
        ("scale_attn_by_inverse_layer_idx", False), ("add_cross_attention", False),
    ):  # fmt: skip
        found.only(key, value)
    dim, hidden = found.size("wte.weight", 1), found.size("h.0.mlp.c_fc.weight", 1)
    heads = _HEADS.get(dim) if not found.config else None
    return {
        "dim": dim, "depth": found.count("h.#."), "heads": heads or found.told("heads", "n_head"),
        "dropout": found.config.get("resid_pdrop", 0.1), **({} if hidden == 4 * dim else {"hidden": hidden}),
    }  # fmt: skip


def _names(settings: Mapping[str, Any]) -> Names:
    """Tokens are two rows further down here: padding and the unknown token stand before them, and are never told."""
    names: dict[str, Any] = {
        "body.words.table.weight": behind("wte.weight"),
        "body.positions.weight": "wpe.weight",
        "body.norm": "ln_f",
        "1.linear.weight": behind("wte.weight"),
        "1.linear.bias": silent("wte.weight"),
    }
    for i in range(settings["depth"]):
        here, there = f"body.layers.{i}", f"h.{i}"
        names |= {
            f"{here}.attention.qkv": transposed(f"{there}.attn.c_attn"),
            f"{here}.attention.out": transposed(f"{there}.attn.c_proj"),
            f"{here}.around_attention.norm": f"{there}.ln_1",
            f"{here}.feed.0": transposed(f"{there}.mlp.c_fc"),
            f"{here}.feed.3": transposed(f"{there}.mlp.c_proj"),
            f"{here}.around_feed.norm": f"{there}.ln_2",
        }
    return names
