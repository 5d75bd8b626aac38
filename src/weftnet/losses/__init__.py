"""Losses: one function a file, `loss(outputs, target, mask=None, **settings) → Tensor` of one number.

    outputs     what the network gives; classes are axis 1, or the last one of a sequence (batch, time, classes)
    target      class numbers, or values of the outputs' shape
    mask        True where the loss counts: of the target's shape, or of its first axes
    settings    keyword arguments of the function

Every loss is a mean over what counts; where nothing does it is 0. `_objective.py` reads what a person wrote – a name, a
function, a sum, one loss for each output – and computes it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

LOSSES: "Registry[Callable[..., Tensor]]" = Registry("loss", __name__, Path(__file__).parent)
