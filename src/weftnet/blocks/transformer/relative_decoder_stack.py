"""A stack of Transformer layers that read a memory and know positions by one table of distances: T5's decoder.

    for each layer l:   x = x + attention(norm(x));   x = x + W_out heads_l;   x = x + feed(norm(x))
    y = norm(x)
    heads_l = concat_i softmax(Q_i K_l,iᵀ) V_l,i,   Q = W_q norm(x);   K_l and V_l are inputs

Attention is causal, with scores as in `relative_encoder_stack`, whose feed-forward networks and norms these are too;
of attention to the memory distances don't count. The buckets are the causal ones of `bucketed_attention`.
`keys_values` holds K_1, V_1, K_2, V_2 … of each step of the memory side by side, made by a dense layer without bias:
where a sequence is generated step by step, they are computed once for all (`compose/dividing.py`).
Source: C. Raffel and others, Exploring the limits of transfer learning with a unified text-to-text transformer, 2020,
section 2.1, https://arxiv.org/abs/1910.10683; gated: T5 1.1, after N. Shazeer, 2020, https://arxiv.org/abs/2002.05202
As `T5Stack` of transformers with `is_decoder`, without its embedding and its cross-attention's k and v.
Cost: for each layer 6 · time · dim · inner + 2 · time · (time + time_memory) · inner +
(2 or 3) · time · dim · dim_hidden multiplications, inner = dim_keys / (2 · depth);
depth · (6 · dim · inner + (2 or 3) · dim · dim_hidden + 3 · dim) + buckets · heads + dim parameters.
When: To load T5's weights, or for a decoder that shall not depend on absolute positions.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.attention._attend import join_heads, split_heads, zeroed
from weftnet.blocks.attention._cache import Cache, KeyValues
from weftnet.blocks.attention._visible import read
from weftnet.blocks.transformer._relative import EPS, Distances, Feeding, Reading, check_stack


class Looking(nn.Module):
    """Attention over a norm of x to keys and values of a memory: x + W_out heads."""

    def __init__(self, dim: int, heads: int, head_dim: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm, self.query = nn.RMSNorm(dim, EPS), nn.Linear(dim, heads * head_dim, bias=False)
        self.out = nn.Linear(heads * head_dim, dim, bias=False)
        nn.init.normal_(self.query.weight, std=(dim * head_dim) ** -0.5)
        nn.init.normal_(self.out.weight, std=(heads * head_dim) ** -0.5)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """x (batch, time, dim), and what it read of keys and values (batch, time_memory, inner)."""
        q, k, v = (split_heads(each, self.heads) for each in (self.query(self.norm(x)), keys, values))
        seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=x.device)
        heads = read(q, k, v, seen, mask, dropout=self.dropout if self.training else 0.0, scale=1.0)
        return x + F.dropout(self.out(join_heads(heads)), self.dropout, self.training)


class RelativeDecoderStack(nn.Module):
    """Layers that share a table of relative positions and read a memory.

    Args:
        dim: size of each step.
        dim_keys: of each step of the memory, a multiple of 2 · depth · heads.
        depth: layers.
        heads: of each attention.
        dim_hidden: size inside the feed-forward networks; 4 · dim by default.
        gated: whether these are gated by gelu.
        buckets: of distances, a multiple of 4.
        farthest: distances from here on share the last bucket.
        dropout: rate for attention weights, hidden values, changes and the output, in training.
    """

    def __init__(
        self,
        dim: int,
        dim_keys: int,
        depth: int,
        heads: int,
        dim_hidden: int | None = None,
        gated: bool = False,
        buckets: int = 32,
        farthest: int = 128,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        dim_hidden, name = 4 * dim if dim_hidden is None else dim_hidden, "relative_decoder_stack"
        sizes = {"dim": dim, "dim_keys": dim_keys, "depth": depth, "heads": heads, "dim_hidden": dim_hidden}
        check_stack(name, dropout, buckets, farthest, **sizes)
        if dim_keys % (2 * depth * heads):
            expected = f"a multiple of 2 · depth · heads, {2 * depth * heads}"
            raise ValueError(f"{name}: dim_keys: expected {expected}, got {dim_keys}")
        head_dim = dim_keys // (2 * depth * heads)
        self.dropout = dropout
        self.distances = Distances(dim, heads, buckets, farthest, causal=True)
        self.reading = nn.ModuleList(Reading(dim, heads, head_dim, dropout, causal=True) for _ in range(depth))
        self.looking = nn.ModuleList(Looking(dim, heads, head_dim, dropout) for _ in range(depth))
        self.feeding = nn.ModuleList(Feeding(dim, dim_hidden, dropout, gated) for _ in range(depth))
        self.norm = nn.RMSNorm(dim, EPS)

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        keys_values: Float[Tensor, "batch time_memory dim_keys"],
        mask: Bool[Tensor, "batch time"] | None = None,
        keys_values_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step read from the steps before, and from the real steps of the memory, layer by layer."""
        return zeroed(self._run(zeroed(x, mask), keys_values, mask, keys_values_mask, {}), mask)

    def initial_state(self, batch: int, time: int) -> dict[str, Cache]:
        """Keys and values of each layer, of at most `time` steps."""
        return {str(layer): KeyValues(time) for layer in range(len(self.reading))}

    def step(
        self,
        x: Float[Tensor, "batch time dim"],
        state: dict[str, Cache],
        keys_values: Float[Tensor, "batch time_memory dim_keys"],
        keys_values_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim"], dict[str, Cache]]:
        """Continue by the next steps; keys and values of the memory are whole."""
        return self._run(x, keys_values, None, keys_values_mask, state), state

    def _run(
        self, x: Tensor, memory: Tensor, mask: Tensor | None, memory_mask: Tensor | None, states: Mapping[str, Cache]
    ) -> Tensor:
        parts = zeroed(memory, memory_mask).chunk(2 * len(self.reading), dim=-1)
        layers = zip(self.reading, self.looking, self.feeding, parts[::2], parts[1::2], strict=True)
        for place, (reading, looking, feeding, keys, values) in enumerate(layers):
            x = reading(x, self.distances, mask, states.get(str(place)))
            x = feeding(looking(x, keys, values, memory_mask))
        y: Tensor = self.norm(x)
        return F.dropout(y, self.dropout, self.training)
