"""The recipe's augmentations, applied in order to the inputs that they read, and to all that has a place in an image.

What one looks like is in `weftnet.data.augment`. One with an argument `rows` or `epoch` receives those of the batch.
"""

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from weftnet.data import AUGMENTATIONS
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._moves import Moves
from weftnet.data.kinds._state import name_of
from weftnet.data.kinds.several import Several
from weftnet.errors import SettingError
from weftnet.train.frames import each_frame, on_frames, still


class Augment:
    """Augments training batches.

    Args:
        entries: as in the recipe: names, or {name: {settings}}.
        data: whose kinds say what moves, and whose target says how many classes there are.

    Raises:
        SettingError: a setting can't be used, the data have nothing to augment, or a target can't follow.
    """

    def __init__(self, entries: Sequence[str | Mapping[str, Mapping[str, Any]]], data: Data) -> None:
        names = [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]
        self.augmentations = [(made, _arguments(made)) for made in map(_make, entries)]
        self.until = [_until(entry) for entry in entries]
        if not entries:
            return
        self.target, labels = data.target, getattr(data.target, "labels", None)
        self.classes = len(labels) if labels else None
        self.kinds = {name: kind for name, kind in data.kinds.items() if kind.spatial}
        self.inputs = {
            reads: [name for name, signal in data.signals.items() if signal.kind in _kinds(reads)]
            for reads in {_reads(made) for made, _ in self.augmentations}
        }
        for name, (augmentation, _) in zip(names, self.augmentations, strict=True):
            _check(name, augmentation, self.inputs[_reads(augmentation)], data)

    def __call__(self, batch: Batch, generator: torch.Generator, progress: float = 0.0) -> Batch:
        """The batch with augmented inputs; where images move, so does all that has a place in them.

        Args:
            batch: of training examples.
            generator: of all that is drawn.
            progress: share of the training that is done; what ends before is left out.
        """
        going = [each for each, end in zip(self.augmentations, self.until, strict=True) if progress < end]
        for augmentation, arguments in going:
            facts = {key: getattr(batch, key) for key in arguments}
            names = self.inputs[_reads(augmentation)]
            if hasattr(augmentation, "on_batch"):
                batch = augmentation.on_batch(batch, generator)
            elif hasattr(augmentation, "sequences"):
                batch = _changed(batch, names, augmentation, generator)
            elif hasattr(augmentation, "steps"):
                for step in augmentation.steps(still(batch.inputs[names[0]]), generator, **facts):
                    batch = self._moved(batch, names, step) if hasattr(step, "nearest") else _each(batch, names, step)
            elif hasattr(augmentation, "transform"):
                transform = augmentation.transform(still(batch.inputs[names[0]]), generator, **facts)
                batch = self._moved(batch, names, transform)
            else:
                inputs, targets = dict(batch.inputs), batch.targets
                for name in names:
                    before = next(iter(batch.targets.values()), None)
                    inputs[name], target = on_frames(
                        lambda x, call=augmentation, y=before, facts=facts: call(
                            x, y, generator, classes=self.classes, **facts
                        ),
                        inputs[name],
                        generator,
                    )
                    if target is not before:
                        targets = dict.fromkeys(batch.targets, target)
                batch = replace(batch, inputs=inputs, targets=targets)
        return batch

    def _moved(self, batch: Batch, images: Sequence[str], transform: Moves[Tensor]) -> Batch:
        """Everything that has a place in an image, moved by one transform."""
        inputs, masks = dict(batch.inputs), dict(batch.masks)
        targets, target_masks = dict(batch.targets), dict(batch.target_masks)
        for name in images:
            if name not in self.kinds:
                inputs[name] = transform.images(inputs[name])
        for name, kind in self.kinds.items():
            _move(kind, name, inputs, masks, transform)
        if self.target is not None and self.target.spatial:
            for name in targets:
                _move(self.target, name, targets, target_masks, transform)
        return replace(batch, inputs=inputs, masks=masks, targets=targets, target_masks=target_masks)


def _each(batch: Batch, names: Sequence[str], change: Any) -> Batch:
    """The batch with these inputs changed."""
    return replace(batch, inputs={**batch.inputs, **{name: each_frame(change, batch.inputs[name]) for name in names}})


