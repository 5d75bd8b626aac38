"""Runs side by side: means over seeds with confidence intervals, and differences paired by seed and example.

Runs of the same architecture and recipe that differ only in the seed form one row. The row that is best on the
validation split is compared with every other row, seed by seed and example by example: both are a sample
(`weftnet.base.significance`). With many rows some difference looks large by chance, so p is corrected (Holm) for the
number of all pairs of rows: whichever was the luckiest would have been the best, and its trainings are those that the
test split sees too. A difference is clear where the corrected p is below 0.05. One seed, or runs that don't know their
scores by example, can't tell. On the validation split, which picked the best, its lead is too large.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.foreign import reading
from weftnet.base.intervals import Interval, interval
from weftnet.base.scores import Score
from weftnet.base.significance import crossed, holm
from weftnet.compete.competition import FILE
from weftnet.errors import RunError
from weftnet.run.by_example import by_example
from weftnet.run.contents import scoring_of
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.tasks._scoring import Scoring


@dataclass(frozen=True)
class Row:
    """Runs that differ only in the seed.

    Args:
        name: of the first run's folder, without the seed.
        runs: their folders.
        scores: split → the score by seed.
        seconds: mean training time.
        examples: split → the score by seed, by group of examples.
        folds: of which each seed has one training; 0 for a test split that is the same for all.
    """

    name: str
    runs: tuple[str, ...]
    scores: dict[str, dict[int, float]]
    seconds: float
    examples: dict[str, dict[int, list[float]]] = field(default_factory=dict, repr=False)
    folds: int = 0

    @property
    def seeds(self) -> int:
        """Distinct seeds, or folds of all seeds; a run repeated with the same seed adds no information."""
        return max((len(scores) for scores in self.scores.values()), default=0)

    def interval(self, split: str) -> Interval | None:
        """Mean and interval of a split's score."""
        values = list(self.scores.get(split, {}).values())
        return interval(values) if values else None


@dataclass(frozen=True)
class Difference:
    """How much better the best row is than another, over the seeds that both have.

    Args:
        against: name of the other row.
        split: validation or test.
        mean: of the differences, above zero where the best row is better; with the interval over seeds and examples.
        p: corrected for the number of pairs of rows; None where nothing can be said.
        clear: p is below 0.05.
        why: nothing can be said.
    """

    against: str
    split: str
    mean: Interval
    p: float | None
    clear: bool = False
    why: str = ""

    @property
    def verdict(self) -> str:
        """In words."""
        return f"can't tell: {self.why}" if self.why else "clear" if self.clear else "not clear"


@dataclass(frozen=True)
class Comparison:
    """Rows, best first, and the best one's differences."""

    score: Score
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]

    def data(self) -> dict[str, Any]:
        """As JSON."""
        parts = asdict(self)
        score = parts.pop("score")
        for row in parts["rows"]:
            del row["examples"]
        return {"metric": score["name"], "better": score["better"], "unit": score["unit"], **parts}


def compare(folders: Sequence[str | Path], chosen: str = "") -> Comparison:
    """Compare runs, or all runs of competitions.

    Args:
        folders: of runs or competitions.
        chosen: the metric by which they are compared; "" for the one that decided in the first run.

    Raises:
        RunError: a folder holds no run, runs have different tasks or data, or none is finished and has the metric.
    """
    runs = [Run.open(run) for folder in folders for run in _expand(Path(folder))]
    finished = [run for run in runs if run.facts.scores is not None]
    if not finished:
        raise RunError("none of these runs is finished and evaluated", where=", ".join(map(str, folders)))
    tasks = {run.facts.task.name for run in finished}
    fingerprints = {run.facts.data.fingerprint for run in finished}
    if len(tasks) > 1 or len(fingerprints) > 1:
        got = ", ".join(sorted(tasks)) if len(tasks) > 1 else f"{len(fingerprints)} different data sets"
        raise RunError("only runs of one task on the same data can be compared", got=got)
    scoring = scoring_of(finished[0])
    score = Scoring(scoring.task, scoring.more, chosen or scoring.chosen).deciding
    finished = [run for run in finished if any(score.name in metrics for metrics in (run.facts.scores or {}).values())]
    if not finished:
        raise RunError(
            f"none of these runs was evaluated by {score.name}", fix="train with --metric, or compare by another"
        )
    groups: dict[str, list[Run]] = {}
    for run in finished:
        groups.setdefault(_identity(run), []).append(run)
    rows = _named([_row(group, score.name) for group in groups.values()])
    rows.sort(key=lambda row: score.lead(0.0, _mean(row)))
    best = rows[0]
    differences = [difference for row in rows[1:] for difference in _differences(best, row, score)]
    return Comparison(score, tuple(rows), tuple(_corrected(differences)))


