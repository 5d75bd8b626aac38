"""The recipe's augmentations, applied in order to the inputs that are images, and to all that has a place in them.

An augmentation with an argument `rows` or `epoch` receives those of the batch. One with
`on_batch(batch, generator)` gets the whole batch, with images or without, and gives another one.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from weftnet.data import AUGMENTATIONS
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.geometry import Transform
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._state import name_of
from weftnet.data.kinds.several import Several
from weftnet.errors import SettingError


class Augment:
    """Augments training batches.

    Args:
        entries: as in the recipe: names, or {name: {settings}}.
        data: whose kinds say what moves, and whose target says how many classes there are.

    Raises:
        SettingError: a setting can't be used, the data have no images, or a target can't be blended.
    """

    def __init__(self, entries: Sequence[str | Mapping[str, Mapping[str, Any]]], data: Data) -> None:
        self.augmentations = [(made, _arguments(made)) for made in map(_make, entries)]
        if not entries:
            return
        self.target, labels = data.target, getattr(data.target, "labels", None)
        self.classes = len(labels) if labels else None
        self.inputs = [name for name, signal in data.signals.items() if signal.kind == "image"]
        self.kinds = {name: kind for name, kind in data.kinds.items() if kind.spatial}
        if not self.inputs and not all(hasattr(made, "on_batch") for made, _ in self.augmentations):
            got = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
            raise SettingError("there is no image to augment", where="recipe: augment", expected="an image", got=got)
        for augmentation, _ in self.augmentations:
            if getattr(augmentation, "blends", False):
                _check_blends(type(augmentation).__name__.lower(), self.inputs, data.target)

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The batch with augmented images; where images move, so does all that has a place in them."""
        for augmentation, arguments in self.augmentations:
            facts = {key: getattr(batch, key) for key in arguments}
            if hasattr(augmentation, "on_batch"):
                batch = augmentation.on_batch(batch, generator)
                continue
            if hasattr(augmentation, "transform"):
                batch = self._moved(batch, augmentation.transform(batch.inputs[self.inputs[0]], generator, **facts))
                continue
            inputs, targets = dict(batch.inputs), batch.targets
            for name in self.inputs:
                before = next(iter(batch.targets.values()), None)
                inputs[name], target = augmentation(inputs[name], before, generator, classes=self.classes, **facts)
                if target is not before:
                    targets = dict.fromkeys(batch.targets, target)
            batch = replace(batch, inputs=inputs, targets=targets)
        return batch

    def _moved(self, batch: Batch, transform: Transform) -> Batch:
        """Everything that has a place in an image, moved by one transform."""
        inputs, masks = dict(batch.inputs), dict(batch.masks)
        targets, target_masks = dict(batch.targets), dict(batch.target_masks)
        for name in self.inputs:
            if name not in self.kinds:
                inputs[name] = transform.images(inputs[name])
        for name, kind in self.kinds.items():
            _move(kind, name, inputs, masks, transform)
        if self.target is not None and self.target.spatial:
            for name in targets:
                _move(self.target, name, targets, target_masks, transform)
        return replace(batch, inputs=inputs, masks=masks, targets=targets, target_masks=target_masks)


def _move(kind: Kind, name: str, values: dict[str, Tensor], masks: dict[str, Tensor], transform: Transform) -> None:
    values[name], mask = kind.moved(values[name], masks.get(name), transform)
    if mask is not None:
        masks[name] = mask


def _check_blends(name: str, inputs: Sequence[str], target: Kind | None) -> None:
    """Refuse to blend examples whose targets can't be blended."""
    if len(inputs) > 1:
        what = f"{name} blends targets, which needs a single image as input"
        raise SettingError(what, where="recipe: augment", got=", ".join(inputs))
    several = isinstance(target, Several)
    if target is not None and (target.spatial or target.signal.axes != ("dim",) or several):
        raise SettingError(
            f"{name} blends targets, and this one can't be blended",
            where="recipe: augment",
            expected="a target of classes, labels or numbers",
            got=f"a target of kind {name_of(type(target))}",
            fix=f"leave {name} out" + "; crop, flip and affine move the target with its image" * (not several),
        )


def _make(entry: str | Mapping[str, Mapping[str, Any]]) -> Any:
    name, settings = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    try:
        return AUGMENTATIONS.get(name)(**settings)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name}: {error}", where="recipe: augment") from error


def _arguments(augmentation: Any) -> list[str]:
    """Which facts of the batch an augmentation asks for."""
    if hasattr(augmentation, "on_batch"):
        return []
    called = getattr(augmentation, "transform", augmentation)
    return [name for name in ("rows", "epoch") if name in inspect.signature(called).parameters]
