"""Mean squared error: the mean of (y − t)². Its best constant answer is the mean.

Source: C. F. Gauss, Theoria combinationis observationum, 1821. The same as torch's `mse_loss`, with a mask.
"""

import torch.nn.functional as F
from torch import Tensor

from weftnet.losses._values import mean, pair


def mse(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean over what counts.

    Args:
        outputs: numbers of any shape.
        target: of the same shape.
        mask: True where it counts.

    Raises:
        SettingError: the shapes don't fit.
    """
    y, t, mask = pair("mse", outputs, target, mask)
    return F.mse_loss(y, t) if mask is None else mean((y - t).square(), mask)
