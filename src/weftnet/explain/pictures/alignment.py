"""An alignment as a table of squares: a row for each word written, a column for each piece read; darker is more."""

from html import escape

from weftnet.explain.explanation import Alignment

#: side of a square, width of a character, and the longest label, in pixels and characters
_SIDE, _WIDE, _LONGEST = 18, 7, 18


def draw_alignment(alignment: Alignment) -> str:
    """The squares as SVG, with the share of each in its title."""
    rows, columns = ([_short(word) for word in words] for words in (alignment.rows, alignment.columns))
    left, top = (12 + _WIDE * max(map(len, words), default=1) for words in (rows, columns))
    width, height = left + _SIDE * len(columns) + 4, top + _SIDE * len(rows) + 4
    parts = [f"<svg viewBox='0 0 {width} {height}' width={width} role=img aria-label='what each word was read from'>"]
    for place, word in enumerate(columns):
        x = left + _SIDE * place + 13
        parts.append(f"<text transform='translate({x},{top - 6}) rotate(-90)'>{escape(word)}</text>")
    for down, word in enumerate(rows):
        y = top + _SIDE * down
        parts.append(f"<text x={left - 6} y={y + 13} text-anchor=end>{escape(word)}</text>")
        for across, share in enumerate(alignment.shares[down].tolist()):
            title = f"{escape(word)} ← {escape(columns[across])}: {share:.2f}"
            parts.append(
                f"<rect x={left + _SIDE * across} y={y} width={_SIDE - 1} height={_SIDE - 1} fill='currentColor' "
                f"fill-opacity={min(1.0, max(0.03, share)):.3f}><title>{title}</title></rect>"
            )
    said = "<p class=quiet>What each word that was written looked at, from left to right in the source.</p>"
    return said + "".join(parts) + "</svg>"


def _short(word: str) -> str:
    word = word.strip() or "␣"
    return word if len(word) <= _LONGEST else word[: _LONGEST - 1] + "…"
