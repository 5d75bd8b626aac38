"""A transformer's encoder layer – and, with `causal`, the layer of a decoder-only language model.

    norm_first:   x = x + attention(norm(x));  y = x + feed(norm(x))
    otherwise:    x = norm(x + attention(x));  y = norm(x + feed(x))
    feed(x) = W_2 φ(W_1 x + b_1) + b_2                φ: gelu, gelu_tanh (GPT-2's, see gelu) or relu

Source: A. Vaswani and others, Attention is all you need, 2017, section 3.1, https://arxiv.org/abs/1706.03762;
norm first: R. Xiong and others, On layer normalization in the transformer architecture, 2020, https://arxiv.org/abs/2002.04745
As `nn.TransformerEncoderLayer(batch_first=True)`, dropout included; the defaults are gelu and norm first, and outputs
at padding are zero. A stack with norm first ends with a `layer_norm` of its own.
Cost: attention's (see multi_head_attention) + 2 · time · dim · dim_hidden multiplications;
4 · dim · (dim + 1) + 2 · dim · dim_hidden + dim_hidden + 5 · dim parameters.
When: For texts and other sequences with thousands of examples; `causal: true` for language models. With other parts
inside, write the residuals yourself.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.attention._cache import Cache, KeyValues
from weftnet.blocks.attention.multi_head_attention import MultiHeadAttention
from weftnet.blocks.transformer._sublayer import Frame, feed_forward


class TransformerEncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network, each with a residual.

    Args:
        dim: size of each step.
        heads: number of heads, a divisor of dim.
        dim_hidden: size inside the feed-forward network; 4 · dim by default.
        dropout: rate for attention weights, hidden values and changes, in training.
        activation: φ.
        norm_first: whether norms come before the sublayers or after the residuals.
        causal: whether a step sees only itself and the steps before.
        rotary: whether positions turn queries and keys.
        eps: of the norms: added to the variance.
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
        causal: bool = False,
        rotary: bool = False,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(dim, heads, causal, rotary, dropout)
        self.feed = feed_forward("transformer_encoder_layer", dim, dim_hidden, dropout, activation)
        self.around_attention = Frame(dim, dropout, norm_first, eps)
        self.around_feed = Frame(dim, dropout, norm_first, eps)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Exchange between the real steps, then work on each."""
        x = zeroed(x, mask)
        x = self.around_attention.after(x, self.attention(self.around_attention.before(x), mask))
        return zeroed(self.around_feed.after(x, self.feed(self.around_feed.before(x))), mask)

    def initial_state(self, batch: int, time: int) -> KeyValues:
        """The attention's.

        Raises:
            ValueError: the layer is not causal.
        """
        return self.attention.initial_state(batch, time)

    def step(self, x: Float[Tensor, "batch time dim"], state: Cache) -> tuple[Float[Tensor, "batch time dim"], Cache]:
        """Continue by the next steps."""
        change, state = self.attention.step(self.around_attention.before(x), state)
        x = self.around_attention.after(x, change)
        return self.around_feed.after(x, self.feed(self.around_feed.before(x))), state
