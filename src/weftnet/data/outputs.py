"""What a network or a task gives: a lone tensor, or tensors by name.

The first named one is the answer. The mask of a padded output `y` is the output `y_mask`.
"""

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor

from weftnet.errors import SettingError

Outputs: TypeAlias = Tensor | Mapping[str, Tensor]


def chosen(outputs: Outputs, name: str = "") -> Tensor:
    """One of several outputs: the named one, or the first, which is the answer; a lone one needs no name.

    Raises:
        SettingError: there is no such output.
    """
    if isinstance(outputs, Tensor):
        return outputs
    if name and name not in outputs:
        raise SettingError(f"there is no output {name!r}", expected=", ".join(outputs))
    return outputs[name or next(iter(outputs))]


def named(outputs: Outputs) -> Mapping[str, Tensor]:
    """Outputs by name; a lone one is called `output`."""
    return {"output": outputs} if isinstance(outputs, Tensor) else outputs


def finite(outputs: Outputs) -> bool:
    """Whether every number of every output is finite."""
    tensors = [outputs] if isinstance(outputs, Tensor) else list(outputs.values())
    return all(bool(torch.isfinite(each).all()) for each in tensors)
