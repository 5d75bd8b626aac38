"""`evaluate`: a run's metrics on its own or on other data; for a classification also by class."""

import json
import math
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weftnet.base.scores import score_of
from weftnet.compete import competition as compete
from weftnet.data import Data
from weftnet.data.opening import reopen
from weftnet.errors import DataError
from weftnet.report.judged import ClassScore, by_class, confusion, judge
from weftnet.run.loading import BATCH, Loaded, load

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
    judged = judge(loaded, data.batches(split, BATCH))
    labels = loaded.task.settings().get("labels") if judged is not None and judged.probabilities is not None else None
    counts = confusion(judged, len(labels)) if judged is not None and labels else None
    classes = by_class(counts, labels) if counts is not None and labels else []
    if as_json:
        document: dict[str, Any] = {
            "run": str(loaded.run.folder), "data": data.source, "split": split, "examples": data.sizes[split],
            "metrics": {name: _plain(value) for name, value in metrics.items()},
        }  # fmt: skip
        if counts is not None:
            document["classes"] = {
                each.label: {"precision": _plain(each.precision), "recall": _plain(each.recall), "f1": _plain(each.f1),
                             "count": each.count}
                for each in classes
            }  # fmt: skip
            document["confusion"] = counts.tolist()
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(f"{escape(data.name)}, {split}: {data.sizes[split]} examples", highlight=False)
    shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in metrics.items():
        shown.add_row(name, score_of(name, value))
    console.print(shown)
    if counts is not None:
        console.print(_by_class(classes))
        if len(classes) <= _PRINTED:
            console.print(_matrix([each.label for each in classes], counts.tolist()))


def data_of(loaded: Loaded, source: str | None) -> Data:
    """The run's own data, or other data opened in the same way; both with the target, if the task has one.

    Raises:
        DataError: the data can't be read, have changed since the run was trained on them, or lack the target.
    """
    state = loaded.run.json("data.json")
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
    if data.target is not None and first.target is None:
        raise DataError(
            f"the data have no column {state['target']!r}, which the run predicts",
            where=data.source,
            fix="add the column; or ask only for answers: weftnet predict",
        )
    return data


def split_of(data: Data) -> str:
    """The split that a run is judged by: the first that exists of test, validation and train."""
    return next(split for split in ("test", "validation", "train") if data.sizes.get(split))


def _by_class(classes: list[ClassScore]) -> Table:
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("class", "precision", "recall", "F1", "examples"):
        shown.add_column(name, justify="left" if name == "class" else "right")
    for each in classes:
        shares = [_percent(value) for value in (each.precision, each.recall, each.f1)]
        shown.add_row(escape(each.label), *shares, str(each.count))
    return shown


def _matrix(labels: list[str], counts: list[list[int]]) -> Table:
    title = "confusion: one row for each true class, one column for each predicted class"
    shown = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("")
    for label in labels:
        shown.add_column(escape(label[:8]), justify="right")
    for label, row in zip(labels, counts, strict=True):
        shown.add_row(escape(label), *(str(count) if count else "·" for count in row))
    return shown


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


def _plain(value: float) -> float | None:
    """The value for JSON, which has no NaN."""
    return value if math.isfinite(value) else None
