"""Long short-term memory: a cell state that gates write to, erase and read.

    i = σ(W_ii x + b_ii + W_hi h + b_hi)             input gate
    f = σ(W_if x + b_if + W_hf h + b_hf)             forget gate
    g = tanh(W_ig x + b_ig + W_hg h + b_hg)          candidate
    o = σ(W_io x + b_io + W_ho h + b_ho)             output gate
    c' = f ∘ c + i ∘ g
    h' = o ∘ tanh(c')                                y[t] = h'

Source: S. Hochreiter, J. Schmidhuber, Long short-term memory, 1997, https://doi.org/10.1162/neco.1997.9.8.1735;
forget gate: F. Gers, J. Schmidhuber, F. Cummins, Learning to forget, 2000, https://doi.org/10.1162/089976600300015015
As torch: `lstm` is an `nn.LSTM` with torch's parameters and initialisation, U(±1/√dim) for all of them, so the forget
gate's bias is not set to 1. With a mask the layers run one by one and padding never changes the answer; masks are
contiguous from the left (padding on the right).
Cost per cell: 4 · dim · (dim_in + dim) multiplications a step, 4 · dim · (dim_in + dim + 2) parameters.
When: For series and texts where something has to be remembered over many steps, and for generation in linear time.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.recurrent._padding import check, check_one_way, last_hidden, run_padded

#: Beyond this a sigmoid is exactly 0 or 1 in every dtype, and float16 still holds it.
SHUT = 1e4


class Lstm(nn.Module):
    """An LSTM over sequences.

    Args:
        dim_in: size of each step.
        dim: size of the hidden state; the output has dim values a step, 2 · dim if bidirectional.
        layers: number of layers, each reading the one below.
        bidirectional: whether a second set of cells reads from the end.
        dropout: rate between layers, in training.
    """

    resizable: ClassVar[Mapping[str, str]] = {"out": "dim", "in": "dim_in"}

    def __init__(
        self, dim_in: int, dim: int, layers: int = 1, bidirectional: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check("lstm", dim_in, dim, layers, dropout)
        self.dim, self.layers, self.directions, self.dropout = dim, layers, 1 + bidirectional, dropout
        self.lstm = nn.LSTM(dim_in, dim, layers, batch_first=True, bidirectional=bidirectional, dropout=dropout)

    def forward(
        self,
        x: Float[Tensor, "batch time dim_in"],
        mask: Bool[Tensor, "batch time"] | None = None,
        state: Float[Tensor, "batch cells dim_state"] | None = None,
    ) -> Float[Tensor, "batch time dim_out"]:
        """The hidden state of the last layer at every step."""
        return self.run(x, mask, state)[0]

    def run(
        self,
        x: Float[Tensor, "batch time dim_in"],
        mask: Bool[Tensor, "batch time"] | None = None,
        state: Float[Tensor, "batch cells dim_state"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim_out"], Float[Tensor, "batch cells dim_state"]]:
        """Outputs, and the state after each sequence's last real step.

        A state holds the hidden states of all layers × directions, then their cell states: 2 · layers · directions
        vectors. None starts from zeros.
        """
        if state is None:
            state = x.new_zeros(x.shape[0], 2 * self.layers * self.directions, self.dim)
        hidden, cell = state.transpose(0, 1).contiguous().chunk(2)  # (cells, batch, dim) each
        if mask is None:
            y, last = self.lstm(x, (hidden, cell))
            return y, torch.cat(last).transpose(0, 1)
        y, lasts = self._run_padded(x, mask, hidden, cell)
        return y, torch.stack(lasts, dim=2).flatten(1, 2)  # all hidden states first

    def initial_state(self, batch: int, time: int) -> Tensor:
        """Zeros.

        Raises:
            ValueError: the network is bidirectional.
        """
        check_one_way("lstm", self.directions)
        return next(self.parameters()).new_zeros(batch, 2 * self.layers, self.dim)

    def step(
        self, x: Float[Tensor, "batch time dim_in"], state: Float[Tensor, "batch cells dim_state"]
    ) -> tuple[Float[Tensor, "batch time dim_out"], Float[Tensor, "batch cells dim_state"]]:
        """Continue by the next steps from a state."""
        return self.run(x, state=state)

    def _run_padded(self, x: Tensor, mask: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, list[Tensor]]:
        # Outputs are hidden states, so the last cell state can't be gathered from them. An extra feature that is 1 at
        # padding shuts the input gate and opens the forget gate there: the cell state then stays as it is to the end.
        at_padding = (~mask).unsqueeze(-1).to(x.dtype)
        shut = x.new_tensor([-SHUT, SHUT, 0.0, 0.0]).repeat_interleave(self.dim).unsqueeze(1)  # i, f, g, o

        def one_way(index: int, seen: Tensor) -> tuple[Tensor, Tensor]:
            weight_in, *others = self.lstm.all_weights[index]
            weights = [torch.cat((weight_in, shut), dim=1), *others]
            start = (hidden[index : index + 1], cell[index : index + 1])
            seen = torch.cat((seen, at_padding), dim=2)
            y, _, last_cell = torch.lstm(seen, start, weights, True, 1, 0.0, self.training, False, True)
            return y, torch.stack((last_hidden(hidden[index], y, mask), last_cell[0]), dim=1)

        dropout = self.dropout if self.training else 0.0
        return run_padded(one_way, x, mask, layers=self.layers, directions=self.directions, dropout=dropout)
