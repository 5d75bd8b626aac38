"""A recurrent decoder that looks at the source after each step, and feeds what it found to the next: Luong's attention.

    h[t] = GRU([x[t]; y[t − 1]], h[t − 1]),  h[−1] = start,  y[−1] = 0
    c[t] = Σ_s softmax_s(h[t] · keys[s]) · memory[s]        keys[s] = W_a memory[s], an input: the score `general`
    y[t] = tanh(W_c [c[t]; h[t]])

Source: M.-T. Luong, H. Pham, C. Manning, Effective approaches to attention-based neural machine translation, 2015,
sections 3.1 and 3.3, https://arxiv.org/abs/1508.04025
Differs from the paper: a GRU in one layer instead of a stack of LSTMs; y[t − 1] is always fed. With keys that are the
memory itself the score is `dot`. `start` and `keys` are inputs (dense layers before it), so that they are computed once
for a sequence that is generated step by step.
Cost per step: 3 · dim · (dim_in + 2 · dim) + dim · (dim_memory + dim) + time_memory · (dim + dim_memory)
multiplications; 3 · dim · (dim_in + 2 · dim + 2) + dim · (dim_memory + dim) parameters.
When: As `bahdanau_decoder`, a little cheaper: it looks at the source after the step instead of before.
"""

from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.recurrent._decoder import begun, gated, remembered, uniform, weights


class LuongDecoder(nn.Module):
    """A GRU over x and its own last output, which reads from a memory after every step.

    Args:
        dim_in: size of each step of x.
        dim_memory: size of each step of the memory.
        dim: size of the hidden state and the output, which is that of the keys and the start.
    """

    loops: ClassVar[bool] = True  # over the steps, in Python: as a program it takes one at a time

    def __init__(self, dim_in: int, dim_memory: int, dim: int) -> None:
        super().__init__()
        positive("luong_decoder", dim_in=dim_in, dim_memory=dim_memory, dim=dim)
        self.dim = dim
        self.input = nn.Linear(dim_in, 3 * dim)
        self.fed = nn.Linear(dim, 3 * dim, bias=False)
        self.hidden = nn.Linear(dim, 3 * dim)
        self.W_c = nn.Linear(dim_memory + dim, dim, bias=False)
        uniform(self, dim)

    def forward(
        self,
        x: Float[Tensor, "batch time dim_in"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        keys: Float[Tensor, "batch time_memory dim"],
        start: Float[Tensor, "batch dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time dim"]:
        """The attentional state at every step."""
        first = torch.cat((start, torch.zeros_like(start)), 1)
        return zeroed(self._run(zeroed(x, mask), first, memory, keys, memory_mask, keys_mask)[0], mask)

    def alignment(
        self,
        x: Float[Tensor, "batch time dim_in"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        keys: Float[Tensor, "batch time_memory dim"],
        start: Float[Tensor, "batch dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> Float[Tensor, "batch time time_memory"]:
        """How much each step reads from each step of the memory."""
        first = torch.cat((start, torch.zeros_like(start)), 1)
        return self._run(zeroed(x, mask), first, memory, keys, memory_mask, keys_mask)[2]

    def initial_state(self, batch: int, time: int) -> Tensor:
        """Zeros: no step yet, so that h is the start."""
        return self.input.weight.new_zeros(batch, 1 + 2 * self.dim)

    def step(
        self,
        x: Float[Tensor, "batch time dim_in"],
        state: Float[Tensor, "batch dim_state"],
        memory: Float[Tensor, "batch time_memory dim_memory"],
        keys: Float[Tensor, "batch time_memory dim"],
        start: Float[Tensor, "batch dim"],
        memory_mask: Bool[Tensor, "batch time_memory"] | None = None,
        keys_mask: Bool[Tensor, "batch time_memory"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch dim_state"]]:
        """Continue by the next steps; all else is whole."""
        before = begun(state, torch.cat((start, torch.zeros_like(start)), 1))
        y, last, _ = self._run(x, before, memory, keys, memory_mask, keys_mask)
        return y, remembered(last)

    def _run(
        self, x: Tensor, before: Tensor, memory: Tensor, keys: Tensor, memory_mask: Tensor | None,
        keys_mask: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        """Outputs, [h; y] of the last step, and the weights (batch, time, time_memory)."""
        memory, keys = zeroed(memory, memory_mask), zeroed(keys, keys_mask)
        h, y = before.chunk(2, 1)
        outputs, read = [], []
        for inputs in self.input(x).unbind(1):
            h = gated(inputs + self.fed(y), self.hidden(h), h)
            share = weights((keys @ h.unsqueeze(2)).squeeze(2), memory_mask, keys_mask)  # (batch, time_memory)
            c = (share.unsqueeze(1) @ memory).squeeze(1)
            y = torch.tanh(self.W_c(torch.cat((c, h), 1)))
            outputs.append(y)
            read.append(share)
        return torch.stack(outputs, 1), torch.cat((h, y), 1), torch.stack(read, 1)
