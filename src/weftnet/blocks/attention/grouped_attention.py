"""Self-attention in which several query heads share keys and values; on request within a window alone.

    Q = x W_qᵀ + b_q                             split into `heads` of d = dim / heads
    K, V = x W_kᵀ + b_k, x W_vᵀ + b_v            split into `key_heads` of d
    head h = softmax(Q[h] K[g]ᵀ / √d) V[g]       g = ⌊h · key_heads / heads⌋
    y = concat(heads) W_outᵀ + b_out

`causal` lets step t read the steps 0 … t only, `window` only those less than so many steps away, `rotary` turns Q and K
by their positions (see rotary_positions). One key head is multi-query attention, as many as heads are
multi_head_attention's.

Source: J. Ainslie and others, GQA: training generalized multi-query transformer models from multi-head checkpoints,
2023, https://arxiv.org/abs/2305.13245; one key head: N. Shazeer, Fast transformer decoding, 2019,
https://arxiv.org/abs/1911.02150; the window: A. Jiang and others, Mistral 7B, 2023, https://arxiv.org/abs/2310.06825
As Llama's and Mistral's in transformers: `qkv` is W_q, W_k and W_v stacked. Keys are repeated for the fused kernel, so
that fewer heads save weights and cache, not products. A step whose keys are all padding gives zeros, and outputs at
padding are zero.
Cost: 2 · time · dim · (dim + key_heads · d) + 2 · time² · dim multiplications, 2 · dim · (dim + key_heads · d)
parameters without biases. A step with a cache of t steps: 2 · min(t, window) · dim multiplications of attention.
When: In decoders that write long texts: fewer key heads shrink the cache, and `window` bounds its length. Llama and
Mistral have it.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import attend, check, join_heads, split_heads, zeroed
from weftnet.blocks.attention._cache import Cache, KeyValues, empty_cache
from weftnet.blocks.attention._visible import distances, read, visible
from weftnet.blocks.position._rotate import rotate


class GroupedAttention(nn.Module):
    """Self-attention with grouped queries.

    Args:
        dim: size of each step.
        heads: number of query heads, a divisor of dim.
        key_heads: number of heads of keys and values, a divisor of heads.
        causal: whether a step sees only itself and the steps before.
        window: a step sees those less than so many steps away; all of them by default.
        rotary: whether positions turn queries and keys.
        base: of the rotation: the slowest pair turns once in about 2π · base steps.
        dropout: rate at which attention weights are dropped, in training.
        bias: whether the projections add one.
    """

    def __init__(
        self,
        dim: int,
        heads: int = 8,
        key_heads: int = 2,
        causal: bool = False,
        window: int | None = None,
        rotary: bool = False,
        base: float = 10000.0,
        dropout: float = 0.0,
        bias: bool = False,
    ) -> None:
        super().__init__()
        check("grouped_attention", dim, heads, dropout)
        if key_heads < 1 or heads % key_heads:
            raise ValueError(f"grouped_attention: key_heads: expected a divisor of heads {heads}, got {key_heads}")
        if window is not None and window < 1:
            raise ValueError(f"grouped_attention: window: expected a positive integer, got {window}")
        if rotary and dim // heads % 2:
            raise ValueError(f"grouped_attention: rotary: expected an even dim / heads, got {dim // heads}")
        if base <= 1:
            raise ValueError(f"grouped_attention: base: expected a number above 1, got {base}")
        self.heads, self.key_heads, self.causal, self.window = heads, key_heads, causal, window
        self.rotary, self.base, self.dropout = rotary, base, dropout
        self.sizes = [dim, dim // heads * key_heads, dim // heads * key_heads]
        self.qkv = nn.Linear(dim, sum(self.sizes), bias=bias)
        self.out = nn.Linear(dim, dim, bias=bias)
        for weight in self.qkv.weight.detach().split_with_sizes(self.sizes):
            nn.init.xavier_uniform_(weight)
        for layer in (self.qkv, self.out) if bias else ():
            nn.init.zeros_(layer.bias)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step read from the real steps."""
        queries, keys, values = self._project(zeroed(x, mask))
        keys, values = self._repeated(keys), self._repeated(values)
        dropout = self.dropout if self.training else 0.0
        if self.window is None:
            heads = attend(queries, keys, values, mask, causal=self.causal, dropout=dropout)
        else:
            seen = visible(distances(queries, keys), causal=self.causal, window=self.window)
            heads = read(queries, keys, values, seen, mask, dropout=dropout)
        return zeroed(self.out(join_heads(heads)), mask)

    def initial_state(self, batch: int, time: int) -> KeyValues:
        """An empty cache for at most `time` steps.

        Raises:
            ValueError: the block is not causal: earlier outputs would depend on later steps.
        """
        return empty_cache("grouped_attention", self.causal, time)

    def step(self, x: Float[Tensor, "batch time dim"], state: Cache) -> tuple[Float[Tensor, "batch time dim"], Cache]:
        """Continue by the next steps, which read from the cache and from one another."""
        queries, keys, values = self._project(x, state.length)
        keys, values = state.append(keys, values)
        if self.window is not None and not torch.compiler.is_exporting():  # a program has no branches on sizes
            first = max(0, keys.shape[2] - (self.window + x.shape[1] - 1))
            keys, values = keys[:, :, first:], values[:, :, first:]
        seen = visible(distances(queries, keys), causal=True, window=self.window)
        heads = read(queries, self._repeated(keys), self._repeated(values), seen)
        return self.out(join_heads(heads)), state

    def _project(self, x: Tensor, start: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (batch, their heads, time, d); the first step's position is `start`."""
        parts = self.qkv(x).split_with_sizes(self.sizes, dim=-1)
        heads = (self.heads, self.key_heads, self.key_heads)
        queries, keys, values = (split_heads(part, each) for part, each in zip(parts, heads, strict=True))
        if self.rotary:
            queries, keys = rotate(queries, start, self.base), rotate(keys, start, self.base)
        return queries, keys, values

    def _repeated(self, x: Tensor) -> Tensor:
        """(batch, key_heads, time, d) → (batch, heads, time, d): each head for all the queries that read it."""
        return x if self.key_heads == self.heads else x.repeat_interleave(self.heads // self.key_heads, dim=1)
