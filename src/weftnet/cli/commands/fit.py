"""`fit`: one network, or a competition of several."""

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from weftnet.base import lock
from weftnet.base.memory import held
from weftnet.base.replacing import protect
from weftnet.cli.commands.concluding import announce, facts, written
from weftnet.cli.commands.distilling import with_distilled
from weftnet.cli.commands.ensemble import with_ensemble
from weftnet.cli.commands.entering import Entries, FitOptions, entries_of
from weftnet.cli.commands.evaluate import data_of
from weftnet.cli.commands.folding import by_fold, check_folds
from weftnet.cli.commands.planning import Clock, Plan
from weftnet.cli.commands.progress import Trainings
from weftnet.cli.commands.show import board, following, plan_line, summary, troubles
from weftnet.cli.commands.stopping import resumable
from weftnet.cli.commands.within import within_total
from weftnet.compete import competition as compete
from weftnet.compete.competition import Competition
from weftnet.compete.jobs import Job, Outcome
from weftnet.compete.pool import Pool, run_jobs
from weftnet.compete.prospects import Prospect
from weftnet.compete.refit import folder_of, refit, with_refit
from weftnet.data import Data
from weftnet.errors import RunError, SettingError, WeftnetError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.train.worker import is_leader, is_worker, mark_started, restarted_midway, restarts


def fit_command(options: FitOptions) -> Competition | None:
    """Take the named architectures or propose some, check and train each, print the leaderboard, keep the best run.

    Of several workers all train; only the first does the rest, and the others return None.

    Raises:
        KeyboardInterrupt: Ctrl-C stopped a training; finished trainings are printed and kept.
    """
    console, base, clock = Console(), held(), Clock.now(options.total, options.began)
    if options.replace and options.out is not None:
        protect(options.out, options.read)  # before hours of reading
    entries = entries_of(options)
    check_options(options, entries)
    folder = options.out or Path("runs") / f"{entries.data.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    plan = Plan.of(entries, options, folder, clock)
    shown = entries.scoring.shown  # refuses metrics that can't be used
    if not is_leader():
        run_jobs(plan.jobs, entries.data, plan.at_once, lambda outcome: None)
        return None
    plan = plan.fitted(base)
    with lock.held(folder, make=True):
        begin(console, plan)
        begun: list[Path] = []
        with resumable(console, begun):
            known, outcomes = trained(console, plan, begun)
            told = facts(folder, known, outcomes)
            if options.ensemble:
                told, outcomes = with_ensemble(console, folder, entries.data, told, outcomes)
            if options.distil:
                told, outcomes = with_distilled(console, folder, entries.data, told, outcomes)
            result = compete.competition_of(folder, entries.subject, shown, told, outcomes)
        try:
            if options.refit:
                result = trained_anew(console, result, entries.data, clock.left)
        finally:  # Ctrl-C ends only this last training
            own = entries.data if not options.folds or result.best is None else data_of(load(result.best), None)
            conclude(console, result, own)
        return result


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


def begin(console: Console, plan: Plan) -> None:
    """Make room in the folder, write which trainings are to come, and print them; after a restart only say so."""
    if restarted_midway():
        console.print(f"a worker ended: all were restarted ({restarts()}) from the newest checkpoint", highlight=False)
        return
    entries, options = plan.entries, plan.options
    names = [Path(job.folder).name for job in plan.jobs]
    aside = compete.prepare(plan.folder, names, replace=options.replace, read=options.read)
    tell(plan, plan.known, [job.outcome("stopped") for job in plan.fitting] if options.total is None else [])
    mark_started()
    if aside is not None:
        console.print(f"moved aside what is not weftnet's: {aside}", highlight=False, markup=False, soft_wrap=True)
    recipe, left = entries.terms.recipe, plan.clock.left
    line = plan_line(entries.candidates, options.seeds, recipe, plan.at_once, options.total, options.folds, left)
    summary(console, entries.data, str(entries.choice), entries.candidates, line, plan.without)


def trained(console: Console, plan: Plan, begun: list[Path]) -> tuple[Sequence[Prospect], list[Outcome]]:
    """Train all that is planned; what is known of each candidate, and how every training ended.

    Args:
        console: for the progress.
        plan: what is trained.
        begun: gets the folders of the trainings.
    """
    options, scoring = plan.options, plan.entries.scoring

    def train(work: Sequence[Job], pool: Pool) -> list[Outcome]:
        begun.extend(Path(job.folder) for job in work)
        with Trainings(console, len(work), scoring.deciding, max(len(job.name) for job in work)) as shown:
            alone = min(pool.workers, len(work)) == 1
            return pool.run(work, shown.done, shown.training if alone else None)

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


def trained_anew(console: Console, result: Competition, data: Data, left: float) -> Competition:
    """The competition with its winner trained on all rows that are not test; says why it was not, where it can't be."""
    if result.best is None:
        return result
    try:
        run = Run.open(result.best)
        if left < (run.facts.seconds or 0.0):
            raise RunError("no time is left for it")
        refit(run, data, folder_of(result.best))
    except RunError as error:
        console.print(f"not trained anew: {error}", highlight=False, markup=False, soft_wrap=True)
    return with_refit(result)


def conclude(console: Console, result: Competition, data: Data) -> None:
    """Write the result and its report, and print both.

    Raises:
        WeftnetError: no training finished.
        KeyboardInterrupt: some trainings were stopped.
    """
    report = written(result, data)
    if result.best is not None:
        board(console, result)
    troubles(console, result.folder, result.outcomes)
    if result.best is not None:
        text = f"\nbest    {result.best}\nreport  {report}"
        if (waiting := Run.open(result.best).waiting) is not None:
            text += f"\nwaited  {waiting:.1%} of its training for data"
        console.print(text, highlight=False, markup=False, soft_wrap=True)
        console.print(
            f"next    {following(result.folder, result.best)}",
            style="dim",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if any(outcome.status in ("stopped", "skipped") for outcome in result.outcomes):
        raise KeyboardInterrupt
    if result.best is None:
        raise WeftnetError("no training finished", where=str(result.folder), fix="see the reasons above")
