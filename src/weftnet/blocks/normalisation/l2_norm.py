"""L2 normalisation: every position on the unit sphere, so that only directions are compared.

    y = x / max(‖x‖₂, eps)           ‖y − y'‖² = 2 − 2 cos(x, x')

Source: J. Snell, K. Swersky, R. Zemel, Prototypical networks for few-shot learning, 2017,
https://arxiv.org/abs/1703.05175, for distances between features; that unit length helps them: Y. Wang and others,
SimpleShot, 2019, https://arxiv.org/abs/1911.04623.
Differs from torch: it is `F.normalize` on the last axis.
Cost: no parameters; some 3 operations per value.
When: Where the answer is a vector to be compared, and in front of `prototypes` or a cosine.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class L2Norm(nn.Module):
    """Length 1 for the features of each position.

    Args:
        eps: the least length that is divided by.
    """

    def __init__(self, eps: float = 1e-12) -> None:
        super().__init__()
        if eps <= 0:
            raise ValueError(f"l2_norm: eps: expected a positive number, got {eps}")
        self.eps = eps

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Normalise the last axis."""
        return F.normalize(x, dim=-1, eps=self.eps)
