"""What both transformer layers are made of: a residual frame with its norm, and the feed-forward network."""

from typing import Literal

from torch import Tensor, nn

from weftnet.blocks.regularisation._drop import Drop


class Frame(nn.Module):
    """The residual around a sublayer: x + f(norm(x)) with `norm_first`, else norm(x + f(x))."""

    def __init__(self, dim: int, dropout: float, norm_first: bool, eps: float = 1e-5) -> None:
        super().__init__()
        if not eps > 0:
            raise ValueError(f"transformer layer: eps: expected a positive number, got {eps}")
        self.norm_first = norm_first
        self.norm = nn.LayerNorm(dim, eps)
        self.dropout = Drop(dropout)

    def before(self, x: Tensor) -> Tensor:
        """What the sublayer reads."""
        read: Tensor = self.norm(x) if self.norm_first else x
        return read

    def after(self, x: Tensor, change: Tensor) -> Tensor:
        """What the sublayer's change makes of x."""
        y: Tensor = x + self.dropout(change)
        if not self.norm_first:
            y = self.norm(y)
        return y


def feed_forward(
    block: str, dim: int, dim_hidden: int | None, dropout: float, activation: Literal["gelu", "gelu_tanh", "relu"]
) -> nn.Sequential:
    """dim → dim_hidden → dim, the same at every step."""
    dim_hidden = 4 * dim if dim_hidden is None else dim_hidden
    if dim_hidden < 1:
        raise ValueError(f"{block}: dim_hidden: expected a positive integer, got {dim_hidden}")
    functions = {"gelu": nn.GELU(), "gelu_tanh": nn.GELU(approximate="tanh"), "relu": nn.ReLU()}
    if activation not in functions:
        raise ValueError(f"{block}: activation: expected gelu, gelu_tanh or relu, got {activation}")
    return nn.Sequential(nn.Linear(dim, dim_hidden), functions[activation], Drop(dropout), nn.Linear(dim_hidden, dim))
