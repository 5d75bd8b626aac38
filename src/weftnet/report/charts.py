"""Line charts and dot plots as SVG, in the page's colours."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from weftnet.base.language import attribute, shown, twin

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 480, 250, 48, 40, 14, 12


def lines(series: Mapping[str, Sequence[Points]], x: str, y: str, log: bool = False) -> str:
    """Curves on common axes; every name has one colour, and one curve for each seed.

    Args:
        series: name → curves of (x, y).
        x: name of the horizontal axis.
        y: name of the vertical axis.
        log: a logarithmic vertical axis.
    """
    drawable = {
        name: [[p for p in curve if all(map(math.isfinite, p)) and (p[1] > 0 or not log)] for curve in curves]
        for name, curves in series.items()
    }
    points = [point for curves in drawable.values() for curve in curves for point in curve]
    if not points:
        return "<svg viewBox='0 0 10 10' role='img' aria-label='nothing to draw'></svg>"
    axes = _Axes.around(points, log)
    legend, below = _legend(drawable)
    elements = [open_svg(WIDTH, HEIGHT + below, f"{y} over {x}"), legend, *_grid(axes, x)]
    for number, curves in enumerate(drawable.values()):
        for curve in curves:
            elements += _curve([axes.place(*point) for point in curve], f"var(--c{number % 8})")
    return "".join([*elements, "</svg>"])


@dataclass(frozen=True)
class _Axes:
    """The ranges of both axes; those of a logarithmic one are logarithms."""

    x: tuple[float, float]
    y: tuple[float, float]
    log: bool

    @classmethod
    def around(cls, points: Points, log: bool) -> "_Axes":
        heights = [math.log10(y) if log else y for _, y in points]
        return cls(axis_range([x for x, _ in points]), axis_range(heights), log)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point in the coordinates of the drawing."""
        (left, right), (bottom, top) = self.x, self.y
        across = LEFT + (x - left) / (right - left) * (WIDTH - LEFT - RIGHT)
        height = math.log10(y) if self.log else y
        return across, TOP + (top - height) / (top - bottom) * (HEIGHT - TOP - BOTTOM)


def _grid(axes: _Axes, x: str) -> list[str]:
    """Ticks of both axes, horizontal lines, and the name of the horizontal axis."""
    elements = []
    for value in _decades(*axes.y) if axes.log else ticks(*axes.y):
        _, down = axes.place(axes.x[0], value)
        elements.append(f"<line class=axis x1={LEFT} x2={WIDTH - RIGHT} y1={down:.1f} y2={down:.1f} />")
        elements.append(f"<text class=soft x={LEFT - 6} y={down + 4:.1f} text-anchor=end>{value:.4g}</text>")
    y, low = HEIGHT - BOTTOM + 16, 10.0 ** axes.y[0] if axes.log else axes.y[0]
    for value in ticks(*axes.x):
        across, _ = axes.place(value, low)
        elements.append(f"<text class=soft x={across:.1f} y={y} text-anchor=middle>{value:.4g}</text>")
    elements.append(
        f"<text class=soft x={(LEFT + WIDTH) / 2} y={HEIGHT - 6} text-anchor=middle{twin(x)}>{escape(x)}</text>"
    )
    return elements


