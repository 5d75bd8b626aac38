"""Self-attention that knows how far apart two steps are, wherever both of them lie.

    Q, K, V = x W_qᵀ + b_q, x W_kᵀ + b_k, x W_vᵀ + b_v        each split into heads of d = dim / heads
    R[n] = waves(n) W_rᵀ                                      n = time − 1 … −(time − 1), split into heads likewise
    score[i, j] = ((Q[i] + u) · K[j] + (Q[i] + v) · R[i − j]) / √d
    head = softmax(score) V
    y = concat(heads) W_outᵀ + b_out
    waves(n)[2k] = sin(n · 10000^(−2k / dim)),  waves(n)[2k + 1] = cos(n · 10000^(−2k / dim))

Source: Z. Dai and others, Transformer-XL: attentive language models beyond a fixed-length context, 2019, section 3.3,
https://arxiv.org/abs/1901.02860; without a memory and in both directions: A. Gulati and others, Conformer, 2020,
https://arxiv.org/abs/2005.08100.
As Hugging Face's `Wav2Vec2ConformerSelfAttention` with `position_embeddings_type="relative"`: `qkv` is its linear_q,
linear_k, linear_v stacked (Xavier), `positions` its linear_pos without bias, `content_bias` and `place_bias` (heads, d)
its pos_bias_u and pos_bias_v. Unlike there, outputs at padding are zero, and so are those that see padding alone.
All distances are multiplied with each query first (appendix B of Dai and others), and gathered at i − j: their shift of
a padded matrix can't be exported behind a strided layer for any length.
Cost: 4 · time · dim² + 4 · time² · dim multiplications, and 2 · time · dim² a batch for W_r;
5 · dim² + 6 · dim parameters.
When: For speech and music, where what matters is how far apart two things are, not where they lie; the Conformer has
it.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.attention._attend import check, join_heads, split_heads, zeroed


class RelativeAttention(nn.Module):
    """Multi-head self-attention with relative positions.

    Args:
        dim: size of each step, an even number.
        heads: number of heads, a divisor of dim.
        dropout: rate at which attention weights are dropped, in training.
    """

    def __init__(self, dim: int, heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        check("relative_attention", dim, heads, dropout)
        if dim % 2:
            raise ValueError(f"relative_attention: dim: expected an even number, got {dim}")
        self.dim, self.heads, self.dropout = dim, heads, dropout
        self.qkv = nn.Linear(dim, 3 * dim)
        self.positions = nn.Linear(dim, dim, bias=False)
        self.out = nn.Linear(dim, dim)
        self.content_bias = nn.Parameter(torch.zeros(heads, dim // heads))
        self.place_bias = nn.Parameter(torch.zeros(heads, dim // heads))
        nn.init.xavier_uniform_(self.qkv.weight)
        for layer in (self.qkv, self.out):
            nn.init.zeros_(layer.bias)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step read from the real steps."""
        x = zeroed(x, mask)
        queries, keys, values = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        distances = split_heads(self.positions(self._waves(x)), self.heads)  # (1, heads, 2 · time − 1, d)
        places = _by_key((queries + self.place_bias.unsqueeze(1)) @ distances.transpose(2, 3))
        scores = places / math.sqrt(self.dim // self.heads)
        nowhere = None
        if mask is not None:  # a query without a real key looks everywhere first, and is set to zero afterwards
            nowhere = ~mask.any(dim=1)[:, None, None, None]
            scores = scores.masked_fill(~(mask[:, None, None, :] | nowhere), -torch.inf)
        dropout = self.dropout if self.training else 0.0
        asked = queries + self.content_bias.unsqueeze(1)
        read = F.scaled_dot_product_attention(asked, keys, values, attn_mask=scores, dropout_p=dropout)
        if nowhere is not None:
            read = read.masked_fill(nowhere, 0)
        return zeroed(self.out(join_heads(read)), mask)

    def _waves(self, x: Tensor) -> Tensor:
        """(1, 2 · time − 1, dim) of the distances, the largest first; taken in float32 at least."""
        exact, time = torch.promote_types(x.dtype, torch.float32), x.shape[1]
        even = torch.arange(0, self.dim, 2, dtype=exact, device=x.device)
        distance = torch.arange(time - 1, -time, -1, dtype=exact, device=x.device)
        angles = distance.unsqueeze(1) * 10000.0 ** (-even / self.dim)
        return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1).to(x.dtype).unsqueeze(0)


def _by_key(scores: Tensor) -> Tensor:
    """(batch, heads, time, 2 · time − 1) by distance, the largest first → (batch, heads, time, time) by key.

    Row i is read from column time − 1 − i on.
    """
    time = scores.shape[2]
    step = torch.arange(time, device=scores.device)
    return scores.gather(3, (time - 1 - step[:, None] + step).expand(*scores.shape[:3], time))
