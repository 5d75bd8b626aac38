"""Several architectures on the same data, under the same budget, with the same seeds: who is best, and why.

The winner is chosen by its mean score on the validation split; the test split is evaluated once for each run and only
reported. Every training is a run folder of its own below the competition's folder; `competition.json` says which won.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from netloom.errors import NetloomError, RunError, SettingError
from netloom.files import read_json, write_json
from netloom.intervals import Interval, interval
from netloom.propose import Candidate
from netloom.spec import to_dict

FORMAT = 1
FILE = "competition.json"


@dataclass(frozen=True)
class Job:
    """One training, as plain data that another process can be handed."""

    name: str
    seed: int
    folder: str
    source: Any
    data_options: Mapping[str, Any]
    task: str
    task_settings: Mapping[str, Any]
    architecture: Mapping[str, Any]
    recipe: Mapping[str, Any]
    plugins: Sequence[str]


@dataclass(frozen=True)
class Outcome:
    """What one training came to.

    Args:
        name: the candidate's.
        seed: of this training.
        folder: of the run, below the competition's.
        status: finished, stopped or failed.
        validation: metrics on the validation split.
        test: metrics on the test split, empty if there is none.
        seconds: spent training.
        steps: of the optimiser.
        error: what went wrong, if it failed.
    """

    name: str
    seed: int
    folder: str
    status: str
    validation: Mapping[str, float] = field(default_factory=dict)
    test: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    steps: int = 0
    error: str = ""


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
        folder: where it lies.
        data: name of the data.
        task: name of the task.
        metric: the score that counts.
        better: max or min.
        standings: best first.
        outcomes: every training.
        best: folder of the run that is kept as the answer.
        reason: why it won.
    """

    folder: Path
    data: str
    task: str
    metric: str
    better: str
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
            "metric": self.metric,
            "better": self.better,
            "best": None if self.best is None else self.best.name,
            "reason": self.reason,
            "standings": [asdict(standing) for standing in self.standings],
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
        }


def best_run(folder: str | Path) -> Path:
    """A run's folder; of a competition, the folder of the run that won.

    Raises:
        RunError: it is neither, or the competition has no winner.
    """
    folder = Path(folder)
    if (folder / "run.json").is_file() or not (folder / FILE).is_file():
        return folder
    best = read_json(folder / FILE).get("best")
    if not isinstance(best, str) or Path(best).name != best:
        raise RunError("the competition has no winner", where=str(folder), fix="name one of its runs")
    return folder / best


def prepare(folder: Path, *, replace: bool) -> None:
    """Make the competition's folder; delete an earlier competition in it only if told to.

    Raises:
        RunError: the folder holds something else, or can't be made.
    """
    if folder.is_dir() and any(folder.iterdir()):
        if not replace:
            raise RunError("the folder is not empty", where=str(folder), fix="give another --out, or add --replace")
        if not (folder / FILE).is_file():
            raise RunError("the folder holds something that is no competition", where=str(folder), fix="another --out")
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"can't be made: {error.strerror}", where=str(folder)) from error
    write_json(folder / FILE, {"format": FORMAT, "best": None})


def jobs_of(
    candidates: Sequence[Candidate], seeds: Iterable[int], folder: Path, source: Any, data_options: Mapping[str, Any],
    task: str, task_settings: Mapping[str, Any], recipe: Mapping[str, Any], plugins: Sequence[str] = (),
) -> list[Job]:  # fmt: skip
    """Every candidate with every seed, seed by seed, so that a competition cut short has compared all candidates.

    Args:
        task_settings, recipe: fields that hold for all, over the candidates' own.
    """
    names = [candidate.name for candidate in candidates]
    if len(set(names)) < len(names):
        raise SettingError("two candidates have one name", got=", ".join(names))
    length = {"epochs", "steps", "budget"}
    jobs = []
    for seed in seeds:
        for candidate in candidates:
            own = {k: v for k, v in candidate.recipe.items() if not (k in length and length & recipe.keys())}
            fields = {**own, **recipe, "seed": seed}
            place = str(folder / f"{candidate.name}-seed{seed}")
            data, chosen = to_dict(candidate.architecture), {**candidate.settings, **task_settings}
            jobs.append(
                Job(candidate.name, seed, place, source, data_options, task, chosen, data, fields, tuple(plugins))
            )
    return jobs


