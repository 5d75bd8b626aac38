"""A confusion matrix as SVG: a row for each true class, a column for each answer; readable from 2 to 50 classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from weftnet.base.language import attribute, spoken
from weftnet.base.numbers import number
from weftnet.base.units import amount
from weftnet.report.frame import LETTER

#: characters of a label that are shown; width of the legend in pixels
_SHORT, _LEGEND = 14, 175
#: up to how many classes the counts are printed in the cells
_PRINTED = 20


@dataclass(frozen=True)
class _Layout:
    """Where the matrix is drawn.

    Args:
        cell: side of a cell in pixels.
        left: of the first column.
        top: of the first row.
        upright: whether the labels of the columns are not rotated.
    """

    cell: int
    left: int
    top: int
    upright: bool

    @classmethod
    def of(cls, labels: Sequence[str]) -> "_Layout":
        n, longest = len(labels), max(len(label) for label in labels)
        cell = 52 if n <= 4 else 34 if n <= 10 else 26 if n <= _PRINTED else 14
        upright = longest <= 2 and cell >= 26
        return cls(cell, 16 + 7 * longest, 30 if upright else 14 + int(6.2 * longest), upright)


def heat_map(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """The matrix; a cell's colour is its share of its row, blue where truth and answer agree, red elsewhere.

    Args:
        labels: of the classes.
        counts: by true class, then by answer.
    """
    n = len(labels)
    short = [label if len(label) <= _SHORT else label[: _SHORT - 1] + "…" for label in labels]
    layout = _Layout.of(short)
    width, height = layout.left + max(n * layout.cell, _LEGEND) + 8, layout.top + n * layout.cell + 26
    legend = layout.top + n * layout.cell + 18
    below = spoken("rows: truth; columns: answer", "tspan")
    return "".join(
        [
            f"<svg viewBox='0 0 {width} {height}' width={width} role=img ",
            f"{attribute('aria-label', 'confusion matrix')}>",
            *_names(short, layout),
            *_cells(labels, counts, layout),
            f"<text class=soft x={layout.left} y={legend}>{below}</text></svg>",
        ]
    )


def _names(labels: Sequence[str], layout: _Layout) -> list[str]:
    """The labels of columns and rows."""
    font = " style='font-size:9px'" if layout.cell < 20 else ""
    anchor = "middle" if layout.upright else "start"
    elements = []
    for k, label in enumerate(labels):
        x, y = layout.left + (k + 0.5) * layout.cell, layout.top + (k + 0.5) * layout.cell
        rotation = "" if layout.upright else f" transform='rotate(-90 {x:.1f} {layout.top - 6})'"
        above = layout.top - (8 if layout.upright else 2)
        name = escape(label)
        elements.append(f"<text x={x:.1f} y={above} text-anchor={anchor}{rotation}{font}>{name}</text>")
        elements.append(f"<text x={layout.left - 6} y={y + 4:.1f} text-anchor=end{font}>{name}</text>")
    return elements


def _cells(labels: Sequence[str], counts: Sequence[Sequence[int]], layout: _Layout) -> list[str]:
    """The cells, each with a tooltip, and their counts where there is room."""
    cell, elements = layout.cell, []
    for row, line in enumerate(counts):
        total = sum(line)
        for column, count in enumerate(line):
            x, y = layout.left + column * cell, layout.top + row * cell
            colour = "var(--c0)" if row == column else "var(--c1)"
            strength = 0.0 if not count else 0.12 + 0.88 * count / total
            tooltip = f"{labels[row]} predicted as {labels[column]}: {number(count)} of {number(total)}"
            square = f"<rect x={x} y={y} width={cell - 1} height={cell - 1} rx=2"
            elements.append(
                f"{square} fill='var(--line)' fill-opacity=.35 />"
                f"{square} fill='{colour}' fill-opacity={strength:.2f}><title>{escape(tooltip)}</title></rect>"
            )
            if count and len(labels) <= _PRINTED:
                ink = " style='fill:var(--paper)'" if strength > 0.55 else ""
                place = f"x={x + cell / 2 - 0.5:.1f} y={y + cell / 2 + 4:.1f}"
                text = str(count) if len(str(count)) * LETTER <= cell else amount(count).replace(" ", "")
                size = f" textLength={cell - 2} lengthAdjust=spacingAndGlyphs" if len(text) * LETTER > cell else ""
                elements.append(f"<text {place} text-anchor=middle{ink}{size}>{text}</text>")
    return elements
