"""Bars for the columns of a table or the components of a vector, the strongest on top."""

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.explain.explanation import Shown
from weftnet.explain.pictures._colours import shares

#: bars at most; the rest is one more
_MOST = 20
_WIDTH, _LEFT, _RIGHT, _STEP = 620, 250, 74, 24


def draw_bars(shown: Shown, values: NDArray[Any]) -> str:
    """A bar for each part, to the right for the target, to the left against it.

    Args:
        shown: names and texts of the parts.
        values: (parts,) attributions.
    """
    order = np.argsort(-np.abs(values), kind="stable")
    rows = [(f"{shown.names[i]} = {shown.values[i]}", float(values[i])) for i in order[:_MOST]]
    if rest := order[_MOST:].tolist():
        rows.append((f"{len(rest)} others together", float(values[rest].sum())))
    share = shares(np.array([value for _, value in rows]))
    low = min(0.0, float(share.min(initial=0.0)))
    span = max(0.0, float(share.max(initial=0.0))) - low or 1.0
    room = _WIDTH - _LEFT - _RIGHT

    def across(at: float) -> float:
        return _LEFT + (at - low) / span * room

    high = _STEP * len(rows) + 6
    parts = [f"<line class=rule x1={across(0):.1f} x2={across(0):.1f} y1=0 y2={high} />"]
    for number, ((label, value), at) in enumerate(zip(rows, share.tolist(), strict=True)):
        down = _STEP * number + 4
        ends = sorted((across(0), across(at)))
        name = "for" if value >= 0 else "against"
        parts.append(f"<text x={_LEFT - 8} y={down + 13} text-anchor=end>{escape(_short(label))}</text>")
        width = max(1.0, ends[1] - ends[0])
        parts.append(f"<rect class={name} x={ends[0]:.1f} y={down} width={width:.1f} height=16 rx=2 />")
        parts.append(f"<text class=quiet x={_WIDTH - _RIGHT + 8} y={down + 13}>{value:+.3g}</text>")
    size = f"viewBox='0 0 {_WIDTH} {high}' width={_WIDTH}"
    return f"<svg {size} role=img aria-label='attribution of each column'>{''.join(parts)}</svg>"


def _short(text: str, most: int = 36) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
