"""A Conformer's layer: attention for what is far apart, a convolution for what is near, between two half feed-forwards.

    x = x + ½ feed_1(norm(x))
    x = x + attention(norm(x))                        with relative positions, see relative_attention
    x = x + convolution(norm(x))
    y = norm(x + ½ feed_2(norm(x)))
    feed(x) = W_2 silu(W_1 x + b_1) + b_2
    convolution(x) = W_4 silu(batch_norm(depthwise(a · σ(b)))) + b_4,      a, b = halves of W_3 x + b_3

Source: A. Gulati and others, Conformer: convolution-augmented transformer for speech recognition, 2020, section 2,
https://arxiv.org/abs/2005.08100
As Hugging Face's `Wav2Vec2ConformerEncoderLayer`, with biases b_3 and b_4, which that has none of. Padding neither
enters the convolution nor the statistics of its batch norm (see batch_norm); outputs at padding are zero.
Cost: attention's (see relative_attention) + time · dim · (4 · dim_hidden + 3 · dim + kernel) multiplications;
8 · dim² + 4 · dim · dim_hidden + 2 · dim_hidden + (kernel + 23) · dim parameters.
When: For speech, with hours of it; with less, convolutions and a recurrent layer.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.attention.relative_attention import RelativeAttention
from weftnet.blocks.regularisation._drop import Drop
from weftnet.blocks.transformer._convolution import ConvolutionModule


class ConformerLayer(nn.Module):
    """Feed-forward, attention, convolution and feed-forward, each with a residual.

    Args:
        dim: size of each step, an even number.
        heads: number of heads of the attention, a divisor of dim.
        dim_hidden: size inside the feed-forward networks; 4 · dim by default.
        kernel: steps that the convolution reads, an odd number.
        dropout: rate for attention weights, hidden values and changes, in training.
    """

    def __init__(
        self, dim: int, heads: int = 4, dim_hidden: int | None = None, kernel: int = 31, dropout: float = 0.1
    ) -> None:
        super().__init__()
        dim_hidden = 4 * dim if dim_hidden is None else dim_hidden
        if dim_hidden < 1:
            raise ValueError(f"conformer_layer: dim_hidden: expected a positive integer, got {dim_hidden}")
        if kernel < 1 or not kernel % 2:
            raise ValueError(f"conformer_layer: kernel: expected an odd positive integer, got {kernel}")
        self.attention = RelativeAttention(dim, heads, dropout)
        self.convolution = ConvolutionModule(dim, kernel)
        self.first_feed, self.second_feed = (
            nn.Sequential(nn.Linear(dim, dim_hidden), nn.SiLU(), Drop(dropout), nn.Linear(dim_hidden, dim))
            for _ in range(2)
        )
        self.before_first, self.before_attention, self.before_convolution, self.before_second, self.norm = (
            nn.LayerNorm(dim) for _ in range(5)
        )
        self.drop = Drop(dropout)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Work on each step, exchange between all, exchange between neighbours, work on each step."""
        x = zeroed(x, mask)
        x = x + 0.5 * self.drop(self.first_feed(self.before_first(x)))
        x = x + self.drop(self.attention(self.before_attention(x), mask))
        x = x + self.drop(self.convolution(self.before_convolution(x), mask))
        x = x + 0.5 * self.drop(self.second_feed(self.before_second(x)))
        return zeroed(self.norm(x), mask)
