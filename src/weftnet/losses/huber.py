"""Huber's loss: squared for small errors, absolute for large ones.

    e = |y − t|
    loss = mean of  ½ e²  if e ≤ δ, else  δ (e − ½ δ)

Source: P. J. Huber, Robust Estimation of a Location Parameter, 1964, https://doi.org/10.1214/aoms/1177703732. The same
as torch's `huber_loss`, with a mask.
"""

import torch.nn.functional as F
from torch import Tensor

from weftnet.errors import SettingError
from weftnet.losses._values import mean, pair


def huber(outputs: Tensor, target: Tensor, mask: Tensor | None = None, *, delta: float = 1.0) -> Tensor:
    """The mean over what counts.

    Args:
        outputs: numbers of any shape.
        target: of the same shape.
        mask: True where it counts.
        delta: the error from which on it is absolute, above 0.

    Raises:
        SettingError: the shapes don't fit, or delta is not positive.
    """
    if not delta > 0:
        raise SettingError("delta is out of range", where="loss huber", expected="a positive number", got=repr(delta))
    y, t, mask = pair("huber", outputs, target, mask)
    return F.huber_loss(y, t, delta=delta) if mask is None else mean(F.huber_loss(y, t, "none", delta), mask)
