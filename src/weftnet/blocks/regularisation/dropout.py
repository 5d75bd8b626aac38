"""Dropout: while training, each value is zeroed with probability `rate` and the rest is scaled up to keep the mean.

    training:    y = x · keep / (1 − rate),   keep ~ Bernoulli(1 − rate), one draw per value
    evaluation:  y = x

Source: N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014,
https://jmlr.org/papers/v15/srivastava14a.html.
Differs from torch: `nn.Dropout` by the draw alone (`_drop.py`). The paper scales by (1 − rate) in evaluation instead,
which is the same.
Cost: no parameters; one random number per value while training, nothing in evaluation.
When: Between dense layers and in Transformers where validation gets worse while training gets better. Not together with
batch norms directly behind.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks.regularisation._drop import Drop


class Dropout(nn.Module):
    """Zero values at random while training.

    Args:
        rate: the probability of a zero, 0 ≤ rate < 1.
    """

    def __init__(self, rate: float = 0.5) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"dropout: rate: expected a number from 0 to below 1, got {rate}")
        self.dropout = Drop(rate)

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Drop values, or in evaluation pass them on."""
        y: Tensor = self.dropout(x)
        return y
