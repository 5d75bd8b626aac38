"""`evaluate`: a run's metrics on its own or on other data, and the tables of its task's judge."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import rich.table as rich
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape

from weftnet.base.figures import Cell, Matrix, Table, flat
from weftnet.base.scores import in_unit
from weftnet.compete import competition as compete
from weftnet.data import Data
from weftnet.data.opening import reopen
from weftnet.errors import DataError
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded, load
from weftnet.tasks._judgement import Judgement

#: The confusion matrix is printed for at most this many classes.
_PRINTED = 20


def evaluate_command(run: Path, source: str | None, split: str | None, as_json: bool) -> None:
    """Print metrics.

    Raises:
        DataError: the data can't be read, lack the target, or have no such split.
    """
    loaded = load(compete.best_run(run))
    data = data_of(loaded, source)
    split = split or split_of(data)
    metrics = loaded.metrics(data, split)
    judgement = judge(loaded, data, split)
    figures = flat([figure for section in judgement.sections for figure in section.figures])
    if as_json:
        document: dict[str, Any] = {
            "run": str(loaded.run.folder), "data": data.source, "split": split, "examples": data.sizes[split],
            "notes": data.notes,
            "metrics": {name: _plain(value) for name, value in metrics.items()},
            **_document(judgement, loaded.task.score),
            **{each.name: _content(each) for each in figures if isinstance(each, Table | Matrix)},
        }  # fmt: skip
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(f"{escape(data.name)}, {split}: {data.sizes[split]} examples", highlight=False)
    for note in data.notes:
        console.print(f"note    {note}", highlight=False, markup=False, soft_wrap=True)
    shown = rich.Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in metrics.items():
        shown.add_row(name, in_unit(value, loaded.scoring.unit(name)))
    own = loaded.scoring.own
    if bounds := judgement.interval:
        shown.add_row(f"{own.name}, 95 % interval", bounds.text(own))
    if trivial := judgement.baseline:
        shown.add_row(f"{own.name}, {escape(trivial.what)}", own.text(trivial.score))
    console.print(shown)
    for figure in figures:
        if isinstance(figure, Table):
            console.print(_table(figure))
        elif isinstance(figure, Matrix) and len(figure.labels) <= _PRINTED:
            console.print(_matrix(figure))


def data_of(loaded: Loaded, source: str | None) -> Data:
    """The run's own data, or other data opened in the same way; both with the target, if the task has one.

    Raises:
        DataError: the data can't be read, have changed since the run was trained on them, or lack the target.
    """
    state, origin = loaded.run.json("data.json"), loaded.run.facts.origin
    if source is None and origin is not None:
        what, fix = (
            "it was trained on data that are not here",
            f"name others: weftnet evaluate {loaded.run.folder} DATA",
        )
        raise DataError(what, where=str(loaded.run.folder), got=f"published weights: {origin.text}", fix=fix)
    data = reopen(state, source)
    if source is None and data.fingerprint != state["fingerprint"]:
        raise DataError(
            "the data are not those that the run was trained on: its splits can't be restored",
            where=data.source,
            expected=f"fingerprint {state['fingerprint']}",
            got=data.fingerprint,
            fix=f"restore them, or evaluate on all rows of the new data: weftnet evaluate RUN {data.source}",
        )
    first = next((batch for split in data.sizes if data.sizes[split] for batch in data.batches(split, 1)), None)
    if first is None:
        raise DataError("there is nothing to evaluate", where=data.source, got="no rows")
    if data.target is not None and not first.targets:
        raise DataError(
            f"the data have no column {state['target']!r}, which the run predicts",
            where=data.source,
            fix="add the column; or ask only for answers: weftnet predict",
        )
    return data


def split_of(data: Data) -> str:
    """The split that a run is judged by: the first that exists of test, validation and train."""
    return next(split for split in ("test", "validation", "train") if data.sizes.get(split))


def _document(judgement: Judgement, metric: str) -> dict[str, Any]:
    """Interval and baseline of the task's own score."""
    parts = {"interval": judgement.interval, "baseline": judgement.baseline}
    return {name: {"metric": metric, **asdict(part)} for name, part in parts.items() if part is not None}


def _content(figure: Table | Matrix) -> Any:
    """The figure's values: of a table by row, then by column."""
    if isinstance(figure, Matrix):
        return figure.counts.tolist()
    names = [name.lower().replace(" ", "_") for name in figure.columns[1:]]
    return {
        str(row[0]): {name: _plain(value) for name, value in zip(names, row[1:], strict=True)} for row in figure.rows
    }


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


def _plain(value: Cell) -> Cell | None:
    """The value for JSON, which has no NaN."""
    return value if isinstance(value, str) or math.isfinite(value) else None
