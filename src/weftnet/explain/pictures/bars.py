"""Bars for the columns of a table or the components of a vector, the strongest on top."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.html import short
from weftnet.base.numbers import number
from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.pictures._colours import shares

#: the most bars; the remaining pieces share one more
_MAX_BARS = 20
_WIDTH, _LEFT, _STEP, _LETTER, _LABEL = 420, 178, 24, 7.0, 25


def draw_bars(displayed: DisplayedInput, values: NDArray[Any]) -> str:
    """A bar for each piece, to the right for the target, to the left against it.

    Args:
        displayed: names and texts of the pieces.
        values: (pieces,) attributions.
    """
    order = np.argsort(-np.abs(values), kind="stable")
    rows = [(f"{displayed.names[i]} = {displayed.values[i]}", float(values[i])) for i in order[:_MAX_BARS]]
    if rest := order[_MAX_BARS:].tolist():
        rows.append((f"{len(rest)} others together", float(values[rest].sum())))
    share = shares(np.array([value for _, value in rows]))
    low = min(0.0, float(share.min(initial=0.0)))
    span = max(0.0, float(share.max(initial=0.0))) - low or 1.0
    texts = [f"{'+' if value >= 0 else '−'}{number(abs(value), 3)}" for _, value in rows]
    end = _WIDTH - 12 - round(_LETTER * max(map(len, texts), default=0))
    width = end - _LEFT

    def across(at: float) -> float:
        return _LEFT + (at - low) / span * width

    high = _STEP * len(rows) + 6
    elements = [f"<line class=rule x1={across(0):.1f} x2={across(0):.1f} y1=0 y2={high} />"]
    for place, ((label, value), at, text) in enumerate(zip(rows, share.tolist(), texts, strict=True)):
        down = _STEP * place + 4
        ends = sorted((across(0), across(at)))
        name = "for" if value >= 0 else "against"
        elements.append(f"<text x={_LEFT - 8} y={down + 13} text-anchor=end>{short(label, _LABEL)}</text>")
        length = max(1.0, ends[1] - ends[0])
        elements.append(f"<rect class={name} x={ends[0]:.1f} y={down} width={length:.1f} height=16 rx=2 />")
        elements.append(f"<text class=quiet x={end + 8} y={down + 13}>{text}</text>")
    size = f"viewBox='0 0 {_WIDTH} {high}' width={_WIDTH}"
    return f"<svg {size} role=img aria-label='attribution of each column'>{''.join(elements)}</svg>"
