"""Self-attention that knows positions by a learned bias for each distance, distances in buckets: T5's.

    score[h, t, s] = Q[h, t] · K[h, s] + table[bucket(s − t), h]
    y = concat(softmax(score[h]) V[h]) W_outᵀ

    bucket(δ), with n = buckets if causal else buckets / 2 and e = n / 2:
        r = |δ|                                                              r < e
        r = min(e + ⌊log(|δ| / e) / log(farthest / e) · (n − e)⌋, n − 1)     elsewhere
        r + n for δ > 0 if not causal; δ > 0 is not read if causal

Source: C. Raffel and others, Exploring the limits of transfer learning with a unified text-to-text transformer, 2020,
section 2.1, https://arxiv.org/abs/1910.10683; the buckets as in its code
As T5's first layer in transformers, without biases: scores are not divided by √d, which the first weights make up for:
Q's start at N(0, 1 / (dim · d)), K's, V's and the output's at N(0, 1 / dim). T5's layers share one table, here each has
its own (those of `relative_encoder_stack` share one). A step whose keys are all padding gives zeros, and outputs at
padding are zero.
Cost: 4 · time · dim² + 2 · time² · dim multiplications, 4 · dim² + buckets · heads parameters; heads · time² biases
are held, and attention weights for the gradient, as fused kernels give none of the bias.
When: For encoders of the T5 family, and where near distances matter one by one and far ones roughly.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from weftnet.blocks.attention._attend import check
from weftnet.blocks.attention._biased import BiasedAttention
from weftnet.blocks.attention._buckets import bucket, check_buckets


class BucketedAttention(BiasedAttention):
    """Multi-head self-attention with learned biases by distance.

    Args:
        dim: size of each step.
        heads: number of heads, a divisor of dim.
        causal: whether a step sees only itself and the steps before.
        buckets: of distances, a multiple of 4.
        farthest: distances from here on share the last bucket.
        dropout: rate at which attention weights are dropped, in training.
    """

    name: ClassVar[str] = "bucketed_attention"
    scale: ClassVar[float | None] = 1.0

    def __init__(
        self,
        dim: int,
        heads: int = 8,
        causal: bool = False,
        buckets: int = 32,
        farthest: int = 128,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check("bucketed_attention", dim, heads, dropout)
        check_buckets("bucketed_attention", buckets, farthest)
        self.heads, self.causal, self.buckets, self.farthest, self.dropout = heads, causal, buckets, farthest, dropout
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)
        self.table = nn.Parameter(torch.empty(buckets, heads).normal_(std=dim**-0.5))
        nn.init.normal_(self.qkv.weight[:dim], std=(dim * dim // heads) ** -0.5)
        nn.init.normal_(self.qkv.weight[dim:], std=dim**-0.5)
        nn.init.normal_(self.out.weight, std=dim**-0.5)

    def bucket(self, distance: Tensor) -> Tensor:
        """The bucket of each distance of a key from a query."""
        return bucket(distance, self.buckets, self.farthest, causal=self.causal)

    def bias(self, distance: Tensor, queries: Tensor) -> Tensor:
        """(heads, time, time_keys): what was learnt for the bucket of each distance."""
        return self.table[self.bucket(distance)].permute(2, 0, 1)
