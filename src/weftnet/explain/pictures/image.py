"""An image next to a pale copy of it, overlaid with the heat map."""

import io
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.pictures._colours import AGAINST, FOR, shares

#: width of each image on the page and the gap between them, in pixels
_SIDE, _GAP = 200, 16
#: the darkest grey under a heat map, so that colours over dark and light pixels are comparable
_PALE = 190


def draw_image(displayed: DisplayedInput, values: NDArray[Any]) -> str:
    """Two images in one SVG, and the colour scale below.

    Args:
        displayed: (height, width) or (height, width, 3) bytes.
        values: (height, width) attributions.
    """
    picture = displayed.values if displayed.values.ndim == 3 else np.repeat(displayed.values[..., None], 3, 2)
    high, wide = values.shape
    tall = round(_SIDE * high / wide)
    width = 2 * _SIDE + _GAP
    both = (as_png(picture), as_png(heat(picture, values)))
    placed = "".join(
        f"<image href='data:image/png;base64,{data}' x={(_SIDE + _GAP) * place} y=0 width={_SIDE} height={tall} "
        "preserveAspectRatio=none style='image-rendering:pixelated' />"
        for place, data in enumerate(both)
    )
    largest = float(np.abs(values).max(initial=0.0))
    return (
        f"<svg viewBox='0 0 {width} {tall + 44}' width={width} role=img aria-label='image and heat map'>{placed}"
        f"{_scale(_SIDE + _GAP, tall + 12, _SIDE, largest)}</svg>"
    )


def heat(picture: NDArray[np.uint8], values: NDArray[Any], largest: float = 0.0) -> NDArray[np.uint8]:
    """(height, width, 3) bytes: the image in pale grey, overlaid with red for the target and blue against it.

    Args:
        picture: (height, width, 3) bytes.
        values: (height, width) attributions.
        largest: what has the full colour; the strongest of the values by default.
    """
    share = (values / largest if largest else shares(values))[..., None]
    grey = picture.mean(-1, keepdims=True) * 0.24 + _PALE
    colour = np.where(share >= 0, np.array(FOR), np.array(AGAINST))
    weight = np.abs(share) ** 0.7  # keeps weak pieces visible
    mixed: NDArray[np.uint8] = np.round(grey * (1 - weight) + colour * weight).astype(np.uint8)
    return mixed


def as_png(picture: NDArray[np.uint8]) -> str:
    """The pixels as the base64 of a PNG."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "PNG")
    return b64encode(file.getvalue()).decode()


def _scale(left: int, top: int, width: int, largest: float) -> str:
    """A colour bar from −largest through 0 to +largest."""
    steps = 20
    grey = _PALE + 30
    parts = [f"<rect x={left} y={top} width={width} height=8 fill='rgb({grey},{grey},{grey})' />"]
    for step in range(2 * steps):
        share = (step + 0.5) / steps - 1
        colour = ",".join(map(str, FOR if share >= 0 else AGAINST))
        at = left + width * step / (2 * steps)
        parts.append(
            f"<rect fill='rgb({colour})' x={at:.1f} y={top} width={width / (2 * steps) + 0.3:.2f} height=8 "
            f"opacity={abs(share) ** 0.7:.2f} />"
        )
    ends = ((left, "start", -largest), (left + width / 2, "middle", 0.0), (left + width, "end", largest))
    for at, anchor, value in ends:
        parts.append(f"<text class=quiet x={at} y={top + 22} text-anchor={anchor}>{value:.3g}</text>")
    return "".join(parts)
