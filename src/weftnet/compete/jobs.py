"""One training of a competition: a job as plain data, which can be sent to another process, and its outcome."""

import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from weftnet.architecture.spec import to_dict
from weftnet.base.lock import held
from weftnet.compete.trained import how_far
from weftnet.data.data import Data
from weftnet.errors import MissingExtra, SettingError, WeftnetError
from weftnet.run.folder import Run
from weftnet.tasks import Candidate
from weftnet.tasks._task import Task
from weftnet.train.listeners._listener import Listener
from weftnet.train.listening import Named
from weftnet.train.worker import is_leader, is_worker, restarts

#: Fields of a recipe that say how long to train; at most one of them is set.
LENGTHS = ("budget", "epochs", "steps")
#: Those of them that concern a training without steps.
_WITHOUT_STEPS = ("metrics", "score", "threads", "plan")


@dataclass(frozen=True)
class Terms:
    """What every training of a competition is given besides the data.

    Args:
        task: its name.
        task_settings: of the task.
        recipe: fields of the recipe.
        shard: whether each of several workers keeps a share of weights and optimiser state.
        listeners: names of those that every run is logged to.
        start: the run that every training starts from: {from, map, freeze, rate}.
        origins: where the recipe's fields come from, by field: "asked", or a candidate's origin.
    """

    task: str
    task_settings: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    shard: bool = False
    listeners: Sequence[Named] = ()
    start: Mapping[str, Any] | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    def of(self, candidate: Candidate, seed: int) -> "Terms":
        """The terms of one training: a candidate's own settings and recipe hold where the competition's say nothing.

        What a solver finds takes no steps: of the competition's recipe it has what is not about steps.
        """
        if candidate.fresh and self.start is not None:
            return replace(self, start=None).of(candidate, seed)
        if "solver" in candidate.recipe:
            shared = {name: value for name, value in self.recipe.items() if name in _WITHOUT_STEPS}
            recipe = {**candidate.recipe, **shared, "seed": seed}
            return replace(self, task_settings={**candidate.settings, **self.task_settings}, recipe=recipe, shard=False)
        length_is_set = any(name in self.recipe for name in LENGTHS)
        own = {name: value for name, value in candidate.recipe.items() if not (length_is_set and name in LENGTHS)}
        return replace(
            self,
            task_settings={**candidate.settings, **self.task_settings},
            recipe={**own, **self.recipe, "seed": seed},
            origins={
                **dict.fromkeys(own, candidate.origin or f"proposed for {candidate.entry or candidate.name}"),
                **dict.fromkeys(self.recipe, "asked"),
            },
        )


@dataclass(frozen=True)
class Job:
    """One training, as plain data that can be sent to another process.

    Args:
        name: the candidate's.
        seed: of this training.
        folder: of the run.
        architecture: as plain data.
        terms: of this training.
        fold: that is its test split; None where the splits are the same for all.
        begun_by: the time, as `time.time()` tells it, after which it is not begun; None for any.
    """

    name: str
    seed: int
    folder: str
    architecture: Mapping[str, Any]
    terms: Terms
    fold: int | None = None
    begun_by: float | None = None

    def outcome(self, status: str, **facts: Any) -> "Outcome":
        """How it ended."""
        return Outcome(self.name, self.seed, Path(self.folder).name, status, fold=self.fold, **facts)


@dataclass(frozen=True)
class Outcome:
    """How one training of a competition ended.

    Args:
        name: the candidate's.
        seed: of this training.
        folder: of the run, below the competition's.
        status: finished, stopped, failed, skipped if it never started, or left out as it does not fit into memory or
            time, or as what it needs is not installed.
        validation: metrics on the validation split.
        test: metrics on the test split, empty if there is none.
        seconds: spent training.
        steps: of the optimiser.
        epochs: passes over the training split.
        improving: whether its score was still improving when it ended.
        longer: the option of a training that would get further.
        error: what went wrong if it failed, or why it was left out.
        fold: that was its test split; None where the splits are the same for all.
    """

    name: str
    seed: int
    folder: str
    status: str
    validation: Mapping[str, float] = field(default_factory=dict)
    test: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    steps: int = 0
    epochs: float = 0.0
    improving: bool = False
    longer: str = ""
    error: str = ""
    fold: int | None = None


