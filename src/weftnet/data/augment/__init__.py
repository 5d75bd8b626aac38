"""Augmentations of training images: one per file; all called as `(images, target, generator, classes=None)`."""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

AUGMENTATIONS: Registry[Any] = Registry("augmentation", __name__, Path(__file__).parent)
