"""Augmentations of training examples, whole batches on the device: one per file.

    augment(images, target, generator, classes=None) → images, target       changes pixels, or blends examples
    augment.transform(images, generator) → Moves                            moves pixels, and all that has a place
    augment.steps(images, generator) → several of both, one after another   a transform, or a function of images
    augment.sequences(values, mask, generator) → values, mask               changes waves or tokens, as it `reads`
    augment.on_batch(batch, generator) → batch                              gives the whole batch anew

Each has one of these; a spatial one has the first too. One that blends examples says so by `blends = True`, and gets
a target that can be blended; one that puts parts of several together says so by `joins = True`.
"""

from pathlib import Path
from typing import Any

from weftnet.registry import Registry

AUGMENTATIONS: Registry[Any] = Registry("augmentation", __name__, Path(__file__).parent)


def mixes(name: str) -> bool:
    """Whether an augmentation makes one example of several."""
    cls = AUGMENTATIONS.get(name)
    return bool(getattr(cls, "blends", False) or getattr(cls, "joins", False))
