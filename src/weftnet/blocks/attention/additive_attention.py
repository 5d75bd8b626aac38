"""Additive attention: a small network compares each step of x with each step of a memory.

    score[t, s] = vᵀ tanh(W x[t] + U memory[s])
    y[t] = Σ_s softmax_s(score[t, s]) · memory[s]

Source: D. Bahdanau, K. Cho, Y. Bengio, Neural machine translation by jointly learning to align and translate, 2015,
appendix A.1.2, https://arxiv.org/abs/1409.0473
As the paper, without biases. A row whose memory is all padding gives zeros, and outputs at padding are zero.
Cost: time · dim_in · dim_hidden + time_memory · dim_memory · dim_hidden + time · time_memory · (dim_hidden +
dim_memory) multiplications, time · time_memory · dim_hidden values kept for the gradient,
dim_hidden · (dim_in + dim_memory + 1) parameters.
When: Where a decoder's state and what it looks at are of different sizes, or few dimensions have to tell steps apart;
`cross_attention` is faster.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.attention._attend import zeroed


class AdditiveAttention(nn.Module):
    """Read from a memory by a learned comparison.

    Args:
        dim_in: size of each step of x.
        dim_memory: size of each step of the memory, and of the output.
        dim_hidden: size of the comparison; dim_in by default.
    """

    def __init__(self, dim_in: int, dim_memory: int, dim_hidden: int | None = None) -> None:
        super().__init__()
        dim_hidden = dim_in if dim_hidden is None else dim_hidden
        for name, value in (("dim_in", dim_in), ("dim_memory", dim_memory), ("dim_hidden", dim_hidden)):
            if value < 1:
                raise ValueError(f"additive_attention: {name}: expected a positive integer, got {value}")
        self.W = nn.Linear(dim_in, dim_hidden, bias=False)
        self.U = nn.Linear(dim_memory, dim_hidden, bias=False)
        self.v = nn.Linear(dim_hidden, 1, bias=False)

    def forward(
        self,
        x: Float[Tensor, "batch time dim_in"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim_out"]:
        """The mean of the memory's real steps, weighted for each step of x."""
        x, memory = zeroed(x, mask), zeroed(memory, memory_mask)
        hidden = self.W(x).unsqueeze(2) + self.U(memory).unsqueeze(1)  # (batch, time, time_memory, dim_hidden)
        score = self.v(torch.tanh(hidden)).squeeze(-1)
        if memory_mask is not None:
            # The lowest finite number, not −∞: a row that is all padding stays finite, and reads zeros.
            score = score.masked_fill(~memory_mask.unsqueeze(1), torch.finfo(score.dtype).min)
        return zeroed(score.softmax(dim=-1) @ memory, mask)