def run_job(job: Job, progress: Any = None) -> Outcome:
    """Train one network and evaluate it; an error of netloom's own is the outcome, not the end of the competition."""
    from netloom import samples
    from netloom.data import open_data
    from netloom.evaluate import load
    from netloom.plugins import load_plugin
    from netloom.reading import from_dict
    from netloom.tasks import TASKS
    from netloom.train import Recipe
    from netloom.train import fit as train_run

    folder = Path(job.folder).name
    try:
        for plugin in job.plugins:
            load_plugin(plugin)
        data = open_data(job.source, **job.data_options)
        task = TASKS.get(job.task).from_data(data, **job.task_settings)
        recipe = Recipe.for_task(task, **job.recipe)
        run = train_run(from_dict(job.architecture), task, data, recipe, job.folder, progress=progress)
        metrics: dict[str, dict[str, float]] = {}
        if run.status == "finished":
            loaded = load(run)
            splits = [split for split in ("validation", "test") if data.sizes.get(split)]
            metrics = {split: loaded.metrics(data, split) for split in splits}
            run.record(scores=metrics)
            samples.keep(loaded)
        seconds = float(run.document.get("seconds", 0.0))
        return Outcome(
            job.name, job.seed, folder, run.status, metrics.get("validation", {}), metrics.get("test", {}),
            seconds, run.steps or 0,
        )  # fmt: skip
    except NetloomError as error:
        return Outcome(job.name, job.seed, folder, "failed", error=str(error))


def run_jobs(
    jobs: Sequence[Job], workers: int, done: Callable[[Outcome], None], progress: Callable[[str], Any] | None = None
) -> list[Outcome]:
    """All jobs, in this process or in several; Ctrl-C lets what runs stop cleanly and starts nothing more."""
    if workers == 1:
        outcomes = []
        for job in jobs:
            outcome = run_job(job, progress(f"{job.name} seed {job.seed}") if progress else None)
            done(outcome)
            outcomes.append(outcome)
            if outcome.status == "stopped":
                break
        return outcomes
    threads = max(1, (os.cpu_count() or 1) // workers)
    outcomes = []
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (threads,)) as pool:
        waiting: set[Future[Outcome]] = {pool.submit(run_job, job) for job in jobs}
        try:
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    outcomes.append(future.result())
                    done(outcomes[-1])
                if any(outcome.status == "stopped" for outcome in outcomes):
                    break
        except KeyboardInterrupt:
            pass  # the workers had the signal too: they finish their step, keep their run and answer
        for future in waiting:
            future.cancel()
        for future in waiting:
            if not future.cancelled():
                outcomes.append(future.result())
                done(outcomes[-1])
    return outcomes


def _start_worker(threads: int) -> None:
    """Before torch is imported: two workers with all the cores each would starve each other."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    torch.set_num_threads(threads)


def rank(
    outcomes: Sequence[Outcome], metric: str, better: str, facts: Mapping[str, Mapping[str, Any]]
) -> tuple[Standing, ...]:
    """The leaderboard: candidates that finished, best mean validation score first.

    Args:
        outcomes: of every training.
        metric: the score that counts.
        better: max or min.
        facts: parameters, flops, latency and why of each candidate.
    """
    standings = []
    for name in dict.fromkeys(outcome.name for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.name == name and metric in outcome.validation]
        if not mine:
            continue
        tests = [outcome.test[metric] for outcome in mine if metric in outcome.test]
        seconds = sum(outcome.seconds for outcome in mine) / len(mine)
        score = interval([outcome.validation[metric] for outcome in mine])
        standings.append(Standing(name, score, interval(tests) if tests else None, seconds=seconds, **facts[name]))
    sign = -1 if better == "max" else 1
    return tuple(sorted(standings, key=lambda standing: sign * standing.score.mean))


def winner(
    standings: Sequence[Standing], outcomes: Sequence[Outcome], metric: str, better: str
) -> tuple[str | None, str]:
    """The folder of the run to keep, and the reason in a sentence."""
    if not standings:
        return None, "no training finished"
    first = standings[0]
    pick = max if better == "max" else min
    mine = [outcome for outcome in outcomes if outcome.name == first.name and metric in outcome.validation]
    best = pick(mine, key=lambda outcome: outcome.validation[metric])
    word = "highest" if better == "max" else "lowest"
    seeds = f"mean of {first.score.n} seeds" if first.score.n > 1 else "one seed"
    reason = f"{first.name} has the {word} validation {metric}, {first.score.text(digits=4)} ({seeds})"
    if len(standings) > 1:
        second = standings[1]
        reason += f"; next is {second.name} with {second.score.text(digits=4)}"
        gap = abs(first.score.mean - second.score.mean)
        halves = [half for half in (first.score.half, second.score.half) if half is not None]
        if halves and gap < max(halves):
            reason += ", within the spread over seeds: more seeds would tell them apart"
    return best.folder, reason + ". The test split had no part in the choice."
