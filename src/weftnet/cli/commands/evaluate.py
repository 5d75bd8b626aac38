"""`evaluate`: a run's metrics on its own or on other data, and the tables of its task's judge."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import rich.table as rich
from rich.box import SIMPLE_HEAD
from rich.markup import escape

from weftnet.base.figures import Matrix, Table
from weftnet.cli._output import Output
from weftnet.compete import competition as compete
from weftnet.library.evaluating import evaluated, plain
from weftnet.run.loading import load
from weftnet.run.own_data import data_of
from weftnet.tasks._judgement import Judgement

#: The confusion matrix is printed for at most this many classes.
_PRINTED = 20


def evaluate_command(run: Path, source: str | None, split: str | None, output: Output) -> None:
    """Print metrics.

    Raises:
        DataError: the data can't be read, lack the target, or have no such split.
    """
    loaded = load(compete.best_run(run))
    data = data_of(loaded, source)
    told = evaluated(loaded, data, split)
    if not output.talks:
        document: dict[str, Any] = {
            "run": str(loaded.run.folder), "data": data.source, "split": told.split, "examples": data.sizes[told.split],
            "notes": data.notes,
            "metrics": {name: plain(value) for name, value in told.items()},
            **_document(told.judgement, loaded.task.score),
            **told.tables,
        }  # fmt: skip
        output.end(document, told[loaded.scoring.deciding.name])
        return
    console = output.console()
    console.print(f"{escape(data.name)}, {told.split}: {data.sizes[told.split]} examples", highlight=False)
    for note in data.notes:
        console.print(f"note    {note}", highlight=False, markup=False, soft_wrap=True)
    shown = rich.Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, text in told.lines:
        shown.add_row(escape(name), text)
    console.print(shown)
    for figure in told.figures:
        if isinstance(figure, Table):
            console.print(_table(figure))
        elif isinstance(figure, Matrix) and len(figure.labels) <= _PRINTED:
            console.print(_matrix(figure))


def _document(judgement: Judgement, metric: str) -> dict[str, Any]:
    """Interval and baseline of the task's own score."""
    parts = {"interval": judgement.interval, "baseline": judgement.baseline}
    return {name: {"metric": metric, **asdict(part)} for name, part in parts.items() if part is not None}


def _table(figure: Table) -> rich.Table:
    shown = rich.Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(figure.columns):
        shown.add_column(name, justify="right" if number else "left")
    for row in figure.rows:
        shown.add_row(*map(escape, figure.cells(row)))
    return shown


def _matrix(figure: Matrix) -> rich.Table:
    title = f"{figure.name}: one row for each true class, one column for each predicted class"
    shown = rich.Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("")
    for label in figure.labels:
        shown.add_column(escape(label[:8]), justify="right")
    for label, row in zip(figure.labels, figure.counts.tolist(), strict=True):
        shown.add_row(escape(label), *(str(count) if count else "·" for count in row))
    return shown
