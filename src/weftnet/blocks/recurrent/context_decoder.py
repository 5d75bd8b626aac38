"""A recurrent decoder that is told one vector of the whole source, at every step and before the first.

    h[t] = GRU([x[t]; context], h[t − 1]),  h[−1] = start
    y[t] = [h[t]; context]

Source: K. Cho and others, Learning phrase representations using RNN encoder–decoder for statistical machine
translation, 2014, section 2.2 and appendix A, https://arxiv.org/abs/1406.1078
As the paper, where all gates read the context and start = tanh(V context), a dense layer before it; but for the reset
gate, which multiplies the product with h, as in cuDNN and torch.
Cost per step: 3 · dim · (dim_in + dim_context + dim) multiplications; 3 · dim · (dim_in + dim_context + dim + 2)
parameters.
When: For short answers whose source fits into one vector, such as dates; longer ones need a decoder that looks back.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.recurrent._decoder import begun, remembered


class ContextDecoder(nn.Module):
    """A GRU over x beside a context.

    Args:
        dim_in: size of each step of x.
        dim_context: size of the context.
        dim: size of the hidden state, which is that of the start.
    """

    def __init__(self, dim_in: int, dim_context: int, dim: int) -> None:
        super().__init__()
        positive("context_decoder", dim_in=dim_in, dim_context=dim_context, dim=dim)
        self.dim = dim
        self.gru = nn.GRU(dim_in + dim_context, dim, batch_first=True)

    def forward(
        self,
        x: Float[Tensor, "batch time dim_in"],
        context: Float[Tensor, "batch dim_context"],
        start: Float[Tensor, "batch dim"],
        mask: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time dim_out"]:
        """The hidden state and the context, side by side, at every step."""
        return zeroed(self._run(zeroed(x, mask), context, start)[0], mask)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """Zeros: no step yet, so that h is the start."""
        return next(self.parameters()).new_zeros(batch, 1 + self.dim)

    def step(
        self,
        x: Float[Tensor, "batch time dim_in"],
        state: Float[Tensor, "batch dim_state"],
        context: Float[Tensor, "batch dim_context"],
        start: Float[Tensor, "batch dim"],
    ) -> tuple[Float[Tensor, "batch time dim_out"], Float[Tensor, "batch dim_state"]]:
        """Continue by the next steps; context and start are whole."""
        y, h = self._run(x, context, begun(state, start))
        return y, remembered(h)

    def _run(self, x: Tensor, context: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs, and the last hidden state."""
        told = context.unsqueeze(1).expand(-1, x.shape[1], -1)
        y, last = self.gru(torch.cat((x, told), 2), h.unsqueeze(0).contiguous())
        return torch.cat((y, told), 2), last.squeeze(0)