def _changed(batch: Batch, names: Sequence[str], augmentation: Any, generator: torch.Generator) -> Batch:
    """The batch with these sequences, and what is real of them, changed."""
    inputs, masks = dict(batch.inputs), dict(batch.masks)
    for name in names:
        inputs[name], mask = augmentation.sequences(inputs[name], masks.get(name), generator)
        if mask is not None:
            masks[name] = mask
    return replace(batch, inputs=inputs, masks=masks)


def _kinds(reads: str) -> tuple[str, ...]:
    """The signals that an augmentation of a layout changes: what changes images changes the frames of videos."""
    return ("image", "video") if reads == "image" else (reads,)


def _reads(augmentation: Any) -> str:
    """Which layout an augmentation changes."""
    return str(getattr(augmentation, "reads", "image"))


def _move(kind: Kind, name: str, values: dict[str, Tensor], masks: dict[str, Tensor], transform: Moves[Tensor]) -> None:
    values[name], mask = kind.moved(values[name], masks.get(name), transform)
    if mask is not None:
        masks[name] = mask


def _check(name: str, augmentation: Any, inputs: Sequence[str], data: Data) -> None:
    """Refuse what these data can't be augmented by."""
    reads, fix = _reads(augmentation), f"leave {name} out"
    if not inputs and not hasattr(augmentation, "on_batch"):
        article = "an" if reads[0] in "aeiou" else "a"
        what = f"there is no {reads} to augment" if reads != "tokens" else "there is no text to augment"
        got = ", ".join(f"{key}: {signal}" for key, signal in data.signals.items())
        expected = f"{article} {reads}" if reads != "tokens" else "a text"
        raise SettingError(what, where="recipe: augment", expected=expected, got=got)
    if getattr(augmentation, "blends", False):
        _check_blends(name, inputs, data.target)
    if getattr(augmentation, "joins", False):
        _check_joins(name, inputs, data)
    if getattr(augmentation, "sees_through", False) and data.target and "height" in data.target.signal.axes:
        what, got = f"{name} blends images, and a pixel of a mask has one class", f"kind {name_of(type(data.target))}"
        raise SettingError(what, where="recipe: augment", expected="boxes or points", got=got, fix="take mosaic")
    if hasattr(augmentation, "sequences") and data.target is not None and not isinstance(data.target, Several):
        signal = data.target.signal
        # a transcript does not say when a word is spoken, but it has all of them
        written = reads == "wave" and signal.dtype == "int" and not getattr(augmentation, "cuts", False)
        if "time" in signal.axes and not written:
            raise SettingError(
                f"{name} changes the steps of its input, and this target has steps that belong to them",
                where="recipe: augment", expected="a target of the whole example",
                got=f"a target of kind {name_of(type(data.target))}", fix=fix,
            )  # fmt: skip


def _check_joins(name: str, inputs: Sequence[str], data: Data) -> None:
    """Refuse to put examples together whose values have no place in an image."""
    for key, kind in data.kinds.items():
        if not kind.spatial:
            what = f"{name} puts images together, and the input {key} has no place in them"
            got, fix = f"kind {name_of(type(kind))}", f"leave {name} out"
            raise SettingError(what, where="recipe: augment", got=got, fix=fix)
    if data.target is not None and not data.target.spatial:
        raise SettingError(
            f"{name} puts images together, and this target has no place in them",
            where="recipe: augment", expected="a target of masks, boxes or points",
            got=f"a target of kind {name_of(type(data.target))}", fix="cutmix puts images of classes together",
        )  # fmt: skip


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
        return AUGMENTATIONS.get(name)(**{key: value for key, value in settings.items() if key != "until"})
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name}: {error}", where="recipe: augment") from error


def _until(entry: str | Mapping[str, Mapping[str, Any]]) -> float:
    """The share of the training after which an augmentation is left out: `until` among the settings of any.

    Raises:
        SettingError: it is no share.
    """
    name, settings = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    until = settings.get("until", 1.0)
    if isinstance(until, bool) or not isinstance(until, int | float) or not 0 < until <= 1:
        what, expected = f"{name}: until can't be used", "a share of the training, above 0 and up to 1"
        raise SettingError(what, where="recipe: augment", expected=expected, got=repr(until))
    return math.inf if until == 1 else float(until)


def _arguments(augmentation: Any) -> list[str]:
    """Which facts of the batch an augmentation asks for."""
    if hasattr(augmentation, "on_batch") or hasattr(augmentation, "sequences"):
        return []
    called = getattr(augmentation, "steps", getattr(augmentation, "transform", augmentation))
    return [name for name in ("rows", "epoch") if name in inspect.signature(called).parameters]
