"""Pieces of HTML that a notebook shows, each with a style of its own: small tables, light on dark pages too."""

from collections.abc import Sequence
from html import escape

_CSS = """
.weftnet-shown{font:14px/1.45 system-ui,sans-serif;max-width:68rem;overflow-x:auto}
.weftnet-shown h4{margin:.2rem 0 .5rem;font-size:1.05em}
.weftnet-shown p{margin:.3rem 0}.weftnet-shown .soft{opacity:.7}
.weftnet-shown table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.4rem 0}
.weftnet-shown th,.weftnet-shown td{padding:.2rem .7rem .2rem 0;text-align:left;border-bottom:1px solid #8884;
vertical-align:top;background:none}
.weftnet-shown th{font-weight:500;opacity:.75}
.weftnet-shown td.number,.weftnet-shown th.number{text-align:right;padding:.2rem 0 .2rem .9rem}
.weftnet-shown tr.best td{font-weight:600}
.weftnet-shown progress{width:14rem;vertical-align:middle}
.weftnet-shown summary{cursor:pointer}
.weftnet-shown svg{max-width:100%;height:auto}
"""


def shown(*body: str) -> str:
    """A piece that stands alone; `body` is HTML."""
    return f"<div class=weftnet-shown><style>{_CSS}</style>{''.join(body)}</div>"


def short(text: str, letters: int) -> str:
    """A text within a drawing, shortened where it is longer; then with all of it as a tooltip."""
    return escape(text) if len(text) <= letters else f"{escape(text[: letters - 1])}…<title>{escape(text)}</title>"


def heading(text: str) -> str:
    """A title."""
    return f"<h4>{escape(text)}</h4>"


def line(text: str, soft: bool = False) -> str:
    """A line of text."""
    return f"<p{' class=soft' * soft}>{escape(text)}</p>"


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values."""
    return (
        "<table>"
        + "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
        + ("</table>")
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, best: int | None = None) -> str:
    """A table of texts.

    Args:
        head: names of the columns.
        rows: the cells.
        left: so many columns are words, the others numbers.
        best: the row that stands out.
    """
    kinds = ["" if place < left else " class=number" for place in range(len(head))]
    top = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, head, strict=True))
    lines = (
        f"<tr{' class=best' * (number == best)}>"
        + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True))
        + "</tr>"
        for number, row in enumerate(rows)
    )
    return f"<table><tr>{top}</tr>{''.join(lines)}</table>"


def folded(title: str, *body: str) -> str:
    """What is shown when somebody asks; `body` is HTML."""
    return f"<details><summary>{escape(title)}</summary>{''.join(body)}</details>"
