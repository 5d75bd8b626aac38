"""Compression: smaller runs from a run, if they are as good.

    compress(loaded, data, folder, goal) → Compression      tries, measures, keeps what is on the frontier
    METHODS                                                 the registry of methods, one per file in `methods/`

Importing this package does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weftnet.compress.methods import METHODS

if TYPE_CHECKING:
    from weftnet.compress.compressing import Settings, compress
    from weftnet.compress.contract import Compression, Goal

__all__ = ["METHODS", "Compression", "Goal", "Settings", "compress"]

_LAZY = {"compress": "compressing", "Settings": "compressing", "Compression": "contract", "Goal": "contract"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
