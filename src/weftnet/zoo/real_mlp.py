"""RealMLP: a multilayer perceptron with the defaults that were found best over many tables.

    x₀ = flatten(pbld(robust(x)))                          robust scaling, periodic vectors beside each value
    x₁ = scale ⊙ x₀
    hᵢ = dropout(φᵢ(dense(hᵢ₋₁))),  φᵢ mixed with the identity by a learned share
    y  = dense(hₙ)

Source: D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
tabular data, 2024, https://arxiv.org/abs/2407.04491 (RealMLP-TD: widths 256, 256, 256; dropout 0.15; 16 frequencies).
Differs: under Adam its parametrisation y = W x / √dim_in only divides a layer's rate by √dim_in, so the layers are
plain ones, at a rate that suits their width; its rates for biases, its starting values from data, and a dropout and
weight decay that end with the training are left out. Its schedule is `coslog4`.
Parameters: of k values, d = 4·k, widths w₁ … wₙ, d_i the width before: 83·k + d + Σ (d_i·w_i + 2·w_i).
"""

from collections.abc import Sequence
from typing import Any, Literal

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def real_mlp(
    widths: Sequence[int] = (256, 256, 256),
    dropout: float = 0.15,
    frequencies: int = 16,
    std: float = 0.1,
    activation: Literal["mish", "selu"] = "mish",
    classes: int | None = None,
) -> Architecture:
    """Periodic vectors of robustly scaled values, a learned factor each, and dense layers.

    Args:
        widths: sizes of the hidden layers.
        dropout: rate after each of them, in training.
        frequencies: waves of each value.
        std: deviation of their first frequencies.
        activation: the paper has selu for classes, mish for numbers.
        classes: outputs; without it the last hidden layer is the output.
    """
    embedded = block("periodic_embedding", frequencies=frequencies, std=std)
    hidden = [
        node
        for width in widths
        for node in (
            block("dense", dim=width), block("parametric_activation", activation=activation), *dropped(dropout)
        )
    ]  # fmt: skip
    return network([block("robust_scale"), embedded, block("flatten"), block("feature_scale")], hidden, classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [12, 10], "frequencies": 3}, "vector:7"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    embedded = 13 * (16 + 16 + 16 * 3 + 3) + 4 * 13
    hidden = (4 * 13 + 2) * 256 + 2 * (256 + 2) * 256
    return [({"classes": 2}, "vector:13", embedded + hidden + 257 * 2)]
