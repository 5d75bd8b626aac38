"""Augmentations of training images: one per file; all called as `(images, target, generator, classes=None)`.

A spatial one has `transform(images, generator)` too (`_spatial.py`): everything in an example moves by what it draws.
One for other values than images has `on_batch(batch, generator)` instead, and gives the whole batch anew.
One that blends examples says so by `blends = True`, and gets a target that can be blended.
"""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

AUGMENTATIONS: Registry[Any] = Registry("augmentation", __name__, Path(__file__).parent)
