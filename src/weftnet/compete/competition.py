"""Several architectures on the same data, under the same budget, with the same seeds: who is best, and why.

The winner is chosen by its mean score on the validation split; the test split is evaluated once for each run and only
reported. Every training has a run folder of its own below the competition's; `competition.json` names the winner.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from weftnet.base import lock
from weftnet.base.files import read_json, write_json
from weftnet.base.foreign import reading
from weftnet.base.intervals import Interval, interval
from weftnet.base.numbers import number
from weftnet.base.replacing import MARK, clear, marked, occupied, pages, protect
from weftnet.base.scores import Score
from weftnet.base.units import amount
from weftnet.compete.jobs import Outcome
from weftnet.compete.trained import Trained
from weftnet.errors import RunError
from weftnet.train.own import own_files as run_files

FORMAT = 1
FILE = "competition.json"


@dataclass(frozen=True)
class Standing:
    """A candidate's line in the leaderboard.

    Args:
        name: of the candidate.
        score: on the validation split, of the metric that decides.
        test: the same on the test split, None if there is none.
        parameters: of all its networks.
        flops: of a forward pass, per example.
        seconds: mean training time.
        latency: seconds for one example.
        why: it was worth trying.
        metrics: split → every metric by name.
        trained: how far its trainings got, in the mean.
        baseline: whether it is what networks have to beat.
    """

    name: str
    score: Interval
    test: Interval | None
    parameters: int
    flops: int
    seconds: float
    latency: float
    why: str = ""
    metrics: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    trained: Trained = field(default_factory=Trained)
    baseline: bool = False

    @property
    def length(self) -> tuple[str, str]:
        """Steps and epochs as text; dashes for what was not trained in steps."""
        far = self.trained
        return (amount(far.steps), number(far.epochs, 3)) if far.epochs else ("–", "–")

    @property
    def label(self) -> str:
        """Its name, and whether it is a baseline."""
        return f"{self.name} (baseline)" if self.baseline else self.name

    def text(self, split: str, metric: Score) -> str:
        """A metric on a split, in its unit but without the sign; a dash where it was not measured."""
        value, (factor, digits, _) = self.metrics.get(split, {}).get(metric.name), metric.scale
        return value.text(factor, digits) if value else "–"


@dataclass(frozen=True)
class Competition:
    """A finished competition.

    Args:
        folder: of the competition.
        data: name of the data.
        task: name of the task.
        scores: the one that decides, then the others to be shown.
        standings: best first.
        outcomes: how each training ended.
        best: folder of the winning run; None if no training finished.
        reason: why it won.
        candidates: what is known of each: parameters, FLOPs, latency and why.
        refit: folder of the winner trained anew on all rows that are not test; None if it was not.
    """

    folder: Path
    data: str
    task: str
    scores: tuple[Score, ...]
    standings: tuple[Standing, ...]
    outcomes: tuple[Outcome, ...]
    best: Path | None
    reason: str
    candidates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refit: str | None = None

    @property
    def over(self) -> str:
        """What its means and intervals are over."""
        return over(self.outcomes)

    @property
    def score(self) -> Score:
        """The metric that decides."""
        return self.scores[0]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **MARK,
            "format": FORMAT,
            "data": self.data,
            "task": self.task,
            "metric": self.score.name,
            "better": self.score.better,
            "unit": self.score.unit,
            "metrics": [asdict(score) for score in self.scores],
            "best": None if self.best is None else self.best.name,
            "reason": self.reason,
            **({} if self.refit is None else {"refit": self.refit}),
            "standings": [asdict(standing) for standing in self.standings],
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
            "candidates": {name: dict(facts) for name, facts in self.candidates.items()},
        }


def competition_of(
    folder: Path, subject: tuple[str, str], scores: Sequence[Score], candidates: Mapping[str, Mapping[str, Any]],
    outcomes: Sequence[Outcome],
) -> Competition:  # fmt: skip
    """The competition whose trainings ended so: its leaderboard and its winner.

    Args:
        folder: of the competition.
        subject: the names of the data and of the task.
        scores: the one that decides, then the others to be shown.
        candidates: parameters, flops, latency and why of each.
        outcomes: of every training.
    """
    standings = rank(outcomes, scores[0], candidates)
    best, reason = winner(standings, outcomes, scores[0])
    kept = None if best is None else folder / best
    return Competition(folder, *subject, tuple(scores), standings, tuple(outcomes), kept, reason, candidates)


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


def prepare(folder: Path, runs: Sequence[str] = (), *, replace: bool, read: Iterable[str | Path] = ()) -> Path | None:
    """Make the competition's folder; an earlier competition in it is deleted only with `replace`.

    Args:
        folder: of the competition.
        runs: names of the folders that its runs will have.
        replace: whether an earlier competition is deleted.
        read: what the trainings read, which must not lie there.

    Returns:
        Where other files of the folder were moved; None if there were none.

    Raises:
        RunError: the folder holds something else or must stay, another process writes it, or it can't be made.
    """
    aside = None
    if occupied(folder):
        if not replace:
            raise RunError("the folder is not empty", where=str(folder), fix="give another --out, or add --replace")
        protect(folder, read)
        aside = clear(folder, own_files(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"can't be created: {error.strerror}", where=str(folder)) from error
    write_json(folder / FILE, {**MARK, "format": FORMAT, "best": None, "runs": list(runs)})
    return aside


def own_files(folder: Path) -> list[Path]:
    """The files of a competition that this program wrote, the manifest last.

    Raises:
        RunError: the folder holds no competition, or another process writes one of its runs.
    """
    document = marked(folder / FILE)
    if not document:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:5])
        what = "the folder holds something other than a competition"
        raise RunError(what, where=str(folder), got=there, fix="another --out")
    with reading(folder / FILE, "is no list of a competition's runs", error=RunError):
        ended = [each.get("folder") for each in document.get("outcomes", ())]
        names = [*document.get("runs", ()), *ended, document.get("refit")]
    files: list[Path] = []
    for name in dict.fromkeys(name for name in names if isinstance(name, str) and Path(name).name == name):
        run = folder / name
        if not lock.free(run):
            fix = "wait until it ends, or stop it"
            raise RunError("another process writes a run", where=str(run), got=lock.holder(run), fix=fix)
        files += run_files(run)
    return [*files, *pages(folder), folder / FILE]


def rank(outcomes: Sequence[Outcome], score: Score, facts: Mapping[str, Mapping[str, Any]]) -> tuple[Standing, ...]:
    """The leaderboard: candidates that finished, best mean validation score first.

    Args:
        outcomes: of every training.
        score: that decides.
        facts: parameters, flops, latency and why of each candidate, and whether it is a baseline.
    """
    metric, standings = score.name, []
    for name in dict.fromkeys(outcome.name for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.name == name and metric in outcome.validation]
        if not mine:
            continue
        metrics = {split: _intervals([getattr(each, split) for each in mine]) for split in ("validation", "test")}
        mean, test = metrics["validation"][metric], metrics["test"].get(metric)
        seconds = sum(outcome.seconds for outcome in mine) / len(mine)
        standings.append(
            Standing(name, mean, test, seconds=seconds, metrics=metrics, trained=_mean(mine), **facts[name])
        )
    return tuple(sorted(standings, key=lambda standing: score.lead(0.0, standing.score.mean)))


def _mean(outcomes: Sequence[Outcome]) -> Trained:
    """How far trainings got: in the mean, and still improving where most of them were."""
    count = len(outcomes)
    steps, epochs = round(sum(each.steps for each in outcomes) / count), sum(each.epochs for each in outcomes) / count
    return Trained(steps, epochs, 2 * sum(each.improving for each in outcomes) > count, outcomes[0].longer)


def _intervals(runs: Sequence[Mapping[str, float]]) -> dict[str, Interval]:
    """Every metric over the runs that have it."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: interval([run[name] for run in runs if name in run]) for name in names}


