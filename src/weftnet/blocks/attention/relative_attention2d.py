"""Attention between all pixels of an image, with a bias by how far apart they lie.

    a_h = softmax(q_h k_hᵀ / √(channels / heads) + B_h) v_h
    B_h[i, j] = table[(yᵢ − yⱼ + height − 1) · (2 width − 1) + xᵢ − xⱼ + width − 1, h]
    y = W_o concat_h a_h + b_o,   q, k, v = W x + b,   W: 3·channels × channels_in

Source: Z. Dai, H. Liu, Q. Le, M. Tan, CoAtNet: marrying convolution and attention for all data sizes, 2021,
https://arxiv.org/abs/2106.04803, equation 3: exp(xᵢᵀxⱼ + w_{i−j}), normalised.
Differs from torch, which has none. As in the authors' networks, queries and keys are scaled and projected, and channels
may change. `window_attention2d` is the same within windows.
Cost: 3·channels·(channels_in + 1) + channels·(channels + 1) + (2·height − 1)·(2·width − 1)·heads parameters;
4·pixels²·channels FLOPs beside those of the projections.
When: Images that convolutions have made small: the whole is seen at once, at a cost of the square of the pixels; larger
ones have `window_attention2d`.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._apart2d import apart
from weftnet.blocks.attention._attend import check, join_heads, split_heads


class RelativeAttention2d(nn.Module):
    """Multi-head attention over an image, by content and place.

    Args:
        channels_in: of the image.
        height: of the image.
        width: of the image.
        channels: of the output; those of the image by default.
        heads: a divisor of channels.
        dropout: rate at which attention weights are dropped, in training.
    """

    def __init__(
        self,
        channels_in: int,
        height: int,
        width: int,
        channels: int | None = None,
        heads: int = 4,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive("relative_attention2d", channels_in=channels_in, height=height, width=width)
        channels = channels_in if channels is None else channels
        check("relative_attention2d", channels, heads, dropout)
        self.heads, self.height, self.width, self.dropout = heads, height, width, dropout
        self.qkv, self.out = nn.Linear(channels_in, 3 * channels), nn.Linear(channels, channels)
        self.table = nn.Parameter(torch.empty((2 * height - 1) * (2 * width - 1), heads).normal_(0, 0.02))

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Let every pixel read from all."""
        pixels = x.flatten(2).transpose(1, 2)
        queries, keys, values = (split_heads(each, self.heads) for each in self.qkv(pixels).chunk(3, -1))
        dropout = self.dropout if self.training else 0.0
        if torch.compiler.is_exporting():  # the fused kernel's memory layout would be a part of the program
            read = (queries @ keys.mT * queries.shape[-1] ** -0.5 + self._bias(x)).softmax(-1) @ values
        else:
            read = F.scaled_dot_product_attention(queries, keys, values, attn_mask=self._bias(x), dropout_p=dropout)
        y: Tensor = self.out(join_heads(read))
        return y.transpose(1, 2).reshape(x.shape[0], -1, self.height, self.width)

    def _bias(self, like: Tensor) -> Tensor:
        """(1, heads, pixels, pixels) B."""
        table: Tensor = self.table[apart(self.height, self.width, like.device)]
        return table.movedim(-1, 0)[None]
