"""A residual network for tables.

    h₀ = dense(x)
    hᵢ = hᵢ₋₁ + dropout(dense(dropout(relu(dense(norm(hᵢ₋₁))))))
    y  = dense(relu(norm(hₙ)))

Source: Y. Gorishniy, I. Rubachev, V. Khrulkov, A. Babenko, Revisiting deep learning models for tabular data, 2021,
section 3.2, https://arxiv.org/abs/2106.11959.
As the paper's "ResNet"; categories come in as the data encode them, the paper embeds them.
Parameters: of dim d, hidden h, n blocks, k inputs: (k + 1)·d + n·(2·d·h + 3·d + h) + 2·d, and (d + 1)·classes.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Repeat, Residual
from weftnet.zoo._write import block, chain, network
from weftnet.zoo._write import dropout as dropped


def tabular(
    dim: int = 128, hidden: int = 256, blocks: int = 2, dropout: float = 0.2, classes: int | None = None
) -> Architecture:
    """Residual dense layers with batch normalisation.

    Args:
        dim: size between the residual blocks.
        hidden: size inside them.
        blocks: residual blocks.
        dropout: rate inside them after relu, in training.
        classes: outputs; without it the features come out.
    """
    body = chain(
        [block("batch_norm"), block("dense", dim=hidden), block("relu")], dropped(dropout), block("dense", dim=dim)
    )
    return network(
        block("dense", dim=dim),
        Repeat(blocks, Residual(body)),
        [block("batch_norm"), block("relu")],
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "hidden": 12}, "vector:7"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "vector:13", 14 * 128 + 2 * (2 * 128 * 256 + 3 * 128 + 256) + 2 * 128 + 129 * 2),
    ]
