"""A competition from its options to its winner: what `weftnet fit` and `weftnet.fit` do."""

import time
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from weftnet.base import lock
from weftnet.base.memory import held
from weftnet.base.replacing import protect
from weftnet.compete import competition as kept
from weftnet.compete.competition import Competition
from weftnet.compete.distilling import with_distilled
from weftnet.compete.ensembling import with_ensemble
from weftnet.compete.entering import Entries, FitOptions, entries_of
from weftnet.compete.folding import by_fold, check_folds
from weftnet.compete.jobs import Job, Outcome
from weftnet.compete.planning import Clock, Plan
from weftnet.compete.pool import Pool, run_jobs
from weftnet.compete.prospects import Prospect
from weftnet.compete.refit import folder_of, refit, with_refit
from weftnet.compete.within import within_total
from weftnet.data import Data
from weftnet.errors import RunError, SettingError, WeftnetError
from weftnet.library.concluding import announce, facts, written
from weftnet.library.shown import Shown
from weftnet.library.stopping import resumable
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.run.own_data import data_of
from weftnet.train.worker import is_leader, is_worker, mark_started, restarted_midway, restarts


def compete(options: FitOptions, shown: Shown) -> tuple[Competition, Data] | None:
    """Take the named architectures or propose some, check and train each, keep the leaderboard and the best run.

    Of several workers all train; only the first does the rest, and the others return None.

    Args:
        options: of the command line, or the same in Python.
        shown: is told of everything.

    Returns:
        The competition, and the data that its winner is judged by.

    Raises:
        WeftnetError: the options can't be used, or no training finished.
        KeyboardInterrupt: Ctrl-C stopped a training; finished trainings are shown and kept.
    """
    base, clock = held(), Clock.now(options.total, options.began)
    if options.replace and options.out is not None:
        protect(options.out, options.read)  # before hours of reading
    entries = entries_of(options)
    check_options(options, entries)
    folder = options.out or _new_folder(entries.data.name)
    plan = Plan.of(entries, options, folder, clock)
    scores = entries.scoring.shown  # refuses metrics that can't be used
    if not is_leader():
        run_jobs(plan.jobs, entries.data, plan.at_once, lambda outcome: None)
        return None
    plan = plan.fitted(base)
    with lock.held(folder, make=True):
        begin(plan, shown)
        begun: list[Path] = []
        with resumable(shown.say, begun):
            known, outcomes = trained(plan, begun, shown)
            told = facts(folder, known, outcomes)
            if options.ensemble:
                told, outcomes = with_ensemble(shown.say, folder, entries.data, told, outcomes)
            if options.distil:
                told, outcomes = with_distilled(shown.say, folder, entries.data, told, outcomes)
            result = kept.competition_of(folder, entries.subject, scores, told, outcomes)
        try:
            if options.refit:
                result = trained_anew(result, entries.data, clock.left, shown)
        finally:  # Ctrl-C ends only this last training
            own = entries.data if not options.folds or result.best is None else _of_fold(result.best, options)
            conclude(result, own, shown)
        return result, own


def _new_folder(name: str) -> Path:
    """A folder that is not there yet, called after the data and the time."""
    first = Path("runs") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    others = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(each for each in chain([first], others) if not each.exists())


def _of_fold(best: Path, options: FitOptions) -> Data:
    """The data with the splits of the fold that the best run belongs to."""
    return data_of(load(best), None if isinstance(options.source, str | Path) else options.source)


def check_options(options: FitOptions, entries: Entries) -> None:
    """Refuse, before anything is trained, what can't be done later.

    Raises:
        SettingError: options don't go together.
        WeftnetError: the data can't be split as the options need it.
    """
    if options.distil and not options.ensemble:
        raise SettingError("a network is taught by an ensemble", where="--distil", fix="add --ensemble")
    if options.distil and options.folds:
        raise SettingError("each fold has other rows to learn", where="--distil", fix="leave out --folds")
    if options.refit:
        entries.data.joined()
    if is_worker() and options.total is not None:
        fix = "give each network a --budget, or leave out --workers"
        raise SettingError("a total time is shared out among trainings of one process each", where="--total", fix=fix)
    if is_worker() and options.out is None:
        raise SettingError("several workers need a named folder", where="--out", fix="give --out runs/NAME")
    check_folds(options)


def begin(plan: Plan, shown: Shown) -> None:
    """Make room in the folder, write which trainings are to come, and show them; after a restart only say so."""
    if restarted_midway():
        shown.say(f"a worker ended: all were restarted ({restarts()}) from the newest checkpoint")
        return
    options = plan.options
    names = [Path(job.folder).name for job in plan.jobs]
    aside = kept.prepare(plan.folder, names, replace=options.replace, read=options.read)
    tell(plan, plan.known, [job.outcome("stopped") for job in plan.fitting] if options.total is None else [])
    mark_started()
    if aside is not None:
        shown.say(f"moved aside what is not weftnet's: {aside}")
    shown.planned(plan)


def trained(plan: Plan, begun: list[Path], shown: Shown) -> tuple[Sequence[Prospect], list[Outcome]]:
    """Train all that is planned; what is known of each candidate, and how every training ended.

    Args:
        plan: what is trained.
        begun: gets the folders of the trainings.
        shown: is told of them.
    """
    options, scoring = plan.options, plan.entries.scoring

    def train(work: Sequence[Job], pool: Pool) -> list[Outcome]:
        begun.extend(Path(job.folder) for job in work)
        with shown.trainings([job.name for job in work], scoring.deciding) as each:
            alone = min(pool.workers, len(work)) == 1
            return pool.run(work, each.done, each.training if alone else None)

    def pooled(work: Sequence[Job], data: Data) -> list[Outcome]:
        with Pool(data, plan.at_once, options.plugins) as pool:
            return train(work, pool)

    if options.total is None:
        return plan.known, [*plan.left_out, *by_fold(plan.fitting, options, plan.entries.data, pooled)]
    with Pool(plan.entries.data, plan.at_once, options.plugins) as pool:
        return within_total(
            plan, pool, lambda work: train(work, pool), lambda known, outcomes: tell(plan, known, outcomes)
        )


def tell(plan: Plan, known: Sequence[Prospect], outcomes: Sequence[Outcome]) -> None:
    """Write the competition as far as it is known."""
    entries = plan.entries
    announce(plan.folder, entries.subject, entries.scoring.shown, known, outcomes)


def trained_anew(result: Competition, data: Data, left: float, shown: Shown) -> Competition:
    """The competition with its winner trained on all rows that are not test; says why it was not, where it can't be."""
    if result.best is None:
        return result
    try:
        run = Run.open(result.best)
        if left < (run.facts.seconds or 0.0):
            raise RunError("no time is left for it")
        refit(run, data, folder_of(result.best))
    except RunError as error:
        shown.say(f"not trained anew: {error}")
    return with_refit(result)


def conclude(result: Competition, data: Data, shown: Shown) -> None:
    """Write the result and its report, and show both.

    Raises:
        WeftnetError: no training finished.
        KeyboardInterrupt: some trainings were stopped.
    """
    shown.ended(result, written(result, data), data)
    if any(outcome.status in ("stopped", "skipped") for outcome in result.outcomes):
        raise KeyboardInterrupt
    if result.best is None:
        why = (
            ""
            if shown.tells_reasons
            else "\n".join(dict.fromkeys(each.error for each in result.outcomes if each.error))
        )
        fix = "see the reasons above" if shown.tells_reasons else ""
        raise WeftnetError("no training finished", where=str(result.folder), got=why, fix=fix)
