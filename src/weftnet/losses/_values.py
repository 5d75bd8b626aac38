"""What the losses share: the axes of outputs, targets and masks, and the mean over what counts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from weftnet.errors import SettingError


def by_class(
    name: str, outputs: Tensor, target: Tensor, mask: Tensor | None, ignore: int | None = None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Logits (n, classes, …), class numbers (n, …) or probabilities of the logits' shape, and the mask (n, …).

    Steps of a sequence become examples: (batch, time, classes) → (batch · time, classes). What doesn't count gets
    class 0, so that its number may be any.

    Args:
        name: of the loss, for messages.
        outputs: logits (batch, classes, …), or (batch, time, classes).
        target: class numbers without the classes' axis, or probabilities with it.
        mask: True where the loss counts.
        ignore: a class number that doesn't count.

    Raises:
        SettingError: the shapes don't belong together.
    """
    if outputs.dim() < 2:
        expected = "logits (batch, classes, …)"
        raise SettingError("reads logits", where=f"loss {name}", expected=expected, got=f"{tuple(outputs.shape)}")
    sequence = outputs.dim() == 3
    logits = outputs.flatten(0, 1) if sequence else outputs
    soft = target.is_floating_point()
    places = outputs.shape[:-1] if sequence else (*outputs.shape[:1], *outputs.shape[2:])
    _same_shape(name, "the target", target, outputs.shape if soft else places)
    if sequence:
        target = target.flatten(0, 1)
    if mask is not None:
        mask = _expanded(name, mask, places)
        mask = mask.flatten(0, 1) if sequence else mask
    if soft:
        return logits, target.to(logits.dtype), mask
    if ignore is not None:
        mask = target != ignore if mask is None else mask & (target != ignore)
    return logits, target if mask is None else target.masked_fill(~mask, 0), mask


def pair(name: str, outputs: Tensor, target: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Outputs and target of the same shape and type, and the mask expanded to it; the target is 0 where it is False.

    Raises:
        SettingError: the shapes don't belong together.
    """
    _same_shape(name, "the target", target, outputs.shape)
    target = target.to(outputs.dtype)
    if mask is None:
        return outputs, target, None
    mask = _expanded(name, mask, outputs.shape)
    return outputs, target.masked_fill(~mask, 0.0), mask


def mean(values: Tensor, mask: Tensor | None, weights: Tensor | None = None) -> Tensor:
    """Σ values / Σ weights over what counts, 0 if nothing does; the weights are 1 if none are given."""
    if mask is None:
        return values.mean() if weights is None else values.sum() / weights.sum()
    total = mask.sum() if weights is None else weights.masked_fill(~mask, 0.0).sum()
    return values.masked_fill(~mask, 0.0).sum() / torch.where(total > 0, total, torch.ones_like(total))


def weights_of(name: str, weights: Sequence[float] | None, logits: Tensor) -> Tensor | None:
    """The weights as a tensor.

    Raises:
        SettingError: there is not one positive number for each class.
    """
    if weights is None:
        return None
    if isinstance(weights, str) or len(weights) != logits.shape[1] or not all(weight > 0 for weight in weights):
        expected = f"{logits.shape[1]} positive numbers"
        raise SettingError("class_weights can't be used", where=f"loss {name}", expected=expected, got=repr(weights))
    return logits.new_tensor(weights)


def at_least(name: str, low: float, **settings: float) -> None:
    """Raise SettingError unless each setting is `low` or more."""
    for setting, value in settings.items():
        if not value >= low:
            what, expected = f"{setting} is out of range", f"at least {low:g}"
            raise SettingError(what, where=f"loss {name}", expected=expected, got=repr(value))


def _expanded(name: str, mask: Tensor, places: Sequence[int]) -> Tensor:
    """A mask of the first axes, for all places."""
    _same_shape(name, "the mask", mask, places[: mask.dim()])
    return mask.reshape(*mask.shape, *[1] * (len(places) - mask.dim())).expand(*places)


def _same_shape(name: str, what: str, values: Tensor, wanted: Sequence[int]) -> None:
    if tuple(values.shape) != tuple(wanted):
        expected, got = f"shape {tuple(wanted)}", f"{tuple(values.shape)}"
        raise SettingError(f"{what} doesn't fit the outputs", where=f"loss {name}", expected=expected, got=got)
