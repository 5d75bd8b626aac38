"""Kinds of column: one per file, each a class that derives from `Kind`, which says what it may bring (`_kind.py`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.registry import Registry

if TYPE_CHECKING:  # imported when first used, so that listing the names does not import NumPy
    from weftnet.data.kinds._kind import BadValue, Kind
    from weftnet.data.kinds._raw import RawColumn

KINDS: "Registry[type[Kind]]" = Registry("kind of column", __name__, Path(__file__).parent)

__all__ = ["KINDS", "BadValue", "Kind", "RawColumn"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from weftnet.data.kinds import _kind

    return getattr(_kind, name)