def _curve(places: Points, colour: str) -> list[str]:
    """A polyline, and a dot where it is a single point."""
    elements = []
    if len(places) == 1:
        ((across, down),) = places
        elements.append(f"<circle cx={across:.1f} cy={down:.1f} r=3 fill='{colour}' />")
    path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
    return [*elements, f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=1.6 />"]


def dots(rows: Mapping[str, Sequence[float]], x: str, digits: int = 2) -> str:
    """A row for each name, with a dot for each value and a bar at the mean.

    Args:
        rows: name → values, from top to bottom.
        x: name of the axis.
        digits: of the printed mean.
    """
    values = [value for row in rows.values() for value in row if math.isfinite(value)]
    low, high = axis_range(values or [0.0])
    left, step = 150, 26
    parts = [open_svg(WIDTH, step * len(rows) + BOTTOM, x)]

    def place(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - 66)

    for number, (name, row) in enumerate(rows.items()):
        down = step * number + 18
        colour = f"var(--c{number % 8})"
        parts.append(f"<text x={left - 12} y={down + 4} text-anchor=end>{shown(name, 'tspan')}</text>")
        parts.append(f"<line class=axis x1={left} x2={WIDTH - 66} y1={down} y2={down} />")
        parts += [f"<circle cx={place(v):.1f} cy={down} r=4 fill='{colour}' fill-opacity=.6 />" for v in row]
        if row:
            mean = sum(row) / len(row)
            at = place(mean)
            parts.append(
                f"<line x1={at:.1f} x2={at:.1f} y1={down - 9} y2={down + 9} stroke='{colour}' stroke-width=2 />"
            )
            parts.append(f"<text class=soft x={WIDTH - 60} y={down + 4}>{mean:.{digits}f}</text>")
    for value in ticks(low, high):
        down = step * len(rows) + 16
        parts.append(f"<text class=soft x={place(value):.1f} y={down} text-anchor=middle>{value:.4g}</text>")
    return "".join([*parts, "</svg>"])


def bars(rows: Mapping[str, float], x: str, digits: int = 0) -> str:
    """A row for each name: a bar from zero, followed by its value.

    Args:
        rows: name → value, none below zero.
        x: what the bars measure.
        digits: of the values.
    """
    names = max((len(name) for name in rows), default=0)
    left = min(190, 16 + 7 * names)
    scale = (WIDTH - left - 70) / (max(rows.values(), default=0.0) or 1.0)
    parts = [open_svg(WIDTH, 20 * len(rows) + 24, x)]
    for number, (name, value) in enumerate(rows.items()):
        top = 20 * number + 4
        shown = name if len(name) <= 25 else name[:24] + "…"
        parts.append(f"<text x={left - 6} y={top + 12} text-anchor=end>{escape(shown)}</text>")
        parts.append(f"<rect x={left} y={top} width={value * scale:.1f} height=14 fill='var(--c0)' />")
        parts.append(f"<text class=soft x={left + value * scale + 6:.1f} y={top + 12}>{value:.{digits}f}</text>")
    parts.append(f"<text class=soft x={left} y={20 * len(rows) + 18}{twin(x)}>{escape(x)}</text>")
    return "".join([*parts, "</svg>"])


def open_svg(width: int, height: int, label: str) -> str:
    """The opening tag of a drawing."""
    return f"<svg viewBox='0 0 {width} {height}' width={width} role='img' {attribute('aria-label', label)}>"


def _legend(names: Iterable[str]) -> tuple[str, int]:
    """The names in rows below the chart, each next to its colour, and the height of the rows."""
    parts, across, down = [], LEFT, HEIGHT
    for number, name in enumerate(names):
        width = 40 + 7 * len(name)
        if across > LEFT and across + width > WIDTH:
            across, down = LEFT, down + 20
        stroke = f"stroke='var(--c{number % 8})' stroke-width=3"
        parts.append(f"<line x1={across} x2={across + 18} y1={down + 6} y2={down + 6} {stroke} />")
        parts.append(f"<text x={across + 24} y={down + 10}>{shown(name, 'tspan')}</text>")
        across += width
    return "".join(parts), down + 20 - HEIGHT


def axis_range(values: Sequence[float]) -> tuple[float, float]:
    """The range of the values with a margin, never empty."""
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 or abs(high) * 0.05 or 1.0
    return low - margin, high + margin


def _decades(low: float, high: float) -> list[float]:
    """Ticks between two powers of ten: 1, 2 and 5 of every decade, 1 alone over many decades, more within one."""
    digits = (1, 2, 5) if high - low < 3 else (1,)
    candidates = [digit * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for digit in digits]
    inside = [value for value in candidates if low <= math.log10(value) <= high]
    return inside if len(inside) > 1 else ticks(10.0**low, 10.0**high)


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers between two bounds."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step) + 1)]
