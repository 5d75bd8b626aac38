"""The plain recurrent network: the hidden state is an affine map and a nonlinearity.

    h' = φ(W_ih x + b_ih + W_hh h + b_hh)            φ: tanh or relu; y[t] = h'

Source: J. L. Elman, Finding structure in time, 1990, https://doi.org/10.1207/s15516709cog1402_1
As torch: `rnn` is an `nn.RNN` with torch's parameters and initialisation, U(±1/√dim). With a mask the layers run one by
one and padding never changes the answer; masks are contiguous from the left (padding on the right).
Cost per cell: dim · (dim_in + dim) multiplications a step, dim · (dim_in + dim + 2) parameters.
When: To learn what a recurrent network is, and for a few steps; it forgets over more. Else `gru`.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.recurrent._padding import check, check_one_way, last_hidden, run_padded


class Rnn(nn.Module):
    """A plain recurrent network over sequences.

    Args:
        dim_in: size of each step.
        dim: size of the hidden state; the output has dim values a step, 2 · dim if bidirectional.
        layers: number of layers, each reading the one below.
        bidirectional: whether a second set of cells reads from the end.
        dropout: rate between layers, in training.
        nonlinearity: φ.
    """

    resizable: ClassVar[Mapping[str, str]] = {"out": "dim", "in": "dim_in"}

    def __init__(
        self,
        dim_in: int,
        dim: int,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
    ) -> None:
        super().__init__()
        check("rnn", dim_in, dim, layers, dropout)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"rnn: nonlinearity: expected tanh or relu, got {nonlinearity}")
        self.dim, self.layers, self.directions, self.dropout = dim, layers, 1 + bidirectional, dropout
        self.rnn = nn.RNN(
            dim_in,
            dim,
            layers,
            nonlinearity=nonlinearity,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout,
        )

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
        """Outputs, and the state (layers · directions vectors) after each sequence's last real step.

        None starts from zeros.
        """
        if state is None:
            state = x.new_zeros(x.shape[0], self.layers * self.directions, self.dim)
        hidden = state.transpose(0, 1).contiguous()  # (cells, batch, dim)
        if mask is None:
            y, last = self.rnn(x, hidden)
            return y, last.transpose(0, 1)
        y, lasts = self._run_padded(x, mask, hidden)
        return y, torch.stack(lasts, dim=1)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """Zeros.

        Raises:
            ValueError: the network is bidirectional.
        """
        check_one_way("rnn", self.directions)
        return next(self.parameters()).new_zeros(batch, self.layers, self.dim)

    def step(
        self, x: Float[Tensor, "batch time dim_in"], state: Float[Tensor, "batch cells dim_state"]
    ) -> tuple[Float[Tensor, "batch time dim_out"], Float[Tensor, "batch cells dim_state"]]:
        """Continue by the next steps from a state."""
        return self.run(x, state=state)

    def _run_padded(self, x: Tensor, mask: Tensor, hidden: Tensor) -> tuple[Tensor, list[Tensor]]:
        kernel = torch.rnn_tanh if self.rnn.nonlinearity == "tanh" else torch.rnn_relu

        def one_way(index: int, seen: Tensor) -> tuple[Tensor, Tensor]:
            weights: list[Tensor] = [*self.rnn.all_weights[index]]
            y, _ = kernel(seen, hidden[index : index + 1], weights, True, 1, 0.0, self.training, False, True)
            return y, last_hidden(hidden[index], y, mask)

        dropout = self.dropout if self.training else 0.0
        return run_padded(one_way, x, mask, layers=self.layers, directions=self.directions, dropout=dropout)
