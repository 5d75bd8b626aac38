"""Curves on a background that shows the attribution as colour: a strip for each channel."""

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.pictures._colours import shares, tint

#: the most strips (the strongest channels), and coloured segments and points of a curve in each
_MAX_STRIPS, _SEGMENTS, _POINTS = 8, 160, 800
_WIDTH, _HEIGHT, _GAP, _LEFT = 620, 84, 10, 96


def draw_series(displayed: DisplayedInput, values: NDArray[Any]) -> str:
    """One strip for each channel, all on one colour scale.

    Args:
        displayed: (time, channels) numbers and the channels' names.
        values: (time, channels) attributions.
    """
    channels = np.argsort(-np.abs(values).sum(0), kind="stable")[:_MAX_STRIPS]
    time = len(values)
    edges = np.unique(np.linspace(0, time, min(time, _SEGMENTS) + 1).round().astype(int))
    sums = np.add.reduceat(values[:, channels], edges[:-1], axis=0)
    tints = shares(sums)
    parts = []
    for place, channel in enumerate(channels.tolist()):
        top = place * (_HEIGHT + _GAP)
        parts += _background(edges / time, tints[:, place], top)
        parts.append(_curve(np.asarray(displayed.values)[:, channel].astype(np.float64), top))
        name = escape(displayed.names[channel] if len(displayed.names) > 1 else displayed.kind)
        parts.append(f"<text x={_LEFT - 8} y={top + _HEIGHT / 2 + 4} text-anchor=end>{name}</text>")
    high = len(channels) * (_HEIGHT + _GAP) + 14
    for at, anchor, step in ((_LEFT, "start", 0), (_WIDTH, "end", time - 1)):
        parts.append(f"<text class=quiet x={at} y={high - 4} text-anchor={anchor}>step {step}</text>")
    left_out = values.shape[1] - len(channels)
    more = f"<p class=quiet>{left_out} weaker channels are not shown</p>" if left_out else ""
    size = f"viewBox='0 0 {_WIDTH} {high}' width={_WIDTH}"
    return f"<svg {size} role=img aria-label='attribution of each step'>{''.join(parts)}</svg>{more}"


def _background(edges: NDArray[Any], share: NDArray[Any], top: float) -> list[str]:
    room = _WIDTH - _LEFT
    return [
        f"<rect x={_LEFT + start * room:.1f} y={top} width={(end - start) * room + 0.3:.1f} height={_HEIGHT} "
        f"fill='{tint(each)}' />"
        for start, end, each in zip(edges[:-1], edges[1:], share.tolist(), strict=True)
        if abs(each) > 0.01
    ]


def _curve(values: NDArray[np.float64], top: float) -> str:
    """A line; a long one is reduced to the lowest and highest value of each segment."""
    if len(values) > _POINTS:
        starts = np.linspace(0, len(values), _POINTS // 2 + 1).astype(int)[:-1]
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        values = np.stack([low, high], 1).reshape(-1)
    spread = float(values.max() - values.min()) or 1.0
    down = top + 4 + (_HEIGHT - 8) * (1 - (values - values.min()) / spread)
    across = _LEFT + (np.arange(len(values)) + 0.5) / len(values) * (_WIDTH - _LEFT)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across.tolist(), down.tolist(), strict=True))
    return f"<polyline class=curve points='{points}' stroke-width=1.2 />"
