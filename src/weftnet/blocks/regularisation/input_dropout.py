"""Input dropout: while training, an example's features are zeroed all together with probability `rate`.

    training:    y[b] = x[b] · keep[b] / (1 − rate),   keep ~ Bernoulli(1 − rate), one draw per example
    evaluation:  y = x

Behind the encoder of each of several inputs, a network learns not to rely on any single one of them. At the end of a
residual's body it is stochastic depth (G. Huang and others, 2016, https://arxiv.org/abs/1603.09382): whole layers are
left out for some examples.
Source: N. Neverova, C. Wolf, G. Taylor, F. Nebout, ModDrop: adaptive multi-modal gesture recognition, 2014,
https://arxiv.org/abs/1501.00102.
Differs: the features of an input are dropped, behind its encoder, and what is left is scaled up to keep the mean.
Cost: no parameters; one random number per example while training, nothing in evaluation.
When: Where a network has several inputs and leans on the easiest: whole inputs are hidden from time to time.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks.regularisation._drop import Drop


class InputDropout(nn.Module):
    """Zero whole examples at random while training.

    Args:
        rate: the probability of a zero, 0 ≤ rate < 1.
    """

    def __init__(self, rate: float = 0.1) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"input_dropout: rate: expected a number from 0 to below 1, got {rate}")
        self.dropout = Drop(rate)

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Drop examples, or in evaluation pass them on."""
        keep: Tensor = self.dropout(x.new_ones(x.shape[0], *[1] * (x.ndim - 1)))
        return x * keep
