"""SwiGLU: a feed-forward network whose hidden values are gated by a second projection.

    y = W_down (silu(W_gate x) ∘ W_up x)                silu(u) = u · σ(u)

Source: N. Shazeer, GLU variants improve transformer, 2020, https://arxiv.org/abs/2002.05202, equation 6; as in Llama,
H. Touvron and others, 2023, https://arxiv.org/abs/2302.13971
As `LlamaMLP` of transformers, without biases: `gate_up` is W_gate and W_up stacked. dim_hidden is 8/3 · dim by default,
rounded up to a multiple of 8, which makes as many parameters as a plain network with 4 · dim.
Cost: 3 · dim · dim_hidden multiplications a position, 3 · dim · dim_hidden parameters.
When: As the feed-forward network of a Transformer's layer, instead of two dense layers with `gelu`; Llama has it.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class Swiglu(nn.Module):
    """A gated feed-forward network, the same at every position.

    Args:
        dim: features of a position.
        dim_hidden: features inside; 8/3 · dim by default, rounded up to a multiple of 8.
    """

    def __init__(self, dim: int, dim_hidden: int | None = None) -> None:
        super().__init__()
        dim_hidden = -(-8 * dim // 24) * 8 if dim_hidden is None else dim_hidden
        positive("swiglu", dim=dim, dim_hidden=dim_hidden)
        self.gate_up = nn.Linear(dim, 2 * dim_hidden, bias=False)
        self.down = nn.Linear(dim_hidden, dim, bias=False)

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Widen, gate, narrow."""
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        y: Tensor = self.down(F.silu(gate) * up)
        return y
