"""The recipe's augmentations, in order, on the inputs that are images.

One that asks for `rows` or `epoch` by that name is told the batch's.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from weftnet.data import AUGMENTATIONS
from weftnet.errors import SettingError


class Augment:
    """Changes training batches.

    Args:
        entries: as in the recipe: names, or {name: {settings}}.
        data: whose signals tell which inputs are images, and whose target how many classes there are.

    Raises:
        SettingError: a setting can't be used, or the data have no images.
    """

    def __init__(self, entries: Sequence[str | Mapping[str, Mapping[str, Any]]], data: Any) -> None:
        self.changes = [(made, _asked(made)) for made in map(_made, entries)]
        self.inputs = [name for name, signal in data.signals.items() if signal.kind == "image"] if entries else []
        labels = getattr(getattr(data, "target", None), "labels", None) if entries else None
        self.classes = len(labels) if labels else None
        if entries and not self.inputs:
            got = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
            raise SettingError("there is no image to augment", where="recipe: augment", expected="an image", got=got)

    def __call__(self, batch: Any, generator: torch.Generator) -> Any:
        """The batch with its images, and where they are blended its target, changed."""
        for change, asked in self.changes:
            inputs, target = dict(batch.inputs), batch.target
            for name in self.inputs:
                told = {key: getattr(batch, key) for key in asked}
                inputs[name], target = change(inputs[name], batch.target, generator, classes=self.classes, **told)
            if target is not batch.target and len(self.inputs) > 1:
                what = f"{type(change).__name__} blends targets, which needs a single image as input"
                raise SettingError(what, where="recipe: augment", got=", ".join(self.inputs))
            batch = replace(batch, inputs=inputs, target=target)
        return batch


def _made(entry: str | Mapping[str, Mapping[str, Any]]) -> Any:
    name, settings = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    try:
        return AUGMENTATIONS.get(name)(**settings)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name}: {error}", where="recipe: augment") from error


def _asked(change: Any) -> list[str]:
    return [name for name in ("rows", "epoch") if name in inspect.signature(change).parameters]
