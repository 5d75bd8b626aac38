"""A transformer's decoder layer: causal self-attention, attention to a memory, feed-forward network.

    norm_first:   x = x + attention(norm(x));  x = x + cross(norm(x), memory);  y = x + feed(norm(x))
    otherwise:    x = norm(x + attention(x));  x = norm(x + cross(x, memory));  y = norm(x + feed(x))
    feed(x) = W_2 φ(W_1 x + b_1) + b_2                φ: gelu, gelu_tanh or relu

Source: A. Vaswani and others, Attention is all you need, 2017, section 3.1, https://arxiv.org/abs/1706.03762;
norm first: R. Xiong and others, On layer normalization in the transformer architecture, 2020, https://arxiv.org/abs/2002.04745
As `nn.TransformerDecoderLayer(batch_first=True)` called with a causal target mask, dropout included; the memory may
have a size of its own, the defaults are gelu and norm first, and outputs at padding are zero. A stack with norm first
ends with a `layer_norm` of its own.
Cost: self- and cross-attention's (see multi_head_attention, cross_attention) + 2 · time · dim · dim_hidden
multiplications; with dim_memory = dim 8 · dim · (dim + 1) + 2 · dim · dim_hidden + dim_hidden + 7 · dim parameters.
When: For translation and other texts from texts, behind embedding and positions; `causal` encoder layers are enough
where there is no memory.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.attention._cache import Cache, KeyValues
from weftnet.blocks.attention.cross_attention import CrossAttention
from weftnet.blocks.attention.multi_head_attention import MultiHeadAttention
from weftnet.blocks.transformer._sublayer import Frame, feed_forward


class TransformerDecoderLayer(nn.Module):
    """Causal self-attention, cross-attention, then a feed-forward network, each with a residual.

    Args:
        dim: size of each step.
        dim_memory: size of each step of the memory.
        heads: number of heads, a divisor of dim.
        dim_hidden: size inside the feed-forward network; 4 · dim by default.
        dropout: rate for attention weights, hidden values and changes, in training.
        activation: φ.
        norm_first: whether norms come before the sublayers or after the residuals.
        rotary: whether positions turn queries and keys of the self-attention.
    """

    resizable: ClassVar[Mapping[str, str]] = {"feed.0.out": "dim_hidden", "feed.3.in": "dim_hidden"}

    def __init__(
        self,
        dim: int,
        dim_memory: int,
        heads: int = 8,
        dim_hidden: int | None = None,
        dropout: float = 0.1,
        activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu",
        norm_first: bool = True,
        rotary: bool = False,
    ) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(dim, heads, True, rotary, dropout)
        self.cross = CrossAttention(dim, dim_memory, heads, dropout)
        self.feed = feed_forward("transformer_decoder_layer", dim, dim_hidden, dropout, activation)
        self.around_attention = Frame(dim, dropout, norm_first)
        self.around_cross = Frame(dim, dropout, norm_first)
        self.around_feed = Frame(dim, dropout, norm_first)

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim"]:
        """Read from the steps before, then from the memory, then work on each step."""
        x = zeroed(x, mask)
        x = self.around_attention.after(x, self.attention(self.around_attention.before(x), mask))
        x = self.around_cross.after(x, self.cross(self.around_cross.before(x), memory, mask, memory_mask))
        return zeroed(self.around_feed.after(x, self.feed(self.around_feed.before(x))), mask)

    def initial_state(self, batch: int, time: int) -> KeyValues:
        """The self-attention's."""
        return self.attention.initial_state(batch, time)

    def step(
        self,
        x: Float[Tensor, "batch time dim"],
        state: Cache,
        memory: Float[Tensor, "batch time_memory dim_memory"],
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim"], Cache]:
        """Continue by the next steps; the memory is whole."""
        change, state = self.attention.step(self.around_attention.before(x), state)
        x = self.around_attention.after(x, change)
        x = self.around_cross.after(x, self.cross(self.around_cross.before(x), memory, memory_mask=memory_mask))
        return self.around_feed.after(x, self.feed(self.around_feed.before(x))), state
