"""A series of another number of steps, by lines between its steps.

    y[t] = Σₛ max(0, 1 − |u − s|) · x[s],     u = (t + ½) · time / steps − ½, clipped to 0 … time − 1

Source: C. Challu and others, N-HiTS: neural hierarchical interpolation for time series forecasting, 2023, section 3.3,
https://arxiv.org/abs/2201.12886
As `nn.functional.interpolate(size=steps, mode="linear", align_corners=False)`, features last.
Cost: no parameters; two multiplications a value.
When: Where a forecast is told by a few points and drawn between them, as N-HiTS does, or rates have to match.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class Interpolate1d(nn.Module):
    """Lines between the steps.

    Args:
        steps: of the output.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        positive("interpolate1d", steps=steps)
        self.steps = steps

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time_out dim"]:
        """Read the lines at equal distances."""
        return F.interpolate(x.transpose(1, 2), self.steps, mode="linear", align_corners=False).transpose(1, 2)