def jobs_of(candidates: Sequence[Candidate], seeds: Iterable[int], folder: Path, terms: Terms) -> list[Job]:
    """Every candidate with every seed, seed by seed, so that an interrupted competition has compared all candidates.

    Raises:
        SettingError: two candidates have the same name.
    """
    names = [candidate.name for candidate in candidates]
    if len(set(names)) < len(names):
        raise SettingError("two candidates have the same name", got=", ".join(names))
    return [
        Job(
            candidate.name, seed, str(folder / f"{candidate.name}-seed{seed}"), to_dict(candidate.architecture),
            terms.of(candidate, seed),
        )
        for seed in seeds
        for candidate in candidates
    ]  # fmt: skip


def run_job(job: Job, data: Data, listeners: Sequence[Listener] = ()) -> Outcome:
    """Train one network on opened data and evaluate it. An error becomes the outcome and doesn't end the competition.

    One of several workers raises the error instead, as the others would wait for it forever; when they are restarted,
    they resume the run.
    """
    if job.begun_by is not None and time.time() > job.begun_by:
        return job.outcome("left out", error="no time was left for it")
    try:
        return _trained(job, data, listeners)
    except WeftnetError as error:
        if is_worker():
            raise
        return job.outcome("left out" if isinstance(error, MissingExtra) else "failed", error=str(error))
    except Exception as error:  # a candidate that runs out of memory, say, must not end the competition
        if is_worker():
            raise
        folder = Path(job.folder)
        if folder.is_dir():
            with suppress(WeftnetError):  # a full disk, or no run yet
                Run.open(folder).put_text("failure.txt", traceback.format_exc())
        return job.outcome("failed", error=f"{type(error).__name__}: {error}")


def _trained(job: Job, data: Data, listeners: Sequence[Listener]) -> Outcome:
    from weftnet.architecture.reading import from_dict
    from weftnet.tasks import TASKS
    from weftnet.train import Recipe, Start
    from weftnet.train import fit as train_run
    from weftnet.train import resume as resume_run

    folder, terms = Path(job.folder), job.terms
    task = TASKS.get(terms.task).from_data(data, **terms.task_settings)
    recipe = Recipe.for_task(task, **terms.recipe)
    if restarts() and (folder / "run.json").is_file():
        run = resume_run(folder, data, listeners=listeners)
    else:
        told, start = [*terms.listeners, *listeners], Start.from_dict(terms.start) if terms.start else None
        run = train_run(
            from_dict(job.architecture),
            task,
            data,
            recipe,
            folder,
            listeners=told,
            shard=terms.shard,
            start=start,
            origins=terms.origins,
        )
    if run.status != "finished" or not is_leader():
        return job.outcome(run.status, seconds=run.facts.seconds or 0.0, steps=run.steps or 0)
    conclude(run, data)
    return job.outcome(run.status, **finished(run, task))


def finished(run: Run, task: Task | None = None) -> dict[str, Any]:
    """The fields of the outcome of a run that was finished and evaluated; its task is made where it is not given."""
    from weftnet.run.contents import scoring_of

    scores, far = run.facts.scores or {}, how_far(run, scoring_of(run, task).deciding)
    splits = {split: scores.get(split, {}) for split in ("validation", "test")}
    return {**splits, "seconds": run.facts.seconds or 0.0, **asdict(far), "steps": far.steps or run.steps or 0}


def conclude(run: Run, data: Data) -> dict[str, dict[str, float]]:
    """Evaluate a finished run once on each split it was not trained on; its folder keeps the scores and a sample."""
    from weftnet.answer import samples
    from weftnet.run import by_example
    from weftnet.run.loading import load

    if run.facts.scores is None:
        with held(run.folder):
            loaded = load(run)
            splits = [split for split in ("validation", "test") if data.sizes.get(split)]
            evaluated = {split: loaded.evaluated(data, split) for split in splits}
            by_example.keep(run, loaded.scoring.score, {split: examples for split, (_, examples) in evaluated.items()})
            samples.keep(loaded)
            run.record(scores={split: scores for split, (scores, _) in evaluated.items()})
    return run.facts.scores or {}


def interrupted(job: Job) -> Outcome:
    """The outcome of a job that Ctrl-C ended: stopped if it left a run, otherwise skipped."""
    there = (Path(job.folder) / "run.json").is_file()
    return job.outcome("stopped" if there else "skipped")
