"""The head of connectionist temporal classification: how likely each token is at each step, or none of them (blank).

    y[t] = log softmax(W x[t] + b) at real steps, 0 at padding          token 0 is the blank

Log-probabilities of a real step are never all 0, so that the output says by itself which of its steps are real: what
decodes it needs no mask.

Source: A. Graves and others, Connectionist temporal classification: labelling unsegmented sequence data with recurrent
neural networks, 2006, section 2, https://doi.org/10.1145/1143844.1143891
Differs from the paper: the blank is token 0, not the last one.
Cost: time · dim_in · dim multiplications and time · dim exponentials; dim · (dim_in + 1) parameters.
When: At the end of a network that writes down speech or lines of text, where nobody says at which step each token lies.
"""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class CtcHead(nn.Module):
    """Log-probabilities of the tokens and the blank at every step.

    Args:
        dim_in: features of a step.
        dim: tokens, the blank among them; at least 2.
    """

    resizable: ClassVar[Mapping[str, str]] = {"linear.in": "dim_in"}

    def __init__(self, dim_in: int, dim: int) -> None:
        super().__init__()
        positive("ctc_head", dim_in=dim_in)
        if dim < 2:
            raise ValueError(f"ctc_head: dim: expected the blank and a token, at least 2, got {dim}")
        self.linear = nn.Linear(dim_in, dim)

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """At every step, whatever the others are."""
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        y: Tensor = self.linear(x).log_softmax(dim=-1)
        return y if mask is None else y.masked_fill(~mask.unsqueeze(-1), 0)
