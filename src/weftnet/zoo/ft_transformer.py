"""FT-Transformer: attention between the columns of a table.

    tokens of the columns – class token – depth × encoder layer – norm – the class token – relu – dense classes

Source: Y. Gorishniy, I. Rubachev, V. Khrulkov, A. Babenko, Revisiting deep learning models for tabular data, 2021,
section 3.3, https://arxiv.org/abs/2106.11959 (dim 192, depth 3, 8 heads).
Differs: gelu at 2·dim inside a layer, where the paper has ReGLU at 4/3·dim, of as many weights; the first layer has its
norm before attention too; values are scaled robustly first.
Parameters: of dim d, hidden h, k values in c columns: (k + c + 1)·d + depth·(4·d² + 2·d·h + 9·d + h) + 2·d,
and (d + 1)·classes.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Repeat
from weftnet.zoo._write import block, network


def ft_transformer(
    dim: int = 192,
    depth: int = 3,
    heads: int = 8,
    dim_hidden: int | None = None,
    dropout: float = 0.1,
    columns: Sequence[int] | None = None,
    classes: int | None = None,
) -> Architecture:
    """A Transformer encoder over the columns.

    Args:
        dim: size of every layer.
        depth: encoder layers.
        heads: attention heads, a divisor of dim.
        dim_hidden: size inside a layer; 2 · dim by default.
        dropout: rate in the layers, in training.
        columns: how many values each column of the table takes up; one each by default.
        classes: outputs; without it the class token's features come out.
    """
    more = {} if columns is None else {"columns": columns}
    layer = block("transformer_encoder_layer", heads=heads, dim_hidden=dim_hidden or 2 * dim, dropout=dropout)
    return network(
        [block("robust_scale"), block("feature_tokens", dim=dim, **more), block("class_token")],
        Repeat(depth, layer),
        [block("layer_norm"), block("first_step"), block("relu")],
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 12, "depth": 2, "heads": 3}, "vector:7"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    layer = 4 * 192**2 + 2 * 192 * 384 + 9 * 192 + 384
    return [({"columns": [1] * 10 + [3], "classes": 2}, "vector:13", 25 * 192 + 3 * layer + 2 * 192 + 193 * 2)]
