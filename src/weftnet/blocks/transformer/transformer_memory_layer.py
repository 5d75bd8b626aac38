"""A transformer's decoder layer that reads keys and values which others make of a memory: once, not at every step.

    norm_first:   x = x + attention(norm(x));  x = x + cross(norm(x));  y = x + feed(norm(x))
    otherwise:    x = norm(x + attention(x));  x = norm(x + cross(x));  y = norm(x + feed(x))
    cross(x) = concat_i(softmax(Q_i K_iᵀ / √d) V_i) W_outᵀ + b_out       Q = x W_qᵀ + b_q;  K, V are inputs
    feed(x) = W_2 φ(W_1 x + b_1) + b_2                                   φ: gelu, gelu_tanh or relu

Source: A. Vaswani and others, Attention is all you need, 2017, section 3.1, https://arxiv.org/abs/1706.03762;
norm first: R. Xiong and others, On layer normalization in the transformer architecture, 2020, https://arxiv.org/abs/2002.04745
As `transformer_decoder_layer`, and so as `nn.TransformerDecoderLayer(batch_first=True)` called with a causal target
mask, with W_k and W_v of its attention to the memory in two `dense` layers of width dim before it. They are nodes of
their own: where a sequence is generated step by step, a network computes them once for all (`compose/dividing.py`).
Cost: self-attention's (see multi_head_attention) + 2 · time · dim² + 2 · time · time_memory · dim +
2 · time · dim · dim_hidden multiplications;
6 · dim · (dim + 1) + 2 · dim · dim_hidden + dim_hidden + 7 · dim parameters.
When: In a decoder of many steps whose memory's keys and values are computed once by a node before it.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import attend, join_heads, split_heads, zeroed
from weftnet.blocks.attention._cache import Cache, KeyValues
from weftnet.blocks.attention.multi_head_attention import MultiHeadAttention
from weftnet.blocks.transformer._sublayer import Frame, feed_forward


class TransformerMemoryLayer(nn.Module):
    """Causal self-attention, attention to keys and values, then a feed-forward network, each with a residual.

    Args:
        dim: size of each step, key and value.
        heads: number of heads, a divisor of dim.
        dim_hidden: size inside the feed-forward network; 4 · dim by default.
        dropout: rate for attention weights, hidden values and changes, in training.
        activation: φ.
        norm_first: whether norms come before the sublayers or after the residuals.
    """

    resizable: ClassVar[Mapping[str, str]] = {"feed.0.out": "dim_hidden", "feed.3.in": "dim_hidden"}

    def __init__(
        self,
        dim: int,
        heads: int = 8,
        dim_hidden: int | None = None,
        dropout: float = 0.1,
        activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu",
        norm_first: bool = True,
    ) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(dim, heads, True, False, dropout)
        self.heads, self.dropout = heads, dropout
        self.query, self.out = nn.Linear(dim, dim), nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.query.weight)
        for layer in (self.query, self.out):
            nn.init.zeros_(layer.bias)
        self.feed = feed_forward("transformer_memory_layer", dim, dim_hidden, dropout, activation)
        self.around_attention = Frame(dim, dropout, norm_first)
        self.around_cross = Frame(dim, dropout, norm_first)
        self.around_feed = Frame(dim, dropout, norm_first)

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        keys: Float[Tensor, "batch time_memory dim"],
        values: Float[Tensor, "batch time_memory dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
        values_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim"]:
        """Read from the steps before, then from the memory, then work on each step."""
        x = zeroed(x, mask)
        x = self.around_attention.after(x, self.attention(self.around_attention.before(x), mask))
        y = self._onwards(zeroed(x, mask), zeroed(keys, keys_mask), zeroed(values, values_mask), keys_mask)
        return zeroed(y, mask)

    def initial_state(self, batch: int, time: int) -> KeyValues:
        """The self-attention's."""
        return self.attention.initial_state(batch, time)

    def step(
        self,
        x: Float[Tensor, "batch time dim"],
        state: Cache,
        keys: Float[Tensor, "batch time_memory dim"],
        values: Float[Tensor, "batch time_memory dim"],
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
        values_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim"], Cache]:
        """Continue by the next steps; keys and values are whole."""
        change, state = self.attention.step(self.around_attention.before(x), state)
        x = self.around_attention.after(x, change)
        return self._onwards(x, zeroed(keys, keys_mask), zeroed(values, values_mask), keys_mask), state

    def alignment(
        self,
        x: Float[Tensor, "batch time dim"],
        keys: Float[Tensor, "batch time_memory dim"],
        values: Float[Tensor, "batch time_memory dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
        values_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time time_memory"]:
        """How much each step reads from each step of the memory: the mean of the heads' weights."""
        x = zeroed(x, mask)
        x = self.around_attention.after(x, self.attention(self.around_attention.before(x), mask))
        queries = split_heads(self.query(self.around_cross.before(x)), self.heads)
        scores: Tensor = queries @ split_heads(keys, self.heads).transpose(2, 3) / queries.shape[-1] ** 0.5
        if keys_mask is not None:
            scores = scores.masked_fill(~keys_mask[:, None, None], float("-inf"))
        return scores.softmax(-1).mean(1)

    def _onwards(self, x: Tensor, keys: Tensor, values: Tensor, keys_mask: Tensor | None) -> Tensor:
        """All after the self-attention."""
        queries = split_heads(self.query(self.around_cross.before(x)), self.heads)
        dropout = self.dropout if self.training else 0.0
        read = attend(
            queries, split_heads(keys, self.heads), split_heads(values, self.heads), keys_mask, dropout=dropout
        )
        change = self.out(join_heads(read))
        if keys_mask is not None:  # with nothing to read there is nothing to add, the bias of `out` included
            change = change.masked_fill(~keys_mask.any(dim=1)[:, None, None], 0)
        x = self.around_cross.after(x, change)
        return self.around_feed.after(x, self.feed(self.around_feed.before(x)))
