"""A stack of Transformer layers that know positions by one table of distances: T5's encoder.

    for each layer:   x = x + attention(norm(x));   x = x + feed(norm(x))
    y = norm(x)
    score[h, t, s] = Q[h, t] · K[h, s] + table[bucket(s − t), h]          the same table in all layers
    feed(x) = W_down relu(W x), or gated: W_down (gelu(W_gate x) ∘ W_up x)
    norm(x) = x / √(mean of x² + 10⁻⁶) · weight

The buckets are those of `bucketed_attention`; scores are not divided by √d; nothing adds a constant.
Source: C. Raffel and others, Exploring the limits of transfer learning with a unified text-to-text transformer, 2020,
section 2.1, https://arxiv.org/abs/1910.10683; gated: T5 1.1, after N. Shazeer, 2020, https://arxiv.org/abs/2002.05202
As `T5Stack` of transformers without its embedding, dropout in the same places; `qkv` is q, k and v stacked, `up` wi,
or wi_0 and wi_1 stacked. Outputs at padding are zero.
Cost: for each layer 4 · time · dim · inner + 2 · time² · inner + (2 or 3) · time · dim · dim_hidden multiplications,
inner = heads · head_dim; depth · (4 · dim · inner + (2 or 3) · dim · dim_hidden + 2 · dim) + buckets · heads + dim
parameters.
When: To load T5's weights, or for an encoder that shall not depend on absolute positions.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.transformer._relative import EPS, Distances, Feeding, Reading, check_stack


class RelativeEncoderStack(nn.Module):
    """Layers that share a table of relative positions.

    Args:
        dim: size of each step.
        depth: layers.
        heads: of each attention.
        head_dim: size of a head; dim / heads by default.
        dim_hidden: size inside the feed-forward networks; 4 · dim by default.
        gated: whether these are gated by gelu.
        buckets: of distances, a multiple of 4.
        farthest: distances from here on share the last bucket.
        dropout: rate for attention weights, hidden values, changes and the output, in training.
    """

    def __init__(
        self,
        dim: int,
        depth: int,
        heads: int,
        head_dim: int | None = None,
        dim_hidden: int | None = None,
        gated: bool = False,
        buckets: int = 32,
        farthest: int = 128,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        head_dim = max(1, dim // heads) if head_dim is None and heads > 0 else head_dim
        dim_hidden = 4 * dim if dim_hidden is None else dim_hidden
        sizes = {"dim": dim, "depth": depth, "heads": heads, "head_dim": head_dim, "dim_hidden": dim_hidden}
        check_stack("relative_encoder_stack", dropout, buckets, farthest, **sizes)
        assert head_dim is not None  # heads is positive
        self.dropout = dropout
        self.distances = Distances(dim, heads, buckets, farthest, causal=False)
        self.reading = nn.ModuleList(Reading(dim, heads, head_dim, dropout, causal=False) for _ in range(depth))
        self.feeding = nn.ModuleList(Feeding(dim, dim_hidden, dropout, gated) for _ in range(depth))
        self.norm = nn.RMSNorm(dim, EPS)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step read from the real steps, layer by layer."""
        x = zeroed(x, mask)
        for reading, feeding in zip(self.reading, self.feeding, strict=True):
            x = feeding(reading(x, self.distances, mask))
        return zeroed(F.dropout(self.norm(x), self.dropout, self.training), mask)
