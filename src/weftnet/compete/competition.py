"""Several architectures on the same data, under the same budget, with the same seeds: who is best, and why.

The winner is chosen by its mean score on the validation split; the test split is evaluated once for each run and only
reported. Every training has a run folder of its own below the competition's; `competition.json` names the winner.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from weftnet.base.files import read_json, write_json
from weftnet.base.intervals import Interval, interval
from weftnet.base.scores import Score
from weftnet.compete.jobs import Outcome
from weftnet.errors import RunError

FORMAT = 1
FILE = "competition.json"


@dataclass(frozen=True)
class Standing:
    """A candidate's line in the leaderboard."""

    name: str
    score: Interval
    test: Interval | None
    parameters: int
    flops: int
    seconds: float
    latency: float
    why: str = ""


@dataclass(frozen=True)
class Competition:
    """A finished competition.

    Args:
        folder: of the competition.
        data: name of the data.
        task: name of the task.
        score: that decides.
        standings: best first.
        outcomes: how each training ended.
        best: folder of the winning run; None if no training finished.
        reason: why it won.
    """

    folder: Path
    data: str
    task: str
    score: Score
    standings: tuple[Standing, ...]
    outcomes: tuple[Outcome, ...]
    best: Path | None
    reason: str

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "format": FORMAT,
            "data": self.data,
            "task": self.task,
            "metric": self.score.name,
            "better": self.score.better,
            "unit": self.score.unit,
            "best": None if self.best is None else self.best.name,
            "reason": self.reason,
            "standings": [asdict(standing) for standing in self.standings],
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
        }


def best_run(folder: str | Path) -> Path:
    """The folder of the run that won, for a competition's folder; otherwise the folder itself.

    Raises:
        RunError: the competition has no winner.
    """
    folder = Path(folder)
    if (folder / "run.json").is_file() or not (folder / FILE).is_file():
        return folder
    best = read_json(folder / FILE).get("best")
    if not isinstance(best, str) or Path(best).name != best:
        raise RunError("the competition has no winner", where=str(folder), fix="name one of its runs")
    return folder / best


def prepare(folder: Path, *, replace: bool) -> None:
    """Make the competition's folder; an earlier competition in it is deleted only with `replace`.

    Raises:
        RunError: the folder holds something else, or can't be made.
    """
    if folder.is_dir() and any(folder.iterdir()):
        if not replace:
            raise RunError("the folder is not empty", where=str(folder), fix="give another --out, or add --replace")
        if not (folder / FILE).is_file():
            raise RunError(
                "the folder holds something other than a competition", where=str(folder), fix="another --out"
            )
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"can't be created: {error.strerror}", where=str(folder)) from error
    write_json(folder / FILE, {"format": FORMAT, "best": None})


def rank(outcomes: Sequence[Outcome], score: Score, facts: Mapping[str, Mapping[str, Any]]) -> tuple[Standing, ...]:
    """The leaderboard: candidates that finished, best mean validation score first.

    Args:
        outcomes: of every training.
        score: that decides.
        facts: parameters, flops, latency and why of each candidate.
    """
    metric, standings = score.name, []
    for name in dict.fromkeys(outcome.name for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.name == name and metric in outcome.validation]
        if not mine:
            continue
        tests = [outcome.test[metric] for outcome in mine if metric in outcome.test]
        seconds = sum(outcome.seconds for outcome in mine) / len(mine)
        mean = interval([outcome.validation[metric] for outcome in mine])
        standings.append(Standing(name, mean, interval(tests) if tests else None, seconds=seconds, **facts[name]))
    return tuple(sorted(standings, key=lambda standing: score.lead(0.0, standing.score.mean)))


def winner(standings: Sequence[Standing], outcomes: Sequence[Outcome], score: Score) -> tuple[str | None, str]:
    """The folder of the winning run, and the reason in a sentence."""
    if not standings:
        return None, "no training finished"
    first, metric = standings[0], score.name
    pick, word = (max, "highest") if score.better == "max" else (min, "lowest")
    mine = [outcome for outcome in outcomes if outcome.name == first.name and metric in outcome.validation]
    best = pick(mine, key=lambda outcome: outcome.validation[metric])
    seeds = f"mean of {first.score.n} seeds" if first.score.n > 1 else "one seed"
    reason = f"{first.name} has the {word} validation {metric}, {score.text(first.score)} ({seeds})"
    if len(standings) > 1:
        second = standings[1]
        reason += f"; next is {second.name} with {score.text(second.score)}"
        gap = abs(first.score.mean - second.score.mean)
        halves = [half for half in (first.score.half, second.score.half) if half is not None]
        if halves and gap < max(halves):
            reason += ", within the spread over seeds: only more seeds can decide between them"
    unfinished = sum(outcome.status != "finished" for outcome in outcomes)
    if unfinished:
        reason += f"; {unfinished} of {len(outcomes)} trainings did not finish and were not considered"
    return best.folder, reason + ". The test split played no part in the choice."
