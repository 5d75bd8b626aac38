"""`explain`: the answers, the pieces that support them, and sanity checks; optionally a page with drawings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from weftnet.base.files import write_text
from weftnet.cli._output import Output
from weftnet.compete import competition as compete
from weftnet.explain import Explanation
from weftnet.explain.drawing import headline
from weftnet.library.explaining import Request, explained, pieces
from weftnet.run.loading import load

#: pieces of each explanation in JSON
_PIECES = 20


def explain_command(folder: Path, request: Request, out: Path | None, output: Output) -> None:
    """Print explanations and their checks, and write the page.

    Raises:
        WeftnetError: a source can't be read, a row is not there, or the method can't be used.
    """
    loaded, console = load(compete.best_run(folder)), output.console()
    told = explained(loaded, request)
    console.print(_table(told.named))
    if told.hint:
        console.print(told.hint, highlight=False, markup=False)
    if told.trust:
        console.print(_grid(told.trust))
    if out is not None:
        write_text(out, told.page())
        output.say("", f"page    {out}")
    output.end({
        "run": loaded.run.folder, "method": told.request.method,
        "examples": [_document(name, each) for name, each in told.named],
        "trust": [dict(zip(("question", "answer", "figures"), row, strict=True)) for row in told.trust],
        "page": out,
    }, out)  # fmt: skip


def _document(name: str, explanation: Explanation) -> dict[str, Any]:
    """An explanation as data: what is explained, and the strongest pieces."""
    pieces = [
        {"name": piece.name, "value": piece.value, "attribution": piece.attribution}
        for piece in explanation.strongest(_PIECES)
    ]
    return {"example": name, "explained": headline(explanation), "pieces": pieces, "checks": explanation.checks}


def _grid(rows: Sequence[tuple[str, str, str]]) -> Table:
    shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name in ("question", "answer", "figures"):
        shown.add_column(name)
    for row in rows:
        shown.add_row(*map(escape, row))
    return shown


def _table(explained: Sequence[tuple[str, Explanation]]) -> Table:
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    names = ["example", "explained", "strongest pieces"]
    names += list(explained[0][1].checks) if explained else []
    for name in names:
        shown.add_column(name, justify="right" if name not in ("example", "explained", "strongest pieces") else "left")
    for row, each in explained:
        checks = (f"{value:.2g}" for value in each.checks.values())
        shown.add_row(*map(escape, (row, headline(each), pieces(each))), *checks)
    return shown