def over(outcomes: Sequence[Outcome]) -> str:
    """What the trainings of a candidate differ in."""
    return "seeds" if all(outcome.fold is None for outcome in outcomes) else "folds"


def winner(standings: Sequence[Standing], outcomes: Sequence[Outcome], score: Score) -> tuple[str | None, str]:
    """The folder of the winning run, and the reason in a sentence."""
    if not standings:
        return None, "no training finished"
    first, metric = standings[0], score.name
    pick, word = (max, "highest") if score.better == "max" else (min, "lowest")
    mine = [outcome for outcome in outcomes if outcome.name == first.name and metric in outcome.validation]
    best = pick(mine, key=lambda outcome: outcome.validation[metric])
    what = over(mine)
    seeds = f"mean of {first.score.n} {what}" if first.score.n > 1 else "one seed"
    reason = f"{first.name} has the {word} validation {metric}, {score.text(first.score)} ({seeds})"
    if len(standings) > 1:
        second = standings[1]
        reason += f"; next is {second.name} with {score.text(second.score)}"
        gap = abs(first.score.mean - second.score.mean)
        halves = [half for half in (first.score.half, second.score.half) if half is not None]
        if halves and gap < max(halves):
            reason += f", within the spread over {what}: only more {what} can decide between them"
        elif first.score.n == 1 or second.score.n == 1:
            reason += "; one seed can't tell whether the difference is chance: train more with --seeds"
    reason += against_baselines(standings, score)
    unfinished = sum(outcome.status != "finished" for outcome in outcomes)
    if unfinished:
        reason += f"; {unfinished} of {len(outcomes)} trainings did not finish and were not considered"
    if first.trained.note:
        reason += f". {first.name} was {first.trained.note}"
    return best.folder, reason + ". The test split played no part in the choice."


def against_baselines(standings: Sequence[Standing], score: Score) -> str:
    """Whether networks beat the best baseline, as what follows in a sentence; empty where there is none of either."""
    best = next((each for each in standings if each.baseline), None)
    if best is None or all(each.baseline for each in standings):
        return ""
    below = [each.name for each in standings[standings.index(best) :] if not each.baseline]
    if best is standings[0]:
        return f"; no network beat the baseline {best.name}, so the best run is a baseline's"
    text = f"; the best baseline, {best.name}, has {score.text(best.score)}"
    return text + (f", and {', '.join(below)} did not beat it" if below else "")
