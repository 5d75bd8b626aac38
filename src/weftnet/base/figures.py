"""Figures and tables as plain data: who makes one need not know whether a page or a terminal shows it.

Numbers stay numbers: a table's column has a unit, and who shows it writes 0.987 of unit `share` as 98.7 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from weftnet.base.numbers import number

Cell: TypeAlias = str | int | float
Floats: TypeAlias = NDArray[np.float64]
Points: TypeAlias = Sequence[tuple[float, float]]
Tone: TypeAlias = Literal["strong", "wrong", "right", "soft", "word"]


@dataclass(frozen=True)
class Span:
    """Some words of a paragraph in a tone of their own: what is wrong or right, a word of the field to be explained."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Paragraph:
    """Words, in one tone or in several.

    Args:
        words: the text, or its pieces.
        soft: whether it is an aside.
    """

    words: str | tuple[str | Span, ...]
    soft: bool = False

    @property
    def pieces(self) -> tuple[str | Span, ...]:
        """The text in pieces."""
        return (self.words,) if isinstance(self.words, str) else self.words

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(each if isinstance(each, str) else each.text for each in self.pieces)


@dataclass(frozen=True)
class Text:
    """Words whose lines stay as they are, such as a sample of a language model."""

    text: str


@dataclass(frozen=True)
class Table:
    """A row for each name, such as a class.

    Args:
        name: of what the rows are, as in a document: "classes".
        columns: their names; the first is that of the rows' names.
        rows: name, then values; NaN where one is not defined.
        units: of the columns, by name; `share` is shown in per cent. Others have none.
        expanded: whether it is shown at once, or when somebody asks.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    units: Mapping[str, str] | None = None
    expanded: bool = True

    def cells(self, row: tuple[Cell, ...]) -> list[str]:
        """A row as texts."""
        units = self.units or {}
        return [shown(value, units.get(column, "")) for column, value in zip(self.columns, row, strict=True)]


@dataclass(frozen=True)
class Bars:
    """A bar from zero for each name.

    Args:
        values: by name, none below zero.
        axis: what the bars measure.
        caption: a sentence about it.
        digits: of the printed values.
    """

    values: Mapping[str, float]
    axis: str
    caption: str
    digits: int = 0


@dataclass(frozen=True)
class Lines:
    """Curves on common axes.

    Args:
        curves: points (x, y) by name.
        x: name of the horizontal axis.
        y: name of the vertical axis.
        caption: a sentence about it.
        log: a logarithmic vertical axis.
    """

    curves: Mapping[str, Points]
    x: str
    y: str
    caption: str
    log: bool = False


@dataclass(frozen=True)
class Scatter:
    """Points (n), (n) in the same unit on both axes, and the line on which both are equal."""

    across: Floats
    up: Floats
    x: str
    y: str
    caption: str


@dataclass(frozen=True)
class Histogram:
    """How often values (n) occur."""

    values: Floats
    x: str
    caption: str


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix: counts (classes, classes), a row for each true class, a column for each answer."""

    name: str
    labels: tuple[str, ...]
    counts: NDArray[np.int64]
    caption: str


@dataclass(frozen=True)
class Reliability:
    """How often answers are right, by how sure they are: bins (left, right, accuracy, examples)."""

    bins: tuple[tuple[float, float, float, int], ...]
    caption: str


@dataclass(frozen=True)
class Picture:
    """Pixels: uint8, (height, width) grey or (height, width, 3) in colour."""

    pixels: NDArray[np.uint8]
    caption: str = ""


@dataclass(frozen=True)
class Sound:
    """A wave (time,) of samples from −1 to 1 that can be heard.

    Args:
        values: the samples.
        rate: samples a second.
        caption: what it is.
    """

    values: Floats
    rate: int
    caption: str = ""


@dataclass(frozen=True)
class Curve:
    """Values (steps, channels) at a glance, a curve for each channel, without axes."""

    values: Floats


@dataclass(frozen=True)
class Group:
    """Figures side by side, under a title of their own."""

    figures: "tuple[Figure, ...]"
    title: str = ""


Figure: TypeAlias = (
    Paragraph
    | Text
    | Table
    | Bars
    | Lines
    | Scatter
    | Histogram
    | Matrix
    | Reliability
    | Picture
    | Sound
    | Curve
    | Group
)


def shown(value: Cell, unit: str = "") -> str:
    """A value of a table as text: – where it is not defined; thousands are divided."""
    if isinstance(value, str | bool):
        return str(value)
    if np.isnan(value):
        return "–"
    return f"{100 * value:.1f} %" if unit == "share" else number(value)


def flat(figures: Sequence[Figure]) -> list[Any]:
    """The figures, and those inside groups, in order."""
    return [one for each in figures for one in (flat(each.figures) if isinstance(each, Group) else [each])]
