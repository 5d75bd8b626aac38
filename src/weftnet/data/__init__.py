"""Data: a source is opened, split, encoded by kinds of column, and served in batches.

    open_data(source, target=…) → Data          `sources/` read, `splits.py` splits, `kinds/` encode, `rows.py` batches
    data.train_batch(step, size, seed) → Batch  a pure function of its arguments
    AUGMENTATIONS.get("crop")(padding=4)        batched augmentation of training images

Statistics come from the training rows only; nothing in a file is ever executed as code. Importing this package imports
neither torch nor pyarrow, so that listing the kinds is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weftnet.data.augment import AUGMENTATIONS
from weftnet.data.kinds import KINDS

if TYPE_CHECKING:
    from weftnet.data.batch import Batch
    from weftnet.data.data import Data
    from weftnet.data.opening import open_data
    from weftnet.data.preprocessing import Preprocessing

__all__ = ["AUGMENTATIONS", "KINDS", "Batch", "Data", "Preprocessing", "open_data"]

_LAZY = {"Batch": "batch", "Data": "data", "Preprocessing": "preprocessing", "open_data": "opening"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
