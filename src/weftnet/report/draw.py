"""Figures as plain data → HTML."""

import io
from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base import figures
from weftnet.base.language import attribute, spoken, twin
from weftnet.base.wav import encoded
from weftnet.report import page
from weftnet.report.charts import bars, lines
from weftnet.report.heat_map import heat_map
from weftnet.report.plots import histogram, reliability, scatter
from weftnet.report.words import explained

#: a picture's longer side in pixels, below which its pixels are shown as squares
_SMALL = 256


def draw(figure: figures.Figure) -> str:
    """HTML; every text in it is escaped."""
    return _DRAWN[type(figure)](figure)


def draw_all(several: Sequence[figures.Figure]) -> str:
    """HTML of one after another."""
    return "".join(map(draw, several))


def image(pixels: NDArray[np.uint8], name: str, attributes: str = "") -> str:
    """Pixels (height, width) or (height, width, 3) as an element of the page."""
    from PIL.Image import fromarray

    file = io.BytesIO()
    fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    source = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    return f"<img {attributes} {attribute('alt', name)} src='{source}'>"


def _paragraph(figure: figures.Paragraph) -> str:
    pieces = [spoken(each) if isinstance(each, str) else _span(each) for each in figure.pieces]
    return f"<p{' class=soft' if figure.soft else ''}>{''.join(pieces)}</p>"


def _span(span: figures.Span) -> str:
    if span.tone == "word":
        return explained(span.text)
    element = "span" if span.tone == "soft" else "b"
    return f"<{element} class={span.tone}{twin(span.text)}>{escape(span.text)}</{element}>"


def _table(figure: figures.Table) -> str:
    drawn = page.table(figure.columns, [figure.cells(row) for row in figure.rows])
    return page.collapsible(f"by {figure.columns[0]}", drawn, expanded=figure.expanded)


def _lines(figure: figures.Lines) -> str:
    curves = {name: [points] for name, points in figure.curves.items()}
    return page.figure(lines(curves, figure.x, figure.y, figure.log), figure.caption)


def _picture(figure: figures.Picture) -> str:
    drawn = image(figure.pixels, figure.caption, "class=smooth" if max(figure.pixels.shape) >= _SMALL else "")
    return (
        f"<figure>{drawn}<figcaption{twin(figure.caption)}>{escape(figure.caption)}</figcaption></figure>"
        if figure.caption
        else drawn
    )


def _sound(figure: figures.Sound) -> str:
    source = f"data:audio/wav;base64,{encoded(figure.values, figure.rate)}"
    player = f"<audio controls preload=none src='{source}'></audio>"
    return f"<figure>{player}<figcaption{twin(figure.caption)}>{escape(figure.caption)}</figcaption></figure>"


def _curve(figure: figures.Curve) -> str:
    low, high = float(figure.values.min()), float(figure.values.max())
    down = 30 - (figure.values - low) / ((high - low) or 1.0) * 28
    across = np.linspace(0, 120, len(down))
    curves = "".join(
        f"<polyline fill=none stroke='var(--c{number % 8})' points='"
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, channel, strict=True))
        + "' />"
        for number, channel in enumerate(down.T[:8])
    )
    return f"<svg class=thumb viewBox='0 0 120 32' width=120 role=img aria-label='a curve'>{curves}</svg>"


def _group(figure: figures.Group) -> str:
    return (page.heading(figure.title) if figure.title else "") + page.charts(*map(draw, figure.figures))


_DRAWN: dict[type, Callable[[Any], str]] = {
    figures.Paragraph: _paragraph,
    figures.Text: lambda each: f"<pre>{escape(each.text)}</pre>",
    figures.Table: _table,
    figures.Bars: lambda each: page.figure(bars(each.values, each.axis, each.digits), each.caption),
    figures.Lines: _lines,
    figures.Scatter: lambda each: page.figure(scatter(each.across, each.up, each.x, each.y), each.caption),
    figures.Histogram: lambda each: page.figure(histogram(each.values, each.x), each.caption),
    figures.Matrix: lambda each: page.figure(heat_map(each.labels, each.counts.tolist()), each.caption),
    figures.Reliability: lambda each: page.figure(reliability(each.bins), each.caption),
    figures.Picture: _picture,
    figures.Sound: _sound,
    figures.Curve: _curve,
    figures.Group: _group,
}
