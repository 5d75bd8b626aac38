"""Features of mean 0 and standard deviation 1, so that a penalty weighs all of them alike; and the way back.

u = (f − m) / s        s = 1 where a feature is constant
w · u + b = (w / s) · f + b − (w / s) · m
"""

import torch
from torch import Tensor


class Scaled:
    """Standardised features in float64.

    Args:
        features: (rows, features).
    """

    def __init__(self, features: Tensor) -> None:
        values = features.double()
        self.mean = values.mean(0)
        spread = values.std(0, correction=0)
        self.scale = torch.where(spread > 1e-9 * values.abs().amax(0).clamp_min(1e-30), spread, 1.0)
        self.values = (values - self.mean) / self.scale

    def back(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """The weights (outputs, features) and bias (outputs) of the features as they were."""
        own = weight / self.scale
        return own, bias - own @ self.mean
