"""A raw value as a figure: a thumbnail, a curve."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Curve, Picture
from weftnet.data.media import is_picture, named
from weftnet.data.pictures import LEVELS, outlines, pictures

#: pixels of a thumbnail's longer side, points of a curve
_SIDE, _POINTS = 96, 240


def thumbnail(value: Any) -> Picture:
    """An image: an array, or a file, made smaller."""
    if isinstance(value, np.ndarray):
        return Picture(_bytes(value))
    (header,) = outlines([value])
    share = min(1.0, _SIDE / max(header.height, header.width))
    size = max(1, round(header.height * share)), max(1, round(header.width * share))
    (picture,) = pictures([value], size, grey=header.grey, levels=header.levels or LEVELS)
    name = "" if isinstance(value, bytes) or is_picture(value) else named(value).rpartition("/")[2]
    return Picture(np.asarray(picture), name)


def strip(frames: Sequence[Any], name: str = "") -> Picture:
    """Frames of a video side by side, a pixel apart, made smaller."""
    (header, *_) = outlines(frames[:1])
    share = min(1.0, _SIDE / max(header.height, header.width))
    size = max(1, round(header.height * share)), max(1, round(header.width * share))
    grey = all(each.grey for each in outlines(frames))
    shown = [np.asarray(picture) for picture in pictures(frames, size, grey=grey)]
    gap = np.full((shown[0].shape[0], 1, *shown[0].shape[2:]), 255, np.uint8)
    parts = [part for each in shown for part in (each, gap)][:-1]
    return Picture(np.ascontiguousarray(np.concatenate(parts, 1)), name.rpartition("/")[2] if "/" in name else "")


def curve(values: Any) -> Curve:
    """(steps,) or (steps, channels): every so many of them."""
    array = np.asarray(values, np.float64)
    array = array.reshape(len(array), -1)
    return Curve(array[:: max(1, len(array) // _POINTS)])


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """An array as grey or colour bytes, scaled from its lowest to its highest value unless it holds bytes."""
    if array.ndim == 3 and array.shape[0] <= 4 < array.shape[2]:
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3 and array.shape[2] not in (3, 4):
        array = array[..., 0]
    if array.dtype != np.uint8 or array.max(initial=0) < 64:  # images of sixteen grey levels would look black
        low, high = float(array.min()), float(array.max())
        array = (array.astype(np.float64) - low) / ((high - low) or 1.0) * 255
    return np.ascontiguousarray(array[..., :3] if array.ndim == 3 else array).astype(np.uint8)
