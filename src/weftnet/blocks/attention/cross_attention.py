"""Cross-attention: each step of x reads from all steps of a memory, in several subspaces at once.

    Q = x W_qᵀ + b_q;  K, V = memory W_kᵀ + b_k, memory W_vᵀ + b_v      each split into heads of d = dim / heads
    head = softmax(Q Kᵀ / √d) V
    y = concat(heads) W_outᵀ + b_out

Source: A. Vaswani and others, Attention is all you need, 2017, section 3.2.3, https://arxiv.org/abs/1706.03762
As `nn.MultiheadAttention(dim, heads, kdim=dim_memory, vdim=dim_memory, batch_first=True)`: `query` is its q_proj,
`key_value` its k_proj and v_proj stacked (each Xavier), `out` its out_proj, biases start at 0. Unlike torch's, a row
whose memory is all padding gives zeros, not NaN, and outputs at padding are zero.
Cost: 2 · time · dim² + 2 · time_memory · dim_memory · dim + 2 · time · time_memory · dim multiplications,
2 · dim · (dim + 1) + 2 · dim · (dim_memory + 1) parameters.
When: Where one sequence asks another: a translator's decoder the source, a query the pixels of an image.
"""

from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import attend, check, join_heads, split_heads, zeroed


class CrossAttention(nn.Module):
    """Multi-head attention over a memory.

    Args:
        dim: size of each step of x, and of the output.
        dim_memory: size of each step of the memory.
        heads: number of heads, a divisor of dim.
        dropout: rate at which attention weights are dropped, in training.
        bias: whether the projections add one.
    """

    alike: ClassVar[str] = "multi_head_attention"
    """What is offered where nothing gives it a memory."""

    def __init__(self, dim: int, dim_memory: int, heads: int = 8, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        check("cross_attention", dim, heads, dropout)
        if dim_memory < 1:
            raise ValueError(f"cross_attention: dim_memory: expected a positive integer, got {dim_memory}")
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(dim, dim, bias=bias)
        self.key_value = nn.Linear(dim_memory, 2 * dim, bias=bias)
        self.out = nn.Linear(dim, dim, bias=bias)
        for weight in (self.query.weight, *self.key_value.weight.detach().chunk(2)):
            nn.init.xavier_uniform_(weight)
        for layer in (self.query, self.key_value, self.out) if bias else ():
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim"]:
        """Let every step of x read from the real steps of the memory."""
        queries = split_heads(self.query(zeroed(x, mask)), self.heads)
        keys, values = (
            split_heads(part, self.heads) for part in self.key_value(zeroed(memory, memory_mask)).chunk(2, dim=-1)
        )
        dropout = self.dropout if self.training else 0.0
        read = attend(queries, keys, values, memory_mask, dropout=dropout)
        y = zeroed(self.out(join_heads(read)), mask)
        if memory_mask is not None:  # with nothing to read there is nothing to add, the bias of `out` included
            y = y.masked_fill(~memory_mask.any(dim=1)[:, None, None], 0)
        return y
