"""A recurrent decoder that looks at the whole source before each step: additive attention inside a GRU.

    e[t, s] = vᵀ tanh(W h[t − 1] + keys[s])                 keys[s] = U memory[s], an input
    c[t] = Σ_s softmax_s(e[t, s]) · memory[s]
    h[t] = GRU([x[t]; c[t]], h[t − 1]),  h[−1] = start
    y[t] = [h[t]; c[t]]

Source: D. Bahdanau, K. Cho, Y. Bengio, Neural machine translation by jointly learning to align and translate, 2015,
appendices A.1.2 and A.2.2, https://arxiv.org/abs/1409.0473
Differs from the paper: the reset gate multiplies the product with h, as in cuDNN and torch; gates have biases; the
output reads h[t], which has seen x[t], where the paper's reads h[t − 1] beside x[t]. `start` and `keys` are inputs
(dense layers before it), so that they are computed once for a sequence that is generated step by step.
Cost per step: 3 · dim · (dim_in + dim_memory + dim) + dim · dim_hidden + time_memory · (dim_hidden + dim_memory)
multiplications; 3 · dim · (dim_in + dim_memory + dim + 2) + (dim + 1) · dim_hidden parameters.
When: For translations of short texts with little data, where the alignment shall be drawn; with much data, a
Transformer.
"""

from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.recurrent._decoder import begun, gated, remembered, uniform, weights


class BahdanauDecoder(nn.Module):
    """A GRU over x that reads from a memory at every step.

    Args:
        dim_in: size of each step of x.
        dim_memory: size of each step of the memory.
        dim_hidden: size of each key.
        dim: size of the hidden state, which is that of the start.
    """

    loops: ClassVar[bool] = True  # over the steps, in Python: as a program it takes one at a time

    def __init__(self, dim_in: int, dim_memory: int, dim_hidden: int, dim: int) -> None:
        super().__init__()
        positive("bahdanau_decoder", dim_in=dim_in, dim_memory=dim_memory, dim_hidden=dim_hidden, dim=dim)
        self.dim = dim
        self.input = nn.Linear(dim_in, 3 * dim)
        self.context = nn.Linear(dim_memory, 3 * dim, bias=False)
        self.hidden = nn.Linear(dim, 3 * dim)
        self.W = nn.Linear(dim, dim_hidden, bias=False)
        self.v = nn.Linear(dim_hidden, 1, bias=False)
        uniform(self, dim)

    def forward(
        self,
        x: Float[Tensor, "batch time dim_in"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        keys: Float[Tensor, "batch time_memory dim_hidden"],
        start: Float[Tensor, "batch dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim_out"]:
        """The hidden state and what was read, side by side, at every step."""
        y, _, _ = self._run(zeroed(x, mask), start, memory, keys, memory_mask, keys_mask)
        return zeroed(y, mask)

    def alignment(
        self,
        x: Float[Tensor, "batch time dim_in"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        keys: Float[Tensor, "batch time_memory dim_hidden"],
        start: Float[Tensor, "batch dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time time_memory"]:
        """How much each step reads from each step of the memory."""
        return self._run(zeroed(x, mask), start, memory, keys, memory_mask, keys_mask)[2]

    def initial_state(self, batch: int, time: int) -> Tensor:
        """Zeros: no step yet, so that h is the start."""
        return self.input.weight.new_zeros(batch, 1 + self.dim)

    def step(
        self,
        x: Float[Tensor, "batch time dim_in"],
        state: Float[Tensor, "batch dim_state"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        keys: Float[Tensor, "batch time_memory dim_hidden"],
        start: Float[Tensor, "batch dim"],
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim_out"], Float[Tensor, "batch dim_state"]]:
        """Continue by the next steps; all else is whole."""
        y, h, _ = self._run(x, begun(state, start), memory, keys, memory_mask, keys_mask)
        return y, remembered(h)

    def _run(
        self, x: Tensor, h: Tensor, memory: Tensor, keys: Tensor, memory_mask: Tensor | None, keys_mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs, the last hidden state, and the weights (batch, time, time_memory)."""
        memory, keys = zeroed(memory, memory_mask), zeroed(keys, keys_mask)
        outputs, read = [], []
        for inputs in self.input(x).unbind(1):
            scores = self.v(torch.tanh(self.W(h).unsqueeze(1) + keys)).squeeze(-1)
            share = weights(scores, memory_mask, keys_mask)  # (batch, time_memory)
            c = (share.unsqueeze(1) @ memory).squeeze(1)
            h = gated(inputs + self.context(c), self.hidden(h), h)
            outputs.append(torch.cat((h, c), 1))
            read.append(share)
        return torch.stack(outputs, 1), h, torch.stack(read, 1)
