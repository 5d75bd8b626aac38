"""A raw value as HTML, small: what its kind shows of it, every string escaped."""

from html import escape
from typing import Any

from weftnet.base.figures import Figure, Picture, Text
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._words import words
from weftnet.report.draw import draw, image

#: pixels of a thumbnail's longer side below which they are shown as squares, characters of a text
_SIDE, _CHARACTERS = 96, 240


def cell(value: Any, kind: Kind | None) -> str:
    """HTML for one raw value.

    Args:
        value: from a raw column.
        kind: of the column; None for one that is left out.
    """
    if value is None or (isinstance(value, float) and value != value):
        return "<span class=soft>missing</span>"
    return small(words(value) if kind is None else kind.picture(value))


def small(figure: Figure) -> str:
    """A figure, within a card or a cell of a table."""
    if isinstance(figure, Text):
        return escape(figure.text if len(figure.text) <= _CHARACTERS else figure.text[: _CHARACTERS - 1] + "…")
    if isinstance(figure, Picture):
        drawn = "pixelated" if max(figure.pixels.shape[:2]) < _SIDE else "auto"
        return image(figure.pixels, figure.caption or "an example", f"class=thumb style='image-rendering:{drawn}'")
    return draw(figure)
