"""How a published network wants its images, as a fitted column of images."""

from collections.abc import Mapping
from typing import Any

from weftnet.errors import RunError
from weftnet.transfer.foreign import Foreign
from weftnet.zoo._weights import Picture

#: numbers of Pillow's filters, as Hugging Face writes them
_FILTERS = {2: "bilinear", 3: "bicubic"}
_WHITE = 255


def column(picture: Picture) -> dict[str, Any]:
    """The state of a fitted column, as of files of coloured images."""
    height, width = picture.size if isinstance(picture.size, tuple) else (picture.size, picture.size)
    cut = {"resize": "crop", "keep": picture.keep} if picture.keep else {"resize": "stretch"}
    return {
        "kind": "image", "size": [height, width], "mode": "colour", **cut, "interpolation": picture.interpolation,
        "layout": "file", "sizes": [len(picture.mean), height, width], "shift": list(picture.mean),
        "scale": list(picture.std), "dtype": "uint8", "bounds": [0.0, 255.0],
    }  # fmt: skip


def told(foreign: Foreign, picture: Picture) -> Picture:
    """What the folder itself says of its images, where it says something; else what the entry knows.

    Raises:
        RunError: it says what can't be followed.
    """
    if (document := foreign.document("preprocessor_config.json")) is not None:
        return _hugging_face(document, picture, str(foreign.path))
    if isinstance(timm := foreign.config.get("pretrained_cfg"), Mapping):
        return _timm(timm, picture, str(foreign.path))
    return picture


def _hugging_face(document: Mapping[str, Any], picture: Picture, where: str) -> Picture:
    """Of a preprocessor_config.json: a size, or a shorter side and the crop after it."""
    size, crop = document.get("size", {}), document.get("crop_size")
    size = {"height": size, "width": size} if isinstance(size, int) else size
    crop = {"height": crop, "width": crop} if isinstance(crop, int) else crop
    cuts = document.get("do_center_crop", crop is not None) and isinstance(crop, Mapping)
    keep = float(document.get("crop_pct") or 0.0)
    if cuts and isinstance(crop, Mapping):
        side = (crop["height"], crop["width"])
        keep = min(side) / float(size.get("shortest_edge", size.get("height", min(side))))
    elif "shortest_edge" in size:
        side = (size["shortest_edge"], size["shortest_edge"])
        keep = keep or 1.0
    else:
        side = (size.get("height"), size.get("width"))
    filter_ = _FILTERS.get(document.get("resample", 2))
    mean, std = document.get("image_mean") or [0.5] * 3, document.get("image_std") or [0.5] * 3
    return _checked(side, mean, std, filter_, min(keep, 1.0), where, rescaled=document.get("do_normalize", True))


def _timm(document: Mapping[str, Any], picture: Picture, where: str) -> Picture:
    """Of the `pretrained_cfg` of a config.json."""
    side = tuple(document.get("input_size", (3, 0, 0)))[1:]
    keep = float(document.get("crop_pct", 0.875))
    mean, std = document.get("mean", (0.485, 0.456, 0.406)), document.get("std", (0.229, 0.224, 0.225))
    return _checked(side, mean, std, document.get("interpolation", "bilinear"), min(keep, 1.0), where)


def _checked(
    side: tuple[Any, ...], mean: Any, std: Any, interpolation: Any, keep: float, where: str, rescaled: bool = True
) -> Picture:
    """The picture, if all of it can be followed; mean and deviation are those of pixels from 0 to 1.

    Raises:
        RunError: it can't.
    """
    good = len(side) == 2 and all(isinstance(each, int) and each > 0 for each in side)
    shares = [*mean, *std]
    if not good or interpolation not in _FILTERS.values() or len(mean) != len(std) or not all(
        isinstance(each, int | float) for each in shares
    ) or min(std) <= 0:  # fmt: skip
        got = f"size {side}, {interpolation}, mean {mean}, std {std}"
        raise RunError("says how images are prepared in a way that is not known", where=where, got=got[:200])
    mean, std = ([0.0] * len(mean), [1.0 / _WHITE] * len(std)) if not rescaled else (mean, std)
    return Picture(
        (int(side[0]), int(side[1])),
        tuple(_WHITE * float(each) for each in mean),
        tuple(_WHITE * float(each) for each in std),
        interpolation,
        keep,
    )
