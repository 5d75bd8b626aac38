"""Line charts, dot plots and bars as SVG, in the page's colours."""

import math
from collections.abc import Iterable, Mapping, Sequence

from weftnet.base.language import twin
from weftnet.base.numbers import fixed, ticks_of
from weftnet.report.frame import BOTTOM, HEIGHT, LEFT, LETTER, WIDTH, Frame, axis_range, open_svg, short, ticks

Points = Sequence[tuple[float, float]]
#: the most letters of a name at the left of a row
_NAME = 25


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
    legend, below = _legend(drawable)
    across, up = axis_range([x for x, _ in points]), axis_range([y for _, y in points], log)
    frame = Frame(across, up, x, y, log=log, below=below)
    frame.elements.append(legend)
    for number, curves in enumerate(drawable.values()):
        for curve in curves:
            frame.elements += _curve([(frame.x(a), frame.y(b)) for a, b in curve], f"var(--c{number % 8})")
    return frame.svg()


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
    means = {name: fixed(sum(row) / len(row), digits) for name, row in rows.items() if row}
    left, step = _room(rows), 26
    right = WIDTH - _room(means.values(), most=math.inf)
    parts = [open_svg(WIDTH, step * len(rows) + BOTTOM, x)]

    def place(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    for number, (name, row) in enumerate(rows.items()):
        down = step * number + 18
        colour = f"var(--c{number % 8})"
        parts.append(f"<text x={left - 12} y={down + 4} text-anchor=end>{short(name, _NAME)}</text>")
        parts.append(f"<line class=axis x1={left} x2={right} y1={down} y2={down} />")
        parts += [f"<circle cx={place(v):.1f} cy={down} r=4 fill='{colour}' fill-opacity=.6 />" for v in row]
        if row:
            at = place(sum(row) / len(row))
            parts.append(
                f"<line x1={at:.1f} x2={at:.1f} y1={down - 9} y2={down + 9} stroke='{colour}' stroke-width=2 />"
            )
            parts.append(f"<text class=soft x={right + 8} y={down + 4}>{means[name]}</text>")
    for value, text in zip(ticks(low, high), ticks_of(ticks(low, high)), strict=True):
        down = step * len(rows) + 16
        parts.append(f"<text class=soft x={place(value):.1f} y={down} text-anchor=middle>{text}</text>")
    return "".join([*parts, "</svg>"])


def bars(rows: Mapping[str, float], x: str, digits: int = 0) -> str:
    """A row for each name: a bar from zero, followed by its value.

    Args:
        rows: name → value, none below zero.
        x: what the bars measure.
        digits: of the values.
    """
    left, texts = _room(rows), [fixed(value, digits) for value in rows.values()]
    scale = (WIDTH - left - _room(texts, most=math.inf)) / (max(rows.values(), default=0.0) or 1.0)
    parts = [open_svg(WIDTH, 20 * len(rows) + 24, x)]
    for number, ((name, value), text) in enumerate(zip(rows.items(), texts, strict=True)):
        top = 20 * number + 4
        parts.append(f"<text x={left - 6} y={top + 12} text-anchor=end>{short(name, _NAME)}</text>")
        parts.append(f"<rect x={left} y={top} width={value * scale:.1f} height=14 fill='var(--c0)' />")
        parts.append(f"<text class=soft x={left + value * scale + 6:.1f} y={top + 12}>{text}</text>")
    parts.append(f"<text class=soft x={left} y={20 * len(rows) + 18}{twin(x)}>{short(x, _fits(WIDTH - left))}</text>")
    return "".join([*parts, "</svg>"])


def _room(names: Iterable[str], most: float = _NAME) -> int:
    """Pixels that names need, those that are shortened no more than the letters that are left of them."""
    return 18 + round(LETTER * min(most, max(map(len, names), default=0)))


def _fits(pixels: float) -> int:
    """Letters for which there is room."""
    return int(pixels / LETTER)


def _legend(names: Iterable[str]) -> tuple[str, int]:
    """The names in rows below the chart, each next to its colour, and the height of the rows."""
    parts, across, down = [], LEFT, HEIGHT
    for number, name in enumerate(names):
        width = 40 + round(LETTER * len(name))
        if across > LEFT and across + width > WIDTH:
            across, down = LEFT, down + 20
        stroke = f"stroke='var(--c{number % 8})' stroke-width=3"
        parts.append(f"<line x1={across} x2={across + 18} y1={down + 6} y2={down + 6} {stroke} />")
        parts.append(f"<text x={across + 24} y={down + 10}>{short(name, _fits(WIDTH - LEFT - 24))}</text>")
        across += width
    return "".join(parts), down + 20 - HEIGHT
