"""`fit --folds`: every network is trained once for each fold, which is its test split, by runs like any other.

Seeds repeat it: each seed shuffles the rows into folds of its own. Classes are dealt out evenly, groups stay whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from weftnet.compete.choosing import read_by, reads_its_way
from weftnet.compete.entering import FitOptions
from weftnet.compete.jobs import Job, Outcome
from weftnet.data import Data, open_data
from weftnet.errors import SettingError
from weftnet.train.worker import is_worker

#: what does not go together with folds
_OTHERS = ("total", "ensemble", "refit", "start")


def check_folds(options: FitOptions) -> None:
    """Refuse, before anything is trained, what does not go together with folds.

    Raises:
        SettingError: folds don't go together with another option, or there are fewer than two.
        WeftnetError: the rows can't be dealt out so.
    """
    if not options.folds:
        return
    if options.folds < 2:
        raise SettingError("folds can't be used", where="--folds", expected="2 or more, or 0", got=str(options.folds))
    others = [f"--{name}" for name in _OTHERS if getattr(options, name)] + ["--workers"] * is_worker()
    if others:
        what = "folds are trainings side by side, each with another test split"
        raise SettingError(what, where="--folds", got=", ".join(others), fix="leave out one of them")
    parts = [name for name in ("validation", "test") if name in options.data]
    if parts:
        fix = "leave out --folds, or give all rows in one file"
        raise SettingError("the parts are given: there are no folds", where="--folds", got=", ".join(parts), fix=fix)
    _opened(options, "", 0, options.seeds[0])


def folded(work: Sequence[Job], folds: int) -> list[Job]:
    """Every training once for each fold, fold by fold; without folds the trainings as they are."""
    if not folds:
        return list(work)
    return [replace(job, fold=fold, folder=f"{job.folder}-fold{fold}") for fold in range(folds) for job in work]


def by_fold(
    work: Sequence[Job], options: FitOptions, data: Data, train: Callable[[Sequence[Job], Data], list[Outcome]]
) -> list[Outcome]:
    """Train the jobs of each fold and seed on its own splits; after Ctrl-C the rest is skipped.

    Args:
        work: the trainings.
        options: of the command line.
        data: for trainings without a fold.
        train: the trainings of one fold.
    """
    outcomes: list[Outcome] = []
    for fold, seed in dict.fromkeys((job.fold, job.seed if options.folds else None) for job in work):
        mine = [job for job in work if job.fold == fold and seed in (None, job.seed)]
        if any(outcome.status in ("stopped", "skipped") for outcome in outcomes):
            outcomes += [job.outcome("skipped") for job in mine]
        else:
            outcomes += train(
                mine, data if fold is None else _opened(options, mine[0].terms.task, fold, int(seed or 0))
            )
    return outcomes


def _opened(options: FitOptions, chosen: str, fold: int, seed: int) -> Data:
    """The data with a fold as the test split."""
    splits = options.data.get("splits") or {}
    by: Mapping[str, Any] = {"by": splits} if isinstance(splits, str) else dict(splits)
    shares = {name: share for name, share in by.items() if name not in ("train", "test")}
    own = {"splits": {**shares, "folds": options.folds, "fold": fold}, "seed": options.data.get("seed", 0) + seed}
    task = options.task or (chosen if chosen and reads_its_way(chosen) else None)
    if isinstance(options.source, Data):
        fix = "give fit what open_data was given"
        raise SettingError("data that are opened already have their splits", where="folds", fix=fix)
    return open_data(options.source, **{**options.data, **own}, target_kind=read_by(task))
