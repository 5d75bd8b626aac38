"""`explain`: the answers, what speaks for them, and how far to trust that; a page with drawings if asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

#: examples that are explained where no row is named, and parts of each that are told
_SHOWN, _TOLD = 4, 5
#: share of the difference that attributions may leave out without a word
_MISSING = 0.05


@dataclass(frozen=True)
class Asked:
    """What is to be explained, and how.

    Args:
        sources: files and folders; with neither sources nor texts the run's own data.
        texts: sentences.
        rows: of the sources, from 1; none for the first ones, of the run's own data the first of the test part.
        method: by name.
        target: a label; None for the predicted one.
        checks: how many examples the sanity checks are measured on.
        settings: of the method.
        seed: of re-drawn weights and random orders.
    """

    sources: Sequence[str]
    texts: Sequence[str]
    rows: Sequence[int]
    method: str
    target: str | None
    checks: int
    settings: Mapping[str, Any]
    seed: int


def explain_command(folder: Path, asked: Asked, out: Path | None) -> None:
    """Print explanations and their checks, and write the page.

    Raises:
        WeftnetError: a source can't be read, a row is not there, or the method can't be used.
    """
    loaded = load(compete.best_run(folder))
    found: list[tuple[str, Explanation]] = []
    for each in examples(loaded, asked.sources, asked.texts, asked.rows, _SHOWN):
        told = explain.attribute(loaded, each.batch, asked.method, asked.target, **asked.settings)
        found += zip(each.names, told, strict=True)
    console = Console()
    console.print(_table(found))
    if hint := _hint(found):
        console.print(hint, highlight=False, markup=False)
    trust = _trust(loaded, asked)
    if trust:
        console.print(_grid(trust))
    if out is not None:
        write_text(out, _page(loaded, asked, found, trust))
        console.print(f"\npage    {out}", highlight=False, markup=False, soft_wrap=True)


def _hint(found: Sequence[tuple[str, Explanation]]) -> str:
    """What to do where the attributions don't add up."""
    worst = max((each.checks.get("missing_share", 0.0) for _, each in found), default=0.0)
    if worst <= _MISSING:
        return ""
    return (
        f"up to {worst:.0%} of the difference is not accounted for: take more steps (--set steps=1024) or occlusion\n"
    )


def _trust(loaded: Loaded, asked: Asked) -> list[tuple[str, str, str]]:
    """What the checks say: question, answer, figures. They are measured on the first examples of the first source."""
    if not asked.checks:
        return []
    first = examples(loaded, asked.sources[:1], asked.texts, (), asked.checks)[0]
    found = explain.checks(loaded, first.batch, asked.method, asked.seed, asked.target, **asked.settings)
    rows = [(question, *told) for question, told in explain.verdicts(found).items()]
    if "edges" in found:
        rows.append(("likeness to the picture's edges", f"{found['edges']:.2f}", "rank correlation of the magnitudes"))
    measured = f"example{'s' * (first.batch.size > 1)}; the fewer, the less it says"
    return [*rows, ("measured on", str(first.batch.size), measured)]


def _grid(rows: Sequence[tuple[str, str, str]]) -> Table:
    shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name in ("question", "answer", "figures"):
        shown.add_column(name)
    for row in rows:
        shown.add_row(*map(escape, row))
    return shown


def _table(found: Sequence[tuple[str, Explanation]]) -> Table:
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    names = ["example", "explained", "strongest pieces"]
    names += list(found[0][1].checks) if found else []
    for name in names:
        shown.add_column(name, justify="right" if name not in ("example", "explained", "strongest pieces") else "left")
    for row, each in found:
        parts = ", ".join(
            f"{f'{part.name} = {part.value}' if part.value else part.name} {part.attribution:+.3g}"
            for part in each.strongest(_TOLD)
        )
        shown.add_row(*map(escape, (row, headline(each), parts)), *(f"{value:.2g}" for value in each.checks.values()))
    return shown


def _page(
    loaded: Loaded, asked: Asked, found: Sequence[tuple[str, Explanation]], trust: Sequence[tuple[str, str, str]]
) -> str:
    against = found[0][1].compared_with if found else {}
    body = [
        paragraph(f"{asked.method} of {loaded.run.folder.name}."),
        *(paragraph(f"{name}: compared with {text}.", soft=True) for name, text in against.items() if text),
        *(section(row, explain.draw(each)) for row, each in found),
    ]
    if trust:
        body.append(section("How far to trust it", table(["", "", "figures"], trust)))
    return page("Explanation", body)
