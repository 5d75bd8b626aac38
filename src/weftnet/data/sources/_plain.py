"""Tensors as arrays, where torch is there to have made any."""

import sys
from typing import Any


def plain(value: Any) -> Any:
    """A tensor as an array; all else as it is."""
    torch = sys.modules.get("torch")
    return value.detach().cpu().numpy() if torch is not None and isinstance(value, torch.Tensor) else value
