"""Line charts and dot plots as SVG, in the page's colours."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 480, 250, 48, 40, 14, 12


def lines(series: Mapping[str, Sequence[Points]], x: str, y: str, log: bool = False) -> str:
    """Curves over a common axis; every name has one colour and one curve a seed.

    Args:
        series: name → curves of (x, y).
        x: what the horizontal axis is.
        y: what the vertical axis is.
        log: a logarithmic vertical axis.
    """
    kept = {
        name: [[p for p in curve if all(map(math.isfinite, p)) and (p[1] > 0 or not log)] for curve in curves]
        for name, curves in series.items()
    }
    points = [point for curves in kept.values() for curve in curves for point in curve]
    if not points:
        return "<svg viewBox='0 0 10 10' role='img' aria-label='nothing to draw'></svg>"
    lift = math.log10 if log else float
    low_x, high_x = _range([p[0] for p in points])
    low_y, high_y = _range([lift(p[1]) for p in points])

    def place(px: float, py: float) -> tuple[float, float]:
        across = LEFT + (px - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT)
        down = TOP + (high_y - lift(py)) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM)
        return across, down

    legend, below = _legend(kept)
    parts = [_open(WIDTH, HEIGHT + below, f"{y} over {x}"), legend]
    for shown in _decades(low_y, high_y) if log else _ticks(low_y, high_y):
        _, down = place(low_x, shown)
        parts.append(f"<line class=axis x1={LEFT} x2={WIDTH - RIGHT} y1={down:.1f} y2={down:.1f} />")
        parts.append(f"<text class=soft x={LEFT - 6} y={down + 4:.1f} text-anchor=end>{shown:.4g}</text>")
    for value in _ticks(low_x, high_x):
        across = LEFT + (value - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT)
        parts.append(f"<text class=soft x={across:.1f} y={HEIGHT - BOTTOM + 16} text-anchor=middle>{value:.4g}</text>")
    parts.append(f"<text class=soft x={(LEFT + WIDTH) / 2} y={HEIGHT - 6} text-anchor=middle>{escape(x)}</text>")
    for number, curves in enumerate(kept.values()):
        colour = f"var(--c{number % 8})"
        for curve in curves:
            if len(curve) == 1:
                at, down = place(*curve[0])
                parts.append(f"<circle cx={at:.1f} cy={down:.1f} r=3 fill='{colour}' />")
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(*point) for point in curve))
            parts.append(f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=1.6 />")
    return "".join([*parts, "</svg>"])


def dots(rows: Mapping[str, Sequence[float]], x: str, digits: int = 2) -> str:
    """One line a name, one dot a value, a bar at the mean.

    Args:
        rows: name → values, first on top.
        x: what the axis is.
        digits: of the mean that is written.
    """
    values = [value for row in rows.values() for value in row if math.isfinite(value)]
    low, high = _range(values or [0.0])
    left, step = 150, 26
    parts = [_open(WIDTH, step * len(rows) + BOTTOM, x)]

    def place(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - 66)

    for number, (name, row) in enumerate(rows.items()):
        down = step * number + 18
        colour = f"var(--c{number % 8})"
        parts.append(f"<text x={left - 12} y={down + 4} text-anchor=end>{escape(name)}</text>")
        parts.append(f"<line class=axis x1={left} x2={WIDTH - 66} y1={down} y2={down} />")
        parts += [f"<circle cx={place(v):.1f} cy={down} r=4 fill='{colour}' fill-opacity=.6 />" for v in row]
        if row:
            mean = sum(row) / len(row)
            at = place(mean)
            parts.append(
                f"<line x1={at:.1f} x2={at:.1f} y1={down - 9} y2={down + 9} stroke='{colour}' stroke-width=2 />"
            )
            parts.append(f"<text class=soft x={WIDTH - 60} y={down + 4}>{mean:.{digits}f}</text>")
    for value in _ticks(low, high):
        down = step * len(rows) + 16
        parts.append(f"<text class=soft x={place(value):.1f} y={down} text-anchor=middle>{value:.4g}</text>")
    return "".join([*parts, "</svg>"])


def bars(rows: Mapping[str, float], x: str, digits: int = 0) -> str:
    """One line a name: a bar from zero, and its value behind it.

    Args:
        rows: name → value, none below zero.
        x: what the bars measure.
        digits: of the values.
    """
    names = max((len(name) for name in rows), default=0)
    left = min(190, 16 + 7 * names)
    room = WIDTH - left - 70
    most = max(rows.values(), default=0.0) or 1.0
    parts = [_open(WIDTH, 20 * len(rows) + 24, x)]
    for number, (name, value) in enumerate(rows.items()):
        top = 20 * number + 4
        shown = name if len(name) <= 25 else name[:24] + "…"
        parts.append(f"<text x={left - 6} y={top + 12} text-anchor=end>{escape(shown)}</text>")
        parts.append(f"<rect x={left} y={top} width={value / most * room:.1f} height=14 fill='var(--c0)' />")
        parts.append(f"<text class=soft x={left + value / most * room + 6:.1f} y={top + 12}>{value:.{digits}f}</text>")
    parts.append(f"<text class=soft x={left} y={20 * len(rows) + 18}>{escape(x)}</text>")
    return "".join([*parts, "</svg>"])


def _open(width: int, height: int, label: str) -> str:
    return f"<svg viewBox='0 0 {width} {height}' width={width} role='img' aria-label='{escape(label, quote=True)}'>"


def _legend(names: Iterable[str]) -> tuple[str, int]:
    """The names in rows below the chart, each beside its colour, and the height of the rows."""
    parts, across, down = [], LEFT, HEIGHT
    for number, name in enumerate(names):
        width = 40 + 7 * len(name)
        if across > LEFT and across + width > WIDTH:
            across, down = LEFT, down + 20
        stroke = f"stroke='var(--c{number % 8})' stroke-width=3"
        parts.append(f"<line x1={across} x2={across + 18} y1={down + 6} y2={down + 6} {stroke} />")
        parts.append(f"<text x={across + 24} y={down + 10}>{escape(name)}</text>")
        across += width
    return "".join(parts), down + 20 - HEIGHT


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 or abs(high) * 0.05 or 1.0
    return low - margin, high + margin


def _decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 of every decade between two powers of ten; of many decades the ones alone, of part of one more."""
    digits = (1, 2, 5) if high - low < 3 else (1,)
    found = [digit * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for digit in digits]
    kept = [value for value in found if low <= math.log10(value) <= high]
    return kept if len(kept) > 1 else _ticks(10.0**low, 10.0**high)


def _ticks(low: float, high: float) -> list[float]:
    """Some five round numbers between two bounds."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step) + 1)]
