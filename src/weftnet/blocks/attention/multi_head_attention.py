"""Self-attention: each step reads from all steps, in several subspaces at once.

    Q, K, V = x W_qᵀ + b_q, x W_kᵀ + b_k, x W_vᵀ + b_v        each split into heads of d = dim / heads
    head = softmax(Q Kᵀ / √d) V
    y = concat(heads) W_outᵀ + b_out

`causal` lets step t read the steps 0 … t only; `rotary` turns Q and K by their positions (see rotary_positions).

Source: A. Vaswani and others, Attention is all you need, 2017, section 3.2, https://arxiv.org/abs/1706.03762
As `nn.MultiheadAttention(dim, heads, batch_first=True)`: `qkv` is its in_proj (W_q, W_k, W_v stacked; Xavier), `out`
its out_proj, biases start at 0. Unlike torch's, a step whose keys are all padding gives zeros, not NaN,
and outputs at padding are zero. As torch's, it drops attention weights, not outputs.
Cost: 4 · time · dim² + 2 · time² · dim multiplications, 4 · dim · (dim + 1) parameters. A step with a cache of t steps:
4 · dim² + 2 · t · dim multiplications.
When: The first choice where any step may matter to any other, with thousands of examples and positions added before.
With few examples a recurrent or convolutional layer learns sooner.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.attention._attend import attend, check, join_heads, split_heads, zeroed
from weftnet.blocks.attention._cache import Cache, KeyValues, empty_cache
from weftnet.blocks.position._rotate import rotate


class MultiHeadAttention(nn.Module):
    """Multi-head self-attention.

    Args:
        dim: size of each step.
        heads: number of heads, a divisor of dim.
        causal: whether a step sees only itself and the steps before.
        rotary: whether positions turn queries and keys.
        dropout: rate at which attention weights are dropped, in training.
        bias: whether the projections add one.
    """

    def __init__(
        self,
        dim: int,
        heads: int = 8,
        causal: bool = False,
        rotary: bool = False,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check("multi_head_attention", dim, heads, dropout)
        if rotary and dim // heads % 2:
            raise ValueError(f"multi_head_attention: rotary: expected an even dim / heads, got {dim // heads}")
        self.heads, self.causal, self.rotary, self.dropout = heads, causal, rotary, dropout
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)
        self.out = nn.Linear(dim, dim, bias=bias)
        nn.init.xavier_uniform_(self.qkv.weight)
        for layer in (self.qkv, self.out) if bias else ():
            nn.init.zeros_(layer.bias)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step read from the real steps."""
        queries, keys, values = self._project(zeroed(x, mask))
        dropout = self.dropout if self.training else 0.0
        read = attend(queries, keys, values, mask, causal=self.causal, dropout=dropout)
        return zeroed(self.out(join_heads(read)), mask)

    def initial_state(self, batch: int, time: int) -> KeyValues:
        """An empty cache for at most `time` steps.

        Raises:
            ValueError: the block is not causal: earlier outputs would depend on later steps.
        """
        return empty_cache("multi_head_attention", self.causal, time)

    def step(self, x: Float[Tensor, "batch time dim"], state: Cache) -> tuple[Float[Tensor, "batch time dim"], Cache]:
        """Continue by the next steps, which read from the cache and from one another."""
        past, now = state.length, x.shape[1]
        queries, keys, values = self._project(x, past)
        keys, values = state.append(keys, values)
        allowed = None  # a single step sees all
        if now > 1:
            allowed = torch.ones(now, past + now, dtype=torch.bool, device=x.device).tril(past)
        read = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
        return self.out(join_heads(read)), state

    def _project(self, x: Tensor, start: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (batch, heads, time, dim / heads); the first step's position is `start`."""
        queries, keys, values = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        if self.rotary:
            queries, keys = rotate(queries, start), rotate(keys, start)
        return queries, keys, values
