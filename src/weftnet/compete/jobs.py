"""One training of a competition: a job as plain data, which can be sent to another process, and its outcome."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weftnet.architecture.spec import to_dict
from weftnet.compete.propose import Candidate
from weftnet.data.data import Data
from weftnet.errors import SettingError, WeftnetError
from weftnet.run.folder import Run
from weftnet.train.worker import is_leader, is_worker, restarts


@dataclass(frozen=True)
class Job:
    """One training, as plain data that can be sent to another process."""

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
    shard: bool = False


@dataclass(frozen=True)
class Outcome:
    """How one training of a competition ended.

    Args:
        name: the candidate's.
        seed: of this training.
        folder: of the run, below the competition's.
        status: finished, stopped, failed, or skipped if it never started.
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


def jobs_of(
    candidates: Sequence[Candidate], seeds: Iterable[int], folder: Path, source: Any, data_options: Mapping[str, Any],
    task: str, task_settings: Mapping[str, Any], recipe: Mapping[str, Any], plugins: Sequence[str] = (),
) -> list[Job]:  # fmt: skip
    """Every candidate with every seed, seed by seed, so that an interrupted competition has compared all candidates.

    Args:
        task_settings, recipe: fields for all candidates; they override a candidate's own.
    """
    names = [candidate.name for candidate in candidates]
    if len(set(names)) < len(names):
        raise SettingError("two candidates have the same name", got=", ".join(names))
    length = {"epochs", "steps", "budget"}
    jobs = []
    for seed in seeds:
        for candidate in candidates:
            own = {k: v for k, v in candidate.recipe.items() if not (k in length and length & recipe.keys())}
            fields = {**own, **recipe, "seed": seed}
            place = str(folder / f"{candidate.name}-seed{seed}")
            architecture, settings = to_dict(candidate.architecture), {**candidate.settings, **task_settings}
            head = (candidate.name, seed, place, source, data_options, task)
            jobs.append(Job(*head, settings, architecture, fields, tuple(plugins)))
    return jobs


def run_job(job: Job, progress: Any = None) -> Outcome:
    """Train one network and evaluate it. An error becomes the outcome and doesn't end the competition.

    One of several workers raises the error instead, as the others would wait for it forever; when they are restarted,
    they resume the run.
    """
    from weftnet.architecture.reading import from_dict
    from weftnet.data import open_data
    from weftnet.plugins import load_plugin
    from weftnet.tasks import TASKS
    from weftnet.train import Recipe
    from weftnet.train import fit as train_run
    from weftnet.train import resume as resume_run

    folder = Path(job.folder)
    try:
        for plugin in job.plugins:
            load_plugin(plugin)
        data = open_data(job.source, **job.data_options)
        task = TASKS.get(job.task).from_data(data, **job.task_settings)
        recipe = Recipe.for_task(task, **job.recipe)
        if restarts() and (folder / "run.json").is_file():
            run = resume_run(folder, data, progress=progress)
        else:
            run = train_run(from_dict(job.architecture), task, data, recipe, folder, progress=progress, shard=job.shard)
        scores = conclude(run, data) if run.status == "finished" and is_leader() else {}
    except WeftnetError as error:
        if is_worker():
            raise
        return Outcome(job.name, job.seed, folder.name, "failed", error=str(error))
    except Exception as error:  # a candidate that runs out of memory, say, must not end the competition
        if is_worker():
            raise
        if folder.is_dir():
            (folder / "failure.txt").write_text(traceback.format_exc(), encoding="utf-8")
        return Outcome(job.name, job.seed, folder.name, "failed", error=f"{type(error).__name__}: {error}")
    seconds, steps = run.facts.seconds or 0.0, run.steps or 0
    return Outcome(
        job.name, job.seed, folder.name, run.status, scores.get("validation", {}), scores.get("test", {}), seconds,
        steps,
    )  # fmt: skip


def conclude(run: Run, data: Data) -> dict[str, dict[str, float]]:
    """Evaluate a finished run once on each split it was not trained on; its folder keeps the scores and a sample."""
    from weftnet.answer import samples
    from weftnet.run.loading import load

    if run.facts.scores is None:
        loaded = load(run)
        splits = [split for split in ("validation", "test") if data.sizes.get(split)]
        run.record(scores={split: loaded.metrics(data, split) for split in splits})
        samples.keep(loaded)
    return run.facts.scores or {}


def interrupted(job: Job) -> Outcome:
    """The outcome of a job that Ctrl-C ended: stopped if it left a run, otherwise skipped."""
    there = (Path(job.folder) / "run.json").is_file()
    return Outcome(job.name, job.seed, Path(job.folder).name, "stopped" if there else "skipped")
