"""Line charts and dot plots as SVG, in the page's colours."""

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 300, 64, 40, 14, 16


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

    legend = 20 * len(kept)
    parts = [_open(WIDTH, HEIGHT + legend, f"{y} over {x}")]
    for shown in _decades(low_y, high_y) if log else _ticks(low_y, high_y):
        _, down = place(low_x, shown)
        parts.append(f"<line class=axis x1={LEFT} x2={WIDTH - RIGHT} y1={down:.1f} y2={down:.1f} />")
        parts.append(f"<text class=soft x={LEFT - 6} y={down + 4:.1f} text-anchor=end>{shown:.4g}</text>")
    for value in _ticks(low_x, high_x):
        across = LEFT + (value - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT)
        parts.append(f"<text class=soft x={across:.1f} y={HEIGHT - BOTTOM + 16} text-anchor=middle>{value:.4g}</text>")
    parts.append(f"<text class=soft x={(LEFT + WIDTH) / 2} y={HEIGHT - 6} text-anchor=middle>{escape(x)}</text>")
    for number, (name, curves) in enumerate(kept.items()):
        colour = f"var(--c{number % 8})"
        for curve in curves:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(*point) for point in curve))
            parts.append(f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=1.6 />")
        parts.append(_key(name, colour, HEIGHT + 20 * number))
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
    left, step = 190, 26
    parts = [_open(WIDTH, step * len(rows) + BOTTOM, x)]

    def place(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - 80)

    for number, (name, row) in enumerate(rows.items()):
        down = step * number + 18
        colour = f"var(--c{number % 8})"
        parts.append(f"<text x={left - 12} y={down + 4} text-anchor=end>{escape(name)}</text>")
        parts.append(f"<line class=axis x1={left} x2={WIDTH - 80} y1={down} y2={down} />")
        parts += [f"<circle cx={place(v):.1f} cy={down} r=4 fill='{colour}' fill-opacity=.6 />" for v in row]
        if row:
            mean = sum(row) / len(row)
            at = place(mean)
            parts.append(
                f"<line x1={at:.1f} x2={at:.1f} y1={down - 9} y2={down + 9} stroke='{colour}' stroke-width=2 />"
            )
            parts.append(f"<text class=soft x={WIDTH - 72} y={down + 4}>{mean:.{digits}f}</text>")
    for value in _ticks(low, high):
        down = step * len(rows) + 16
        parts.append(f"<text class=soft x={place(value):.1f} y={down} text-anchor=middle>{value:.4g}</text>")
    return "".join([*parts, "</svg>"])


def _open(width: int, height: int, label: str) -> str:
    return f"<svg viewBox='0 0 {width} {height}' width={width} role='img' aria-label='{escape(label, quote=True)}'>"


def _key(name: str, colour: str, down: int) -> str:
    line = f"<line x1={LEFT} x2={LEFT + 22} y1={down + 6} y2={down + 6} stroke='{colour}' stroke-width=3 />"
    return f"{line}<text x={LEFT + 30} y={down + 10}>{escape(name)}</text>"


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 or abs(high) * 0.05 or 1.0
    return low - margin, high + margin


def _decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 of every decade between two powers of ten; of many decades the ones alone."""
    digits = (1, 2, 5) if high - low < 3 else (1,)
    found = [digit * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for digit in digits]
    return [value for value in found if low <= math.log10(value) <= high]


def _ticks(low: float, high: float) -> list[float]:
    """Some five round numbers between two bounds."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step) + 1)]
