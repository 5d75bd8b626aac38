"""`explain`: the answers, the pieces that support them, and sanity checks; optionally a page with drawings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weftnet import explain
from weftnet.base.files import write_text
from weftnet.cli.commands.explain_examples import examples
from weftnet.compete import competition as compete
from weftnet.explain import Explanation
from weftnet.explain.drawing import headline
from weftnet.report.page import page, paragraph, section, table
from weftnet.run.loading import Loaded, load

#: Examples that are explained if no row is named, and pieces that are listed for each.
_EXAMPLES, _PIECES = 4, 5
#: Share of the difference that attributions may leave unexplained without a hint.
_MISSING = 0.05


@dataclass(frozen=True)
class Request:
    """What is to be explained, and how.

    Args:
        sources: files and folders; without sources and texts, the run's own data.
        texts: sentences.
        rows: of the sources, from 1; () for the first ones, for the run's own data the first of the test split.
        method: by name; None for the one that suits the network.
        target: a label; None for the predicted one.
        checks: how many examples the sanity checks are measured on.
        settings: of the method.
        seed: of randomised weights and random orders.
    """

    sources: Sequence[str]
    texts: Sequence[str]
    rows: Sequence[int]
    method: str | None
    target: str | None
    checks: int
    settings: Mapping[str, Any]
    seed: int


def explain_command(folder: Path, request: Request, out: Path | None) -> None:
    """Print explanations and their checks, and write the page.

    Raises:
        WeftnetError: a source can't be read, a row is not there, or the method can't be used.
    """
    loaded = load(compete.best_run(folder))
    request = replace(request, method=request.method or explain.default_method(loaded))
    explained: list[tuple[str, Explanation]] = []
    for each in examples(loaded, request.sources, request.texts, request.rows, _EXAMPLES):
        explanations = explain.attribute(loaded, each.batch, request.method, request.target, **request.settings)
        explained += zip(each.names, explanations, strict=True)
    console = Console()
    console.print(_table(explained))
    if hint := _hint(explained):
        console.print(hint, highlight=False, markup=False)
    trust = _trust(loaded, request)
    if trust:
        console.print(_grid(trust))
    if out is not None:
        write_text(out, _page(loaded, request, explained, trust))
        console.print(f"\npage    {out}", highlight=False, markup=False, soft_wrap=True)


def _hint(explained: Sequence[tuple[str, Explanation]]) -> str:
    """A hint for attributions that don't add up to the difference."""
    worst = max((each.checks.get("missing_share", 0.0) for _, each in explained), default=0.0)
    if worst <= _MISSING:
        return ""
    return f"up to {worst:.0%} of the difference is not accounted for: use more steps (--set steps=1024) or occlusion\n"


def _trust(loaded: Loaded, request: Request) -> list[tuple[str, str, str]]:
    """The checks as (question, answer, figures), measured on the first examples of the first source."""
    if not request.checks:
        return []
    first = examples(loaded, request.sources[:1], request.texts, (), request.checks)[0]
    checks = explain.checks(loaded, first.batch, request.method, request.seed, request.target, **request.settings)
    rows = [(question, *verdict) for question, verdict in explain.verdicts(checks).items()]
    if "edges" in checks:
        rows.append(("similarity to the image's edges", f"{checks['edges']:.2f}", "rank correlation of the magnitudes"))
    measured = f"example{'s' * (first.batch.size > 1)}; few examples say little"
    return [*rows, ("measured on", str(first.batch.size), measured)]


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
        pieces = ", ".join(
            f"{f'{piece.name} = {piece.value}' if piece.value else piece.name} {piece.attribution:+.3g}"
            for piece in each.strongest(_PIECES)
        )
        shown.add_row(*map(escape, (row, headline(each), pieces)), *(f"{value:.2g}" for value in each.checks.values()))
    return shown


def _page(
    loaded: Loaded,
    request: Request,
    explained: Sequence[tuple[str, Explanation]],
    trust: Sequence[tuple[str, str, str]],
) -> str:
    against = explained[0][1].compared_with if explained else {}
    body = [
        paragraph(f"{request.method} of {loaded.run.folder.name}."),
        *(paragraph(f"{name}: compared with {text}.", soft=True) for name, text in against.items() if text),
        *(section(row, explain.draw(each)) for row, each in explained),
    ]
    if trust:
        body.append(section("How far to trust it", table(["", "", "figures"], trust)))
    return page("Explanation", body)
