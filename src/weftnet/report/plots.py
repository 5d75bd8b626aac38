"""Points, histograms and reliability diagrams as SVG, in the page's colours."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from weftnet.report.frame import Frame, axis_range

#: about how many points of a scatter plot are drawn
MAX_POINTS = 1500


class _Frame(Frame):
    """Axes with dashed lines and bars."""

    def line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        (a, b), (c, d) = start, end
        points = f"x1={self.x(a):.1f} y1={self.y(b):.1f} x2={self.x(c):.1f} y2={self.y(d):.1f}"
        self.elements.append(f"<line {points} stroke='var(--soft)' stroke-dasharray='4 4' />")

    def bar(self, left: float, right: float, height: float, colour: str, opacity: float = 0.8) -> None:
        x, top, base = self.x(left) + 0.5, self.y(height), self.y(max(self.up[0], 0.0))
        size = f"width={max(0.5, self.x(right) - x - 0.5):.1f} height={max(0.0, base - top):.1f}"
        self.elements.append(f"<rect x={x:.1f} y={top:.1f} {size} fill='{colour}' fill-opacity={opacity} />")


def scatter(truth: NDArray[np.float64], answer: NDArray[np.float64], x: str, y: str) -> str:
    """Answers over truth, with the line on which they are equal; of very many points every k-th."""
    low, high = axis_range([float(min(truth.min(), answer.min())), float(max(truth.max(), answer.max()))])
    frame = _Frame((low, high), (low, high), x, y)
    frame.line((low, low), (high, high))
    step = max(1, len(truth) // MAX_POINTS)
    pairs = zip(truth[::step].tolist(), answer[::step].tolist(), strict=True)
    frame.elements += [
        f"<circle cx={frame.x(a):.1f} cy={frame.y(b):.1f} r=3 fill='var(--c0)' fill-opacity=.45 />" for a, b in pairs
    ]
    return frame.svg()


def histogram(values: NDArray[np.float64], x: str, bins: int = 30) -> str:
    """A histogram of values."""
    heights, edges = np.histogram(values, bins=min(bins, max(5, int(len(values) ** 0.5))))
    frame = _Frame(axis_range([float(edges[0]), float(edges[-1])]), (0.0, float(heights.max()) * 1.05), x, "examples")
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        frame.bar(float(left), float(right), float(height), "var(--c0)")
    if edges[0] < 0 < edges[-1]:
        frame.line((0.0, 0.0), (0.0, frame.up[1]))
    return frame.svg()


def reliability(bins: Sequence[tuple[float, float, float, int]]) -> str:
    """Accuracy by confidence: bars (left, right, accuracy, examples), paler where there are few examples."""
    frame = _Frame((0.0, 1.0), (0.0, 1.0), "confidence", "accuracy")
    most = max(count for *_, count in bins) if bins else 1
    for left, right, accuracy, count in bins:
        frame.bar(left, right, accuracy, "var(--c0)", round(0.25 + 0.6 * (count / most) ** 0.5, 2))
    frame.line((0.0, 0.0), (1.0, 1.0))
    return frame.svg()
