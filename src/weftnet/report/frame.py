"""The axes of a chart: ticks, horizontal lines and names, with as much room at the left as the longest tick needs."""

import math
from collections.abc import Sequence
from html import escape

from weftnet.base import html
from weftnet.base.language import attribute, shown, twin
from weftnet.base.numbers import number, ticks_of

#: size of a chart in pixels, and what lies around its axes
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 480, 262, 48, 40, 26, 12
#: pixels of a letter of 12 pixels, rounded up because fonts differ
LETTER = 7.0


class Frame:
    """Axes in whose coordinates elements are drawn.

    Args:
        across: the range of the horizontal axis.
        up: that of the vertical one.
        x: name of the horizontal axis.
        y: name of the vertical one.
        log: a logarithmic vertical axis; its range is above zero.
        below: pixels that are left free under the chart.
    """

    def __init__(
        self, across: tuple[float, float], up: tuple[float, float], x: str, y: str, *, log: bool = False, below: int = 0
    ) -> None:
        self.across, self.up, self.log = across, up, log
        heights = decades(*up) if log else ticks(*up)
        texts = [number(value) for value in heights] if log else ticks_of(heights)
        self.left = max(LEFT, 12 + round(LETTER * max(map(len, texts), default=0)))
        self.elements = [open_svg(WIDTH, HEIGHT + below, f"{y} over {x}")]
        self.elements.append(f"<text class=soft x=2 y=12{twin(y)}>{escape(y)}</text>")
        for value, text in zip(heights, texts, strict=True):
            height = self.y(value)
            self.elements.append(
                f"<line class=axis x1={self.left} x2={WIDTH - RIGHT} y1={height:.1f} y2={height:.1f} />"
            )
            self.elements.append(f"<text class=soft x={self.left - 6} y={height + 4:.1f} text-anchor=end>{text}</text>")
        self.elements += self._below(x)

    def _below(self, name: str) -> list[str]:
        """The ticks of the horizontal axis, none beyond the edge, and its name."""
        low, drawn, end = HEIGHT - BOTTOM + 16, [], 0.0
        values = ticks(*self.across)
        for value, text in zip(values, ticks_of(values), strict=True):
            half = LETTER * len(text) / 2
            middle = min(max(self.x(value), half), WIDTH - half)
            if middle - half > end:
                drawn.append(f"<text class=soft x={middle:.1f} y={low} text-anchor=middle>{text}</text>")
                end = middle + half
        middle = (self.left + WIDTH) / 2
        return [
            *drawn,
            f"<text class=soft x={middle} y={HEIGHT - 6} text-anchor=middle{twin(name)}>{escape(name)}</text>",
        ]

    def x(self, value: float) -> float:
        """Pixels from the left."""
        low, high = self.across
        return self.left + (value - low) / (high - low) * (WIDTH - self.left - RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        low, high, value = map(math.log10, (*self.up, value)) if self.log else (*self.up, value)
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def svg(self) -> str:
        """The drawing."""
        return "".join([*self.elements, "</svg>"])


def open_svg(width: int, height: int, label: str) -> str:
    """The opening tag of a drawing."""
    return f"<svg viewBox='0 0 {width} {height}' width={width} role='img' {attribute('aria-label', label)}>"


def axis_range(values: Sequence[float], log: bool = False) -> tuple[float, float]:
    """The range of the values with a margin, never empty; of a logarithmic axis, a margin of the logarithms."""
    if log:
        low, high = axis_range([math.log10(value) for value in values])
        return 10.0**low, 10.0**high
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 or abs(high) * 0.05 or 1.0
    return low - margin, high + margin


def decades(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: 1, 2 and 5 of every decade, 1 alone over many decades, more within one."""
    first, last = math.log10(low), math.log10(high)
    digits = (1, 2, 5) if last - first < 3 else (1,)
    candidates = [digit * 10.0**power for power in range(math.floor(first), math.ceil(last) + 1) for digit in digits]
    inside = [value for value in candidates if low <= value <= high]
    return inside if len(inside) > 1 else ticks(low, high)


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers between two bounds."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step) + 1)]


def short(name: str, letters: int) -> str:
    """HTML of a name, shortened where it is longer; then with all of it as a tooltip."""
    return shown(name, "tspan") if len(name) <= letters else html.short(name, letters)
