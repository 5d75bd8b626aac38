"""A language model of minimal GRUs: recurrent, yet trained on all steps at once.

    embedding – depth × (x + dense(min_gru(convolution(norm(x)))), x + swiglu(norm(x))) – norm

The convolution is causal, of four steps and each feature alone.
Source: L. Feng, F. Tung, M. Ahmed, Y. Bengio, H. Hajimirsadeghi, Were RNNs all we needed?, 2024,
https://arxiv.org/abs/2410.01201, section 4 and appendix: minimal GRU, convolution and feed-forward layers, pre-norm
Differs: the feed-forward layers are gated; see min_gru for its candidate.
Parameters: embedding vocabulary · dim, a layer (with inner = expand · dim) 5 · dim + 2 · inner · (dim + 1) +
dim · (inner + 1) + 3 · dim · hidden + 2 · dim, the last norm dim; the default size with vocabulary 65: 936,192.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Block, Chain, Repeat, Residual
from weftnet.zoo._write import block, chain, network
from weftnet.zoo._write import dropout as dropped


def char_min_gru(
    dim: int = 128,
    depth: int = 4,
    expand: int = 2,
    hidden: int | None = None,
    dropout: float = 0.0,
    classes: int | None = None,
) -> Architecture:
    """Minimal GRUs over tokens.

    Args:
        dim: size of every layer.
        depth: layers.
        expand: values of a state for each of dim.
        hidden: size inside the gated layers; 8/3 · dim by default.
        dropout: rate behind the embedding and every sublayer, in training.
        classes: outputs at every step, the vocabulary's size; without it the features come out.
    """
    own: dict[str, Any] = {} if hidden is None else {"dim_hidden": hidden}
    mixer = [
        block("conv1d", dim=dim, kernel=4, padding="causal", groups=dim),
        block("min_gru", dim=expand * dim),
        block("dense", dim=dim),
    ]
    layer = Chain(
        (
            Residual(chain(Block("rms_norm"), mixer, dropped(dropout)), label="mixer"),
            Residual(chain(Block("rms_norm"), block("swiglu", **own), dropped(dropout)), label="feed"),
        )
    )
    return network(
        block("embedding", dim=dim, std=0.02),
        dropped(dropout),
        Repeat(depth, layer, label="layers"),
        block("rms_norm"),
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "depth": 2, "dropout": 0.1}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters by the formula above."""
    return [({}, "tokens:64,vocabulary=65", 936_192)]
