"""A confusion matrix as SVG: a line for each true class, a column for each answer; readable from 2 to 50 classes."""

from collections.abc import Sequence
from html import escape

#: characters of a label that are shown; pixels that the sentence below takes
_SHORT, _LEGEND = 14, 175
#: classes up to which counts stand in the cells
_COUNTED = 20


def heat_map(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """The matrix; a cell's colour is its share of its line, blue where truth and answer agree, red where they don't.

    Args:
        labels: of the classes.
        counts: by true class, then by answer.
    """
    n = len(labels)
    cell = 52 if n <= 4 else 34 if n <= 10 else 26 if n <= _COUNTED else 14
    shown = [label if len(label) <= _SHORT else label[: _SHORT - 1] + "…" for label in labels]
    left = 16 + max(7 * len(label) for label in shown)
    upright = max(len(label) for label in shown) <= 2 and cell >= 26
    top = 30 if upright else 14 + int(max(6.2 * len(label) for label in shown))
    width, height = left + max(n * cell, _LEGEND) + 8, top + n * cell + 26
    parts = [f"<svg viewBox='0 0 {width} {height}' width={width} role=img aria-label='confusion matrix'>"]
    font = " style='font-size:9px'" if cell < 20 else ""
    for k, label in enumerate(shown):
        across, down = left + k * cell + cell / 2, top + k * cell + cell / 2
        turned = "" if upright else f" transform='rotate(-90 {across:.1f} {top - 6})'"
        anchor = "middle" if upright else "start"
        name = escape(label)
        parts.append(
            f"<text x={across:.1f} y={top - (8 if upright else 2)} text-anchor={anchor}{turned}{font}>{name}</text>"
        )
        parts.append(f"<text x={left - 6} y={down + 4:.1f} text-anchor=end{font}>{name}</text>")
    for row, line in enumerate(counts):
        total = sum(line) or 1
        for column, count in enumerate(line):
            x, y = left + column * cell, top + row * cell
            share = count / total
            colour = "var(--c0)" if row == column else "var(--c1)"
            strength = 0.0 if not count else 0.12 + 0.88 * share
            told = f"{labels[row]} taken for {labels[column]}: {count} of {sum(line)}"
            parts.append(
                f"<rect x={x} y={y} width={cell - 1} height={cell - 1} rx=2 fill='var(--line)' fill-opacity=.35 />"
                f"<rect x={x} y={y} width={cell - 1} height={cell - 1} rx=2 fill='{colour}' "
                f"fill-opacity={strength:.2f}><title>{escape(told)}</title></rect>"
            )
            if count and n <= _COUNTED:
                ink = " style='fill:var(--paper)'" if strength > 0.55 else ""
                place = f"x={x + cell / 2 - 0.5:.1f} y={y + cell / 2 + 4:.1f}"
                size = f" textLength={cell - 6} lengthAdjust=spacingAndGlyphs" if count > 9999 and cell < 34 else ""
                parts.append(f"<text {place} text-anchor=middle{ink}{size}>{count}</text>")
    below = top + n * cell + 18
    parts.append(f"<text class=soft x={left} y={below}>lines: truth; columns: answer</text></svg>")
    return "".join(parts)
