"""A comparison as tables: for a terminal, as Markdown, as LaTeX."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from weftnet.base.typeset import latex, markdown, marked_down
from weftnet.base.units import duration
from weftnet.compete.compare import Comparison

Form: TypeAlias = Literal["markdown", "latex"]
_NOTE = (
    "lead: mean ± 95 % interval over seeds and examples, paired by both; p: corrected for the number of pairs of "
    "rows (Holm). The best row was picked by its validation score."
)


@dataclass(frozen=True)
class Shown:
    """A table.

    Args:
        title: what it shows.
        head: names of its columns.
        rows: texts.
        left: columns of words.
        best: a row that stands out.
    """

    title: str
    head: tuple[str, ...]
    rows: list[list[str]]
    left: tuple[int, ...]
    best: int | None = None


def tables(result: Comparison) -> list[Shown]:
    """The rows with their scores, best first, and the best one's differences from the others, if there are any."""
    factor, digits, unit = result.score.scale
    over = " or ".join(sorted({"folds" if row.folds else "seeds" for row in result.rows}, reverse=True))
    rows = []
    for row in result.rows:
        scores = [row.interval(split) for split in ("validation", "test")]
        cells = [score.text(factor, digits) if score else "–" for score in scores]
        rows.append([row.name, str(row.seeds), *cells, duration(row.seconds)])
    title = f"{result.score.name}{unit}, mean ± 95 % interval over {over}"
    shown = [Shown(title, ("architecture", over, "validation", "test", "training"), rows, (0,), 0)]
    if result.differences:
        pairs = []
        for each in result.differences:
            p = "–" if each.p is None else f"{each.p:.3f}" if each.p >= 0.001 else "< 0.001"
            pairs.append([each.against, each.split, each.mean.text(factor, digits), p, each.verdict])
        head = ("architecture", "split", f"lead{unit}", "p", "")
        shown.append(Shown(f"{result.rows[0].name} against the others", head, pairs, (0, 1, 4)))
    return shown


def render(result: Comparison) -> Group:
    """The comparison for a terminal."""
    drawn = []
    for each in tables(result):
        table = Table(title=escape(each.title), title_justify="left", box=SIMPLE_HEAD)
        for place, name in enumerate(each.head):
            table.add_column(name, justify="left" if place in each.left else "right")
        for row in each.rows:
            table.add_row(*map(escape, row))
        drawn.append(table)
    return Group(*drawn, *([_NOTE] if result.differences else []))


def typeset(result: Comparison, form: Form) -> str:
    """The comparison as Markdown, or as LaTeX with booktabs."""
    note, parts = _NOTE if result.differences else "", []
    shown = tables(result)
    for each in shown:
        last = note if each is shown[-1] else ""
        if form == "latex":
            parts.append(latex(each.head, each.rows, each.left, best=each.best, caption=f"{each.title}.", note=last))
        else:
            table = markdown(each.head, each.rows, each.left)
            parts.append(f"**{marked_down(each.title)}**\n\n{table}" + (f"\n{marked_down(last)}\n" if last else ""))
    return "\n".join(parts)
