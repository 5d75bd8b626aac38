"""Mamba: a language model without attention, whose state is as large after a thousand tokens as after one.

    embedding – depth × (x + selective_state_space(norm(x))) – norm                        the node `body`
    dense classes

Source: A. Gu, T. Dao, Mamba: linear-time sequence modeling with selective state spaces, 2023,
https://arxiv.org/abs/2312.00752, section 3.4
Differs: the last layer, which the language-model task adds, has weights and constants of its own; weights start as the
blocks' do.
Parameters: Mamba 130M (24 layers of 768, vocabulary 50,280), without the last layer: 129,135,360; the default size, for
characters, with vocabulary 65: 708,096.
"""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.spec import Architecture, Block, Chain, Node, Repeat, Residual
from weftnet.zoo._weights import Checkpoint, Found, Names, behind, silent
from weftnet.zoo._write import chain, network
from weftnet.zoo._write import dropout as dropped


def mamba(
    dim: int = 128,
    depth: int = 6,
    states: int = 16,
    expand: int = 2,
    eps: float = 1e-5,
    dropout: float = 0.0,
    classes: int | None = None,
) -> Architecture:
    """Selective state spaces over tokens.

    Args:
        dim: size of every layer.
        depth: layers.
        states: values that each inner feature remembers.
        expand: inner features for each of dim.
        eps: of the norms.
        dropout: rate behind the embedding and every layer, in training.
        classes: outputs at every step, the vocabulary's size; without it the features come out.
    """
    norm = Block("rms_norm", {"eps": eps}, label="norm")
    mixer = Block("selective_state_space", {"states": states, "expand": expand}, label="mixer")
    body: list[Node] = [
        Block("embedding", {"dim": dim, "std": 0.02}, label="words"),
        *dropped(dropout),
        Repeat(depth, Residual(chain(norm, mixer, dropped(dropout))), label="layers"),
        norm,
    ]
    return network(Chain(tuple(body), label="body"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "depth": 2, "states": 3, "dropout": 0.1}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({}, "tokens:64,vocabulary=65", 708_096),
        ({"dim": 768, "depth": 24}, "tokens:2048,vocabulary=50280", 129_135_360),
    ]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known: of transformers, with tokens that can be read here.

    Those of the authors have GPT-NeoX's tokens, which are not.
    """
    return [
        Checkpoint(
            "transformers",
            ("embeddings.weight", "layers.0.mixer.A_log", "norm_f.weight"),
            _settings,
            _names,
            longest=lambda found: int(found.config.get("max_position_embeddings", 2048)),
            prefixes=("backbone.",),
            leave=("lm_head.weight",),
            recipe={"lr": 5e-5, "batch_size": 16},
            end="next token",
            always=True,
        ),
    ]


def _settings(found: Found) -> dict[str, Any]:
    """Sizes by shapes."""
    for key, value in (
        ("hidden_act", "silu"), ("use_bias", False), ("use_conv_bias", True), ("tie_word_embeddings", True),
        ("model_type", "mamba"),
    ):  # fmt: skip
        found.only(key, value)
    dim, (inner, states) = found.size("embeddings.weight", 1), found.shapes["layers.0.mixer.A_log"]
    if found.size("layers.0.mixer.conv1d.weight", 2) != 4 or found.size("layers.0.mixer.dt_proj.weight", 1) != -(
        -dim // 16
    ):
        raise ValueError("its convolution or its rates are of another size, and only 4 steps and dim / 16 are known")
    eps = float(found.config.get("layer_norm_epsilon", 1e-5))
    return {"dim": dim, "depth": found.count("layers.#."), "states": states, "expand": inner // dim, "eps": eps}


def _names(settings: Mapping[str, Any]) -> Names:
    """Tokens are two rows further down here: padding and an empty text stand before them."""
    names: dict[str, Any] = {
        "body.words.table.weight": behind("embeddings.weight"),
        "body.norm": "norm_f",
        "1.linear.weight": behind("embeddings.weight"),
        "1.linear.bias": silent("embeddings.weight"),
    }
    for i in range(settings["depth"]):
        here, there = f"body.layers.{i}.body", f"layers.{i}"
        mixer = {
            "into": "in_proj", "convolution": "conv1d", "select": "x_proj", "rate": "dt_proj", "out": "out_proj",
            "A_log": "A_log", "D": "D",
        }  # fmt: skip
        names |= {f"{here}.norm": f"{there}.norm"}
        names |= {f"{here}.mixer.{ours}": f"{there}.mixer.{theirs}" for ours, theirs in mixer.items()}
    return names
