"""Runs side by side: means over seeds with confidence intervals, and differences seed by seed.

Runs of one architecture and one recipe that differ in the seed alone are one row. Two rows are told apart by the paired
difference over the seeds they share: where its 95 % interval leaves out zero, the one is better.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table

from netloom.compete import FILE
from netloom.errors import RunError
from netloom.intervals import Interval, interval
from netloom.run import Run
from netloom.tasks import TASKS
from netloom.units import duration


@dataclass(frozen=True)
class Row:
    """Runs that differ in the seed alone.

    Args:
        name: of the first one's folder, without the seed.
        runs: their folders.
        scores: split → the score by seed.
        seconds: mean training time.
    """

    name: str
    runs: tuple[str, ...]
    scores: dict[str, dict[int, float]]
    seconds: float

    def interval(self, split: str) -> Interval | None:
        """Mean and interval of a split's score."""
        values = list(self.scores.get(split, {}).values())
        return interval(values) if values else None


@dataclass(frozen=True)
class Difference:
    """How much better the best row is than another, over the seeds both have."""

    against: str
    split: str
    mean: Interval
    clear: bool


@dataclass(frozen=True)
class Comparison:
    """Rows, best first, and the best one's differences."""

    metric: str
    better: str
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]

    def data(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def compare(folders: Sequence[str | Path]) -> Comparison:
    """Compare runs, or all runs of competitions.

    Raises:
        RunError: a folder is no run, runs are of different tasks or data, or none is finished.
    """
    runs = [Run.open(folder) for given in folders for folder in _expand(Path(given))]
    finished = [run for run in runs if "scores" in run.document]
    if not finished:
        raise RunError("none of these runs is finished and evaluated", where=", ".join(map(str, folders)))
    tasks = {run.document["task"]["name"] for run in finished}
    prints = {run.document["data"].get("fingerprint") for run in finished}
    if len(tasks) > 1 or len(prints) > 1:
        got = ", ".join(sorted(tasks)) if len(tasks) > 1 else f"{len(prints)} different data sets"
        raise RunError("only runs of one task on the same data compare", got=got)
    task = TASKS.get(tasks.pop())
    groups: dict[str, list[Run]] = {}
    for run in finished:
        groups.setdefault(_identity(run), []).append(run)
    rows = [_row(group, task.score) for group in groups.values()]
    sign = -1 if task.better == "max" else 1
    rows.sort(key=lambda row: sign * _mean(row))
    best = rows[0]
    found = [difference for row in rows[1:] for difference in _differences(best, row, sign)]
    return Comparison(task.score, task.better, tuple(rows), tuple(found))


def render(result: Comparison) -> Group:
    """The comparison for a terminal."""
    from netloom.commands.show import scale_of

    factor, digits, unit = scale_of(result.metric)
    table = Table(title=f"{result.metric}{unit}, mean ± 95 % interval over seeds", title_justify="left")
    for name in ("architecture", "seeds", "validation", "test", "training"):
        table.add_column(name, justify="left" if name == "architecture" else "right")
    for row in result.rows:
        cells = [each.text(factor, digits) if (each := row.interval(s)) else "–" for s in ("validation", "test")]
        table.add_row(row.name, str(len(row.runs)), *cells, duration(row.seconds))
    pairs = Table(title=f"{result.rows[0].name} against the others, seed by seed", title_justify="left")
    for name in ("architecture", "split", "difference", ""):
        pairs.add_column(name)
    for found in result.differences:
        verdict = "clear" if found.clear else "not told apart"
        pairs.add_row(found.against, found.split, found.mean.text(factor, digits), verdict)
    return Group(table, pairs) if result.differences else Group(table)


def _expand(folder: Path) -> list[Path]:
    if not (folder / FILE).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/run.json"))


def _identity(run: Run) -> str:
    recipe = {name: value for name, value in run.json("recipe.json").items() if name not in ("seed", "budget", "steps")}
    text = run.text("architecture.yaml") + json.dumps([recipe, run.document["task"]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _row(group: Sequence[Run], metric: str) -> Row:
    name = group[0].folder.name.removesuffix(f"-seed{group[0].document['seed']}")
    scores: dict[str, dict[int, float]] = {}
    for run in group:
        for split, metrics in run.document["scores"].items():
            if metric in metrics:
                scores.setdefault(split, {})[run.document["seed"]] = metrics[metric]
    seconds = sum(float(run.document.get("seconds", 0)) for run in group) / len(group)
    return Row(name, tuple(str(run.folder) for run in group), scores, seconds)


def _mean(row: Row) -> float:
    found = row.interval("validation") or row.interval("test")
    return found.mean if found else 0.0


def _differences(best: Row, other: Row, sign: int) -> list[Difference]:
    found = []
    for split, scores in best.scores.items():
        shared = sorted(scores.keys() & other.scores.get(split, {}).keys())
        if not shared:
            continue
        mean = interval([-sign * (scores[seed] - other.scores[split][seed]) for seed in shared])
        found.append(Difference(other.name, split, mean, mean.half is not None and abs(mean.mean) > mean.half))
    return found
