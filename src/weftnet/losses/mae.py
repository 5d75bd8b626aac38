"""Mean absolute error: the mean of |y − t|. Its best constant answer is the median, so that outliers pull little.

Source: P.-S. Laplace, Mémoire sur la probabilité des causes, 1774. The same as torch's `l1_loss`, with a mask.
"""

import torch.nn.functional as F
from torch import Tensor

from weftnet.losses._values import mean, pair


def mae(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean over what counts.

    Args:
        outputs: numbers of any shape.
        target: of the same shape.
        mask: True where it counts.

    Raises:
        SettingError: the shapes don't fit.
    """
    y, t, mask = pair("mae", outputs, target, mask)
    return F.l1_loss(y, t) if mask is None else mean((y - t).abs(), mask)
