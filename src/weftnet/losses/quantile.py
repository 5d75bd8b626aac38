"""Quantile loss (pinball): errors to one side cost more, so that the answer is a quantile instead of the mean.

    loss = mean of  max(q (t − y), (q − 1) (t − y))

q = 0.9 learns the value that 90 % of targets stay below; q = 0.5 is half the mean absolute error.

Source: R. Koenker, G. Bassett, Regression Quantiles, 1978, https://doi.org/10.2307/1913643.
"""

import torch
from torch import Tensor

from weftnet.errors import SettingError
from weftnet.losses._values import mean, pair


def quantile(outputs: Tensor, target: Tensor, mask: Tensor | None = None, *, q: float = 0.5) -> Tensor:
    """The mean over what counts.

    Args:
        outputs: numbers of any shape.
        target: of the same shape.
        mask: True where it counts.
        q: the quantile, in (0, 1).

    Raises:
        SettingError: the shapes don't fit, or q is no share.
    """
    if not 0 < q < 1:
        raise SettingError("q is out of range", where="loss quantile", expected="0 < q < 1", got=repr(q))
    y, t, mask = pair("quantile", outputs, target, mask)
    return mean(torch.maximum(q * (t - y), (q - 1) * (t - y)), mask)