def _expand(folder: Path) -> list[Path]:
    with reading(folder, error=RunError):
        if not (folder / FILE).is_file():
            return [folder]
        return sorted(path.parent for path in folder.glob("*/run.json"))


def _identity(run: Run) -> str:
    recipe = {name: value for name, value in run.json("recipe.json").items() if name != "seed"}
    task, last = asdict(run.facts.task), TASKS.get(run.facts.task.name).learnt_last
    task["settings"] = {name: each for name, each in run.facts.task.settings.items() if name not in last}
    own = [run.text("architecture.yaml"), task]
    if _fold(run)[1]:  # of each fold it learns other means and shares of classes
        own = [str(run.folder.parent), _stem(run), run.facts.task.name]
    text = json.dumps([recipe, own], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _row(group: Sequence[Run], metric: str) -> Row:
    name = _stem(group[0])
    scores: dict[str, dict[int, float]] = {}
    examples: dict[str, dict[int, list[float]]] = {}
    for run in group:
        fold, folds = _fold(run)
        known, key = {} if folds else by_example(run, metric), run.facts.seed * max(folds, 1) + fold
        for split, metrics in (run.facts.scores or {}).items():
            if metric in metrics:
                scores.setdefault(split, {})[key] = metrics[metric]
                examples.setdefault(split, {})[key] = known.get(split, [])
    seconds = sum(run.facts.seconds or 0.0 for run in group) / len(group)
    return Row(name, tuple(str(run.folder) for run in group), scores, seconds, examples, _fold(group[0])[1])


def _stem(run: Run) -> str:
    """The name of a run's folder without seed and fold."""
    return re.sub(r"-seed\d+(-fold\d+)?$", "", run.folder.name)


def _fold(run: Run) -> tuple[int, int]:
    """The fold that is the run's test split, and of how many; (0, 0) without folds. Folds share no examples."""
    spec = run.json("data.json").get("splits")
    return (int(spec["fold"]), int(spec["folds"])) if isinstance(spec, dict) and "folds" in spec else (0, 0)


def _named(rows: Sequence[Row]) -> list[Row]:
    """Rows of the same name also get their folder's name, a/mlp and b/mlp; where that is the same too, a number."""
    names = Counter(row.name for row in rows)
    rows = [
        replace(row, name=f"{Path(row.runs[0]).parent.name}/{row.name}") if names[row.name] > 1 else row for row in rows
    ]
    names, seen = Counter(row.name for row in rows), Counter[str]()
    unique = []
    for row in rows:
        seen[row.name] += 1
        unique.append(replace(row, name=f"{row.name} ({seen[row.name]})") if names[row.name] > 1 else row)
    return unique


def _corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Holm's correction, for each split on its own, for all pairs of rows that could have been the best and another."""
    corrected = list(differences)
    for split in {difference.split for difference in differences}:
        tested = [(i, each.p) for i, each in enumerate(differences) if each.split == split and each.p is not None]
        pairs = (len(tested) + 1) * len(tested) // 2
        for (i, _), p in zip(tested, holm([p for _, p in tested], pairs), strict=True):
            corrected[i] = replace(differences[i], p=p, clear=p < 0.05)
    return corrected


def _mean(row: Row) -> float:
    score = row.interval("validation") or row.interval("test")
    return score.mean if score else 0.0


def _differences(best: Row, other: Row, score: Score) -> list[Difference]:
    differences = []
    for split, scores in best.scores.items():
        shared = sorted(scores.keys() & other.scores.get(split, {}).keys())
        if shared:
            leads = [score.lead(scores[seed], other.scores[split][seed]) for seed in shared]
            sides = [[row.examples.get(split, {}).get(seed, []) for seed in shared] for row in (best, other)]
            differences.append(_tested(other.name, split, leads, sides, score))
    return differences


def _tested(
    against: str, split: str, leads: Sequence[float], sides: Sequence[Sequence[Sequence[float]]], score: Score
) -> Difference:
    """The difference over seeds and examples.

    Args:
        against, split: of the difference.
        leads: by seed.
        sides: of the best row and the other one, the score by seed and group of examples.
        score: that is compared.
    """
    mean = replace(interval(leads), half=None)
    if len(leads) < 2:
        return Difference(against, split, mean, None, why="one seed")
    if len({len(groups) for side in sides for groups in side}) > 1 or not sides[0][0]:
        return Difference(against, split, mean, None, why="no scores by example")
    one, two = (np.array(side).T for side in sides)
    tested = crossed(one - two if score.better == "max" else two - one)
    if tested is None:
        return Difference(against, split, mean, None, why="one example")
    return Difference(against, split, replace(mean, half=tested.half), tested.p)
