"""A fully connected layer along time: every step of the output is a weighted sum of all steps of the input.

    y[h, c] = Σₜ weight[h, t] · x[t, c] + bias[h]           the same for every feature c
    y[h, c] = Σₜ weight[c, h, t] · x[t, c] + bias[c, h]     with `own`

Source: A. Zeng, M. Chen, L. Zhang, Q. Xu, Are Transformers effective for time series forecasting?, 2023,
https://arxiv.org/abs/2205.13504: shared, or "individual".
Differs from torch: it is `nn.Linear` on the axis of time, with `own` one for every feature; it is initialised as that,
or with zeros.
Cost: time·steps + steps parameters, with `own` dim times as many; 2·time·steps·dim FLOPs an example.
When: For forecasts: a linear map from the window to the horizon is often as good as a deep network.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.series._own_linear import OwnLinear


class AlongTime(nn.Module):
    """A linear map of the steps.

    Args:
        time: steps of the input.
        dim: features of a step.
        steps: of the output.
        own: whether every feature has weights of its own.
        zero: whether it starts at zero, so that what it is added to is unchanged at first.
    """

    def __init__(self, time: int, dim: int, steps: int, own: bool = False, zero: bool = False) -> None:
        super().__init__()
        positive("along_time", time=time, dim=dim, steps=steps)
        self.linear = nn.Linear(time, steps) if not own else OwnLinear(dim, time, steps)
        if zero:
            for parameter in self.linear.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time_out dim"]:
        """Map the steps of every feature."""
        y: Tensor = self.linear(x.transpose(1, 2))
        return y.transpose(1, 2)
