"""Attention within windows of an image: every pixel reads from those of its own square.

    windows   the image, zeros added below and right to multiples of the window; shifted, it is first rolled up and left
              by ⌊window / 2⌋, and a window of which parts were not neighbours is divided: they don't see each other
    a_h = softmax(q_h k_hᵀ / √(channels / heads) + B_h) v_h          for the pixels of one window
    B_h[i, j] = table[(yᵢ − yⱼ + window − 1) · (2 window − 1) + xᵢ − xⱼ + window − 1, h]
    y = W_o concat_h a_h + b_o,   q, k, v = W x + b

One layer of windows and one of shifted ones take turns, so that what is seen grows beyond a window, at a cost that is
linear in the pixels. Where the image is no larger than a window, it is the window, and nothing is shifted.
Source: Z. Liu and others, Swin Transformer: hierarchical vision transformer using shifted windows, 2021,
https://arxiv.org/abs/2103.14030.
As the authors' code and Hugging Face's, zeros that were added take part in the attention.
Cost: 4·channels·(channels + 1) + (2·window − 1)²·heads parameters; 4·pixels·window²·channels FLOPs beside those of the
four projections.
When: For attention on large images: its cost grows with the pixels, not with their square. Alternate layers shift their
windows.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.attention._apart2d import apart
from weftnet.blocks.attention._attend import check, join_heads, split_heads


class WindowAttention2d(nn.Module):
    """Multi-head attention within windows.

    Args:
        channels: of the image.
        heads: a divisor of channels.
        window: pixels of a window's side.
        shifted: whether the windows are shifted by half of their side.
        dropout: rate at which attention weights are dropped, in training.
    """

    def __init__(
        self, channels: int, heads: int = 4, window: int = 7, shifted: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check("window_attention2d", channels, heads, dropout)
        if window < 1:
            raise ValueError(f"window_attention2d: window: expected a positive integer, got {window}")
        self.heads, self.window, self.shifted, self.dropout = heads, window, shifted, dropout
        self.qkv, self.out = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.table = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads).normal_(0, 0.02))

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Let every pixel read from its window."""
        height, width = x.shape[-2:]
        side = min(self.window, height, width)
        shift = side // 2 if self.shifted and min(height, width) > side else 0
        padded = F.pad(x.movedim(1, -1), (0, 0, 0, -width % side, 0, -height % side))
        moved = padded.roll((-shift, -shift), (1, 2)) if shift else padded
        allowed = self._bias(side, x) + (_apart(moved, side, shift) if shift else 0)
        windows, pixels = moved.shape[1] * moved.shape[2] // side**2, side**2
        queries, keys, values = (
            split_heads(each, self.heads).reshape(-1, windows * self.heads, pixels, each.shape[-1] // self.heads)
            for each in self.qkv(_cut(moved, side)).chunk(3, -1)
        )
        # (batch, windows · heads, …): windows stand beside one another as heads do, so their bias is every example's
        bias = allowed.expand(windows, -1, -1, -1).flatten(0, 1)[None]
        dropout = self.dropout if self.training else 0.0
        read = F.scaled_dot_product_attention(queries, keys, values, attn_mask=bias, dropout_p=dropout)
        joined_heads = join_heads(read.reshape(-1, self.heads, pixels, read.shape[-1]))
        joined = _joined(self.out(joined_heads), moved.shape, side)
        back = joined.roll((shift, shift), (1, 2)) if shift else joined
        return back[:, :height, :width].movedim(-1, 1).contiguous()

    def _bias(self, side: int, like: Tensor) -> Tensor:
        """(1, heads, side², side²) B, by how far pixels lie apart; of a smaller window the middle of the table."""
        table: Tensor = self.table
        if side < self.window:
            whole = table.view(2 * self.window - 1, 2 * self.window - 1, -1)
            inner = slice(self.window - side, self.window + side - 1)
            table = whole[inner, inner].flatten(0, 1)
        return table[apart(side, side, like.device)].movedim(-1, 0)[None]


def _cut(x: Tensor, side: int) -> Tensor:
    """(batch, height, width, channels) → (batch · windows, side², channels)."""
    batch, height, width, channels = x.shape
    squares = x.reshape(batch, height // side, side, width // side, side, channels)
    return squares.transpose(2, 3).reshape(-1, side**2, channels)


def _joined(windows: Tensor, shape: torch.Size, side: int) -> Tensor:
    """The way back."""
    batch, height, width, channels = shape
    squares = windows.reshape(batch, height // side, width // side, side, side, channels)
    return squares.transpose(2, 3).reshape(shape)


def _apart(x: Tensor, side: int, shift: int) -> Tensor:
    """(windows, 1, side², side²) −∞ between pixels that were no neighbours before the image was rolled."""
    parts = []
    for size in x.shape[1:3]:
        place = torch.arange(size, device=x.device)
        parts.append((place >= size - side).long() + (place >= size - shift).long())
    region = (parts[0][:, None] * 3 + parts[1])[None, :, :, None]
    own = _cut(region, side).squeeze(-1)
    different = own[:, :, None] != own[:, None, :]
    return torch.zeros(different.shape, dtype=x.dtype, device=x.device).masked_fill(different, -torch.inf)[:, None]
