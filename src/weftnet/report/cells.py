"""A raw value as HTML: a picture, a curve, or text; every string escaped."""

import io
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: pixels of a thumbnail's longer side, points of a curve, characters of a text
_SIDE, _POINTS, _CHARACTERS = 96, 240, 240


def cell(value: Any, kind: str) -> str:
    """HTML for one raw value.

    Args:
        value: from a raw column.
        kind: of the column, the name of an entry of `KINDS`.
    """
    if value is None or (isinstance(value, float) and value != value):
        return "<span class=soft>missing</span>"
    if kind == "image":
        return _picture(value)
    if kind in ("audio", "series"):
        return _curve(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    if isinstance(value, np.ndarray | list):
        shown = ", ".join(f"{number:.4g}" for number in np.ravel(value)[:8].tolist())
        value = shown + (" …" if np.size(value) > 8 else "")
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return escape(text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + "…")


def _picture(value: Any) -> str:
    from PIL import Image

    from weftnet.data.pictures import outlines, pictures

    if isinstance(value, np.ndarray):
        picture = Image.fromarray(_bytes(value))
    else:
        ((height, width, grey),) = outlines([value])
        share = min(1.0, _SIDE / max(height, width))
        size = max(1, round(height * share)), max(1, round(width * share))
        (picture,) = pictures([value], size, grey=grey, resize="stretch")
    file = io.BytesIO()
    picture.save(file, "PNG")
    name = escape(value.name if isinstance(value, Path) else "an example", quote=True)
    drawn = "pixelated" if max(picture.size) < _SIDE else "auto"
    source = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    return f"<img class=thumb alt='{name}' style='image-rendering:{drawn}' src='{source}'>"


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


def _curve(value: Any) -> str:
    """A polyline for every channel; for sound, the wave."""
    if isinstance(value, np.ndarray | list):
        array = np.asarray(value, np.float64)
    else:
        from weftnet.data.sounds import samples

        array = samples(value)
    array = array.reshape(len(array), -1)
    step = max(1, len(array) // _POINTS)
    array = array[::step]
    low, high = float(array.min()), float(array.max())
    down = 30 - (array - low) / ((high - low) or 1.0) * 28
    across = np.linspace(0, 120, len(array))
    curves = "".join(
        f"<polyline fill=none stroke='var(--c{number % 8})' points='"
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, channel, strict=True))
        + "' />"
        for number, channel in enumerate(down.T[:8])
    )
    return f"<svg class=thumb viewBox='0 0 120 32' width=120 role=img aria-label='a curve'>{curves}</svg>"
