"""The recipe's augmentations, applied in order to the inputs that are images.

An augmentation with an argument `rows` or `epoch` receives those of the batch.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from weftnet.data import AUGMENTATIONS
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import SettingError


class Augment:
    """Augments training batches.

    Args:
        entries: as in the recipe: names, or {name: {settings}}.
        data: whose signals say which inputs are images, and whose target says how many classes there are.

    Raises:
        SettingError: a setting can't be used, or the data have no images.
    """

    def __init__(self, entries: Sequence[str | Mapping[str, Mapping[str, Any]]], data: Data) -> None:
        self.augmentations = [(made, _arguments(made)) for made in map(_make, entries)]
        self.inputs = [name for name, signal in data.signals.items() if signal.kind == "image"] if entries else []
        labels = getattr(data.target, "labels", None) if entries else None
        self.classes = len(labels) if labels else None
        if entries and not self.inputs:
            got = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
            raise SettingError("there is no image to augment", where="recipe: augment", expected="an image", got=got)

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The batch with augmented images; where images are blended, so are their targets."""
        for augmentation, arguments in self.augmentations:
            inputs, targets = dict(batch.inputs), batch.targets
            for name in self.inputs:
                facts = {key: getattr(batch, key) for key in arguments}
                before = next(iter(batch.targets.values()), None) if len(batch.targets) < 2 else batch.target
                inputs[name], target = augmentation(inputs[name], before, generator, classes=self.classes, **facts)
                if target is not before:
                    targets = dict.fromkeys(batch.targets, target)
            if targets is not batch.targets and len(self.inputs) > 1:
                what = f"{type(augmentation).__name__} blends targets, which needs a single image as input"
                raise SettingError(what, where="recipe: augment", got=", ".join(self.inputs))
            batch = replace(batch, inputs=inputs, targets=targets)
        return batch


def _make(entry: str | Mapping[str, Mapping[str, Any]]) -> Any:
    name, settings = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    try:
        return AUGMENTATIONS.get(name)(**settings)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name}: {error}", where="recipe: augment") from error


def _arguments(augmentation: Any) -> list[str]:
    """Which facts of the batch an augmentation asks for."""
    return [name for name in ("rows", "epoch") if name in inspect.signature(augmentation).parameters]
