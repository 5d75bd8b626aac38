"""Scaled dot-product attention without parameters: the memory is both keys and values.

    y = softmax(x memoryᵀ / √dim) memory

Source: A. Vaswani and others, Attention is all you need, 2017, section 3.2.1, https://arxiv.org/abs/1706.03762;
unscaled: M. Luong, H. Pham, C. Manning, Effective approaches to attention-based neural machine translation, 2015,
https://arxiv.org/abs/1508.04025
As `F.scaled_dot_product_attention(x, memory, memory)`; a row whose memory is all padding gives zeros, and outputs at
padding are zero.
Cost: 2 · time · time_memory · dim multiplications, no parameters.
When: Where queries and memory already are comparable, or to see attention without learnt projections; else
`cross_attention`.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import attend, zeroed


class DotProductAttention(nn.Module):
    """Read from a memory by the similarity of its steps."""

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        memory: Float[Tensor, "batch time_memory dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim"]:
        """The mean of the memory's real steps, weighted by similarity to each step of x."""
        queries, keys = zeroed(x, mask).unsqueeze(1), zeroed(memory, memory_mask).unsqueeze(1)  # one head
        return zeroed(attend(queries, keys, keys, memory_mask).squeeze(1), mask)
