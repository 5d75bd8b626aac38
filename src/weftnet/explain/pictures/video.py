"""Frames of a video in a row, the heat map of each below it, and a bar for what each frame says as a whole."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.pictures.image import as_png, heat

#: width of all frames on the page, the widest a frame is, the gap between two, the height of the longest bar
_WIDTH, _FRAME, _GAP, _BAR = 760, 120, 4, 36
_MOST = 16


def draw_video(displayed: DisplayedInput, values: NDArray[Any]) -> str:
    """Every frame, or evenly spread ones of many, on one colour scale.

    Args:
        displayed: (frames, height, width, 3) bytes.
        values: (frames, height, width) attributions.
    """
    count, high, wide = values.shape
    places = sorted({round(each) for each in np.linspace(0, count - 1, min(count, _MOST))})
    side = min(_FRAME, _WIDTH // len(places) - _GAP)
    tall = round(side * high / wide)
    largest = float(np.abs(values).max(initial=0.0)) or 1.0
    sums = values.sum((1, 2))
    longest = float(np.abs(sums).max(initial=0.0)) or 1.0
    parts, zero = [], 2 * (tall + _GAP) + _BAR
    for number, place in enumerate(places):
        left = number * (side + _GAP)
        frame = np.ascontiguousarray(displayed.values[place])
        for top, pixels in ((0, frame), (tall + _GAP, heat(frame, values[place], largest))):
            parts.append(
                f"<image href='data:image/png;base64,{as_png(pixels)}' x={left} y={top} width={side} height={tall} "
                "preserveAspectRatio=none style='image-rendering:pixelated' />"
            )
        length = _BAR * abs(float(sums[place])) / longest
        sort, top = ("for", zero - length) if sums[place] >= 0 else ("against", zero)
        parts.append(
            f"<rect class={sort} x={left} y={top:.1f} width={side} height={length:.1f}>"
            f"<title>frame {place}: {sums[place]:.4g}</title></rect>"
        )
        parts.append(f"<text class=quiet x={left + side / 2} y={zero + _BAR + 14} text-anchor=middle>{place}</text>")
    width = len(places) * (side + _GAP) - _GAP
    parts.append(f"<line class=rule x1=0 x2={width} y1={zero} y2={zero} />")
    return (
        f"<svg viewBox='0 0 {width} {zero + _BAR + 18}' width={width} role=img aria-label='frames, heat maps, "
        f"and the attribution of each frame'>{''.join(parts)}</svg>"
    )
