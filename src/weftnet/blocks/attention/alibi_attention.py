"""Self-attention that knows positions by a penalty on distance alone: it reads sequences longer than it was trained on.

    score[h, t, s] = Q[h, t] · K[h, s] / √d − m[h] · |t − s|
    y = concat(softmax(score[h]) V[h]) W_outᵀ + b_out
    m[h] = 2^(−8 (h + 1) / heads)                        heads a power of two, h from 0

For another number of heads the slopes are those of the next lower power of two, then every other one of the next
higher.

Source: O. Press, N. Smith, M. Lewis, Train short, test long: attention with linear biases enables input length
extrapolation (ALiBi), 2022, https://arxiv.org/abs/2108.12409, section 3, and its code for other numbers of heads.
As multi_head_attention with the penalty added. The paper's is causal; without `causal` later steps are penalised by
their distance too. A step whose keys are all padding gives zeros, and outputs at padding are zero.
Cost: 4 · time · dim² + 2 · time² · dim multiplications, 4 · dim · (dim + 1) parameters; heads · time² biases are held.
When: For language models that will read longer texts than they were trained on. It takes no positions.
"""

from typing import ClassVar

from torch import Tensor, nn

from weftnet.blocks.attention._attend import check
from weftnet.blocks.attention._biased import BiasedAttention


class AlibiAttention(BiasedAttention):
    """Multi-head self-attention with linear biases.

    Args:
        dim: size of each step.
        heads: number of heads, a divisor of dim.
        causal: whether a step sees only itself and the steps before.
        dropout: rate at which attention weights are dropped, in training.
        bias: whether the projections add one.
    """

    name: ClassVar[str] = "alibi_attention"

    def __init__(self, dim: int, heads: int = 8, causal: bool = False, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        check("alibi_attention", dim, heads, dropout)
        self.heads, self.causal, self.dropout = heads, causal, dropout
        self.slopes = slopes(heads)
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)
        self.out = nn.Linear(dim, dim, bias=bias)
        nn.init.xavier_uniform_(self.qkv.weight)
        for layer in (self.qkv, self.out) if bias else ():
            nn.init.zeros_(layer.bias)

    def bias(self, distance: Tensor, queries: Tensor) -> Tensor:
        """(heads, time, time_keys): the farther, the less."""
        return -queries.new_tensor(self.slopes)[:, None, None] * distance.abs()


def slopes(heads: int) -> list[float]:
    """The penalty per step of each head."""
    lower = 1 << (heads.bit_length() - 1)
    powers = [-8 * (h + 1) / lower for h in range(lower)]
    between = [-4 * (h + 1) / lower for h in range(0, 2 * (heads - lower), 2)]
    return [2.0**power for power in powers + between]
