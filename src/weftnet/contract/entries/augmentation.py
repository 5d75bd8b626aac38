"""An augmentation: `Augmentation(**settings)(images, target, generator, classes=None) → (images, target)`.

One with `on_batch(batch, generator)` is tried on a batch of lists, (batch, items, dim), with a target for each item;
one with `sequences(values, mask, generator)` on padded waves or tokens, as it `reads`.
"""

import inspect
from typing import Any

import torch
from torch import Tensor

from weftnet.contract._check import Check, NotApplicable, checks, documented, expect
from weftnet.data.augment import AUGMENTATIONS
from weftnet.data.batch import Batch

_BATCH, _CLASSES, _STEPS = 37, 5, 24


def augmentation(name: str) -> list[Check]:
    """The checks of an augmentation."""
    functions = [
        _reproducible,
        _random,
        _leaves_its_input,
        _keeps_the_shape,
        _keeps_the_target,
        _moves_together,
        _padding_is_neutral,
        _documented,
    ]
    return checks(name, AUGMENTATIONS.get, functions)


def _applied(cls: Any, seed: int = 0, images: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """A batch, and classes, as it leaves the augmentation with its default settings."""
    augment = cls()
    generator = torch.Generator().manual_seed(seed)
    given = _given(cls) if images is None else images
    if hasattr(augment, "on_batch"):
        target = torch.arange(given.shape[1]).expand(_BATCH, -1).contiguous()
        batch = augment.on_batch(Batch({"x": given}, {}, {"y": target}, torch.arange(_BATCH)), generator)
        return batch.inputs["x"], batch.target
    if hasattr(augment, "sequences"):
        return augment.sequences(given, _real(), generator)[0], _target()
    result: tuple[Tensor, Tensor] = augment(given, _target(), generator, classes=_CLASSES, **_more(augment, seed))
    return result


def _given(cls: Any) -> Tensor:
    """Images, or lists for an augmentation of whole batches, or sequences that are zero beyond their length."""
    if hasattr(cls, "sequences"):
        draw = torch.Generator().manual_seed(1)
        if cls.reads == "tokens":
            return torch.randint(2, 99, (_BATCH, _STEPS), generator=draw) * _real()
        return torch.randn(_BATCH, _STEPS, 1, dtype=torch.float64, generator=draw) * _real()[..., None]
    shape = (_BATCH, 6, 4) if hasattr(cls, "on_batch") else (_BATCH, 3, 9, 12)
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def _real() -> Tensor:
    """(batch, steps) of sequences of different lengths, one of them whole."""
    return torch.arange(_STEPS) < 1 + (torch.arange(_BATCH)[:, None] * 7 + _STEPS - 1) % _STEPS


def _target() -> Tensor:
    return torch.randint(_CLASSES, (_BATCH,), generator=torch.Generator().manual_seed(2))


def _reproducible(cls: Any) -> None:
    """The same generator gives the same images, whatever the global one does."""
    state = torch.get_rng_state()
    torch.manual_seed(11)
    before = torch.get_rng_state()
    first, _ = _applied(cls)
    untouched = torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(12)
    second, _ = _applied(cls)
    torch.set_rng_state(state)
    fix = "draw from the generator that is given: torch.rand(…, generator=generator)"
    expect(torch.equal(first, second), "the images differ", fix=fix)
    expect(untouched, "it draws from the global generator", fix=fix)


def _random(cls: Any) -> None:
    """Another seed, or another epoch, gives other images."""
    expect(not torch.equal(_applied(cls)[0], _applied(cls, seed=1)[0]), "the images are the same for two seeds")


def _leaves_its_input(cls: Any) -> None:
    """The images that it is given stay as they are."""
    images = _given(cls)
    _applied(cls, images=images)
    expect(torch.equal(images, _given(cls)), "the images were changed in place", fix="work on a copy")


def _keeps_the_shape(cls: Any) -> None:
    """Shape and dtype stay, and the result is contiguous."""
    images, given = _applied(cls)[0], _given(cls)
    expect(images.shape == given.shape, "the shape changes", expected=str(given.shape), got=str(images.shape))
    expect(images.dtype == given.dtype, "the dtype changes", expected=str(given.dtype), got=str(images.dtype))
    expect(images.is_contiguous(), "the result is not contiguous", fix="end with .contiguous()")


def _keeps_the_target(cls: Any) -> None:
    """Classes stay, or become shares (batch, classes) that add up to 1."""
    target = _applied(cls)[1]
    if hasattr(cls, "on_batch"):
        expect(target.shape == (_BATCH, 6), "the target has another shape", got=f"shape {tuple(target.shape)}")
        return
    shares = target.shape == (_BATCH, _CLASSES) and torch.allclose(target.sum(1), torch.ones(_BATCH).to(target))
    expect(
        shares or torch.equal(target, _target()),
        "the target is neither kept nor mixed",
        got=f"shape {tuple(target.shape)}",
    )


def _moves_together(cls: Any) -> None:
    """What has a place in the image moves with it."""
    augment = cls()
    if not hasattr(augment, "transform"):
        raise NotApplicable("it moves nothing: it has no `transform`")
    images = torch.zeros(_BATCH, 1, 9, 12)
    images[:, :, 2:5, 2:5] = 1  # its middle is seen at half the size too
    more = _more(augment.transform, 0)
    moved = augment(images, _target(), torch.Generator().manual_seed(0), **more)[0]
    transform = augment.transform(images, torch.Generator().manual_seed(0), **more)
    centres = torch.tensor([[3.5, 3.5]]).expand(_BATCH, 1, 2)
    points, inside = transform.points(centres, torch.ones(_BATCH, 1, dtype=torch.bool))
    for n, k in inside.nonzero().tolist():
        column, row = (min(int(each), most) for each, most in zip(points[n, k].floor(), (11, 8), strict=True))
        expect(
            bool(moved[n, 0, row, column] > 0.5),
            "a point and its pixel part",
            expected="the mark at the moved point",
            got=f"{float(moved[n, 0, row, column]):.2f} of it at row {row}, column {column}",
            fix="draw once, in `transform`, and move images by what it draws",
        )


def _padding_is_neutral(cls: Any) -> None:
    """What stands in the padding of a sequence changes nothing, and padding is zero afterwards, at the end."""
    augment = cls()
    if not hasattr(augment, "sequences"):
        raise NotApplicable("it changes no sequences")
    given, real = _given(cls), _real()
    shown = real.view(*real.shape, *[1] * (given.ndim - 2))
    other = torch.where(shown, given, torch.full_like(given, 77))
    values, mask = augment.sequences(given, real, torch.Generator().manual_seed(0))
    again, _ = augment.sequences(other, real, torch.Generator().manual_seed(0))
    expect(mask is not None and mask.shape == real.shape, "it gives no mask for the one that it got")
    assert mask is not None
    expect(bool((mask.long().diff(dim=1) <= 0).all()), "padding comes before what is real", fix="move it to the end")
    after = mask.view(*mask.shape, *[1] * (given.ndim - 2))
    expect(not bool((values * ~after).any()), "padding is not zero", fix="multiply by the mask")
    expect(torch.equal(values * after, again * after), "what stands in the padding matters", fix="use the mask")


def _more(function: Any, seed: int) -> dict[str, Any]:
    """What an augmentation may ask for besides: the rows' numbers, and the epoch."""
    asked = inspect.signature(function).parameters
    return {key: value for key, value in {"rows": torch.arange(_BATCH), "epoch": seed}.items() if key in asked}


def _documented(cls: Any) -> None:
    """It says what it does."""
    documented(cls)
