"""Counts of what runs, which a clock on a shared machine can't tell."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Kernels(TorchDispatchMode):
    """How many kernels ran, and how many values they gave that lie in memory, not on meta."""

    def __init__(self) -> None:
        super().__init__()
        self.count = self.values = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.count += 1
        given = [one for one in (result if isinstance(result, tuple | list) else [result]) if isinstance(one, Tensor)]
        self.values += sum(one.numel() for one in given if not one.is_meta)
        return result


def kernels(call: Callable[[], object]) -> Kernels:
    """What a call runs."""
    with Kernels() as counted:
        call()
    return counted


def python_calls(call: Callable[[], object], kinds: tuple[str, ...] = ("call",)) -> int:
    """Functions of Python that a call enters; with `c_call` among the kinds, those of C too."""
    count = 0

    def enter(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in kinds

    before = sys.getprofile()
    sys.setprofile(enter)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count
