"""`fit`: one network, or a competition of several."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from weftnet.base import lock
from weftnet.base.memory import held
from weftnet.base.replacing import protect
from weftnet.cli.commands.concluding import announce, facts, written
from weftnet.cli.commands.ensemble import with_ensemble
from weftnet.cli.commands.entering import Entries, FitOptions, entries_of
from weftnet.cli.commands.evaluate import data_of
from weftnet.cli.commands.folding import by_fold, fold_jobs
from weftnet.cli.commands.progress import Trainings
from weftnet.cli.commands.show import board, following, plan, summary, troubles
from weftnet.cli.commands.stopping import resumable
from weftnet.compete import competition as compete
from weftnet.compete.competition import Competition
from weftnet.compete.halving import SEEDS, Stage, by_halving, called
from weftnet.compete.jobs import Job, Outcome, jobs_of
from weftnet.compete.pool import run_jobs
from weftnet.compete.prospects import Memory, Prospect, left_out, prospects
from weftnet.compete.refit import folder_of, refit, with_refit
from weftnet.compete.sizing import sized
from weftnet.data import Data
from weftnet.errors import RunError, SettingError, WeftnetError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import Candidate
from weftnet.tasks._task import Task
from weftnet.train.worker import is_leader, is_worker, mark_started, restarted_midway, restarts


@dataclass(frozen=True)
class Within:
    """Where and when a competition with a total time takes place.

    Args:
        folder: of the competition.
        at_once: trainings at once.
        end: of its time, by the monotonic clock.
        before: how trainings ended that don't take part: what was solved or left out.
    """

    folder: Path
    at_once: int
    end: float
    before: Sequence[Outcome] = ()


def fit_command(options: FitOptions) -> Competition | None:
    """Take the named architectures or propose some, check and train each, print the leaderboard, keep the best run.

    Of several workers all train; only the first does the rest, and the others return None.

    Raises:
        KeyboardInterrupt: Ctrl-C stopped a training; finished trainings are printed and kept.
    """
    console, base, began = Console(), held(), time.monotonic()
    if options.replace and options.out is not None:
        protect(options.out, options.read)  # before hours of reading
    entries = entries_of(options)
    if options.refit:
        entries.data.joined()  # refuses now what can't be done later
    if is_worker() and options.total is not None:
        fix = "give each network a --budget, or leave out --workers"
        raise SettingError("a total time is shared out among trainings of one process each", where="--total", fix=fix)
    if is_worker() and options.out is None:
        raise SettingError("several workers need a named folder", where="--out", fix="give --out runs/NAME")
    folder = options.out or Path("runs") / f"{entries.data.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    work = fold_jobs(jobs_of(entries.candidates, options.seeds, folder, entries.terms), options)
    check_recipes(work, entries.task, entries.data)
    shown = entries.scoring.shown  # refuses metrics that can't be used
    count = 1 if is_worker() else workers(options.jobs, len(work))
    if not is_leader():
        run_jobs(work, entries.data, count, lambda outcome: None)
        return None
    known = prospects(entries.candidates, entries.terms, entries.data)
    entries, known, slow = to_budget(entries, known, count, named=bool(options.archs))
    work = fold_jobs(jobs_of(entries.candidates, options.seeds, folder, entries.terms), options)
    count, without = places(known, Memory.now(base), count, asked=options.jobs is not None)
    without = {**slow, **without}
    with lock.held(folder, make=True):
        if restarted_midway():
            console.print(
                f"a worker ended: all were restarted ({restarts()}) from the newest checkpoint", highlight=False
            )
        else:
            names = [Path(job.folder).name for job in work]
            aside = compete.prepare(folder, names, replace=options.replace, read=options.read)
            if options.total is None:
                stopped = [job.outcome("stopped") for job in work if job.name not in without]
                announce(folder, entries.subject, shown, known, stopped)
            mark_started()
            if aside is not None:
                console.print(
                    f"moved aside what is not weftnet's: {aside}", highlight=False, markup=False, soft_wrap=True
                )
            line = plan(entries.candidates, options.seeds, entries.terms.recipe, count, options.total, options.folds)
            summary(console, entries.data, str(entries.choice), entries.candidates, line, without)
        outcomes = [job.outcome("left out", error=without[job.name]) for job in work if job.name in without]
        fitting = [job for job in work if job.name not in without]
        with resumable(console, [Path(job.folder) for job in fitting]):
            if options.total is None:
                outcomes += by_fold(
                    fitting, options, entries.data,
                    lambda mine, data: train_all(console, mine, replace(entries, data=data), count, options.plugins),
                )  # fmt: skip
            else:
                solved = [job for job in fitting if "solver" in job.terms.recipe]
                if solved:
                    outcomes += train_all(console, solved, entries, min(count, len(solved)), options.plugins)
                fits = (each for each in entries.candidates if each.name not in without)
                halved = replace(entries, candidates=[each for each in fits if "solver" not in each.recipe])
                within = Within(folder, count, began + options.total)
                outcomes += within_total(console, halved, known, options, replace(within, before=tuple(outcomes)))
            told = facts(folder, known, outcomes)
            if options.ensemble:
                told, outcomes = with_ensemble(console, folder, entries.data, told, outcomes)
            result = compete.competition_of(folder, entries.subject, shown, told, outcomes)
            if options.refit:
                result = trained_anew(console, result, entries.data)
        own = entries.data if not options.folds or result.best is None else data_of(load(result.best), None)
        conclude(console, result, own)
        return result


def check_recipes(work: Sequence[Job], task: Task, data: Data) -> None:
    """Refuse an unusable recipe before the first training starts.

    Raises:
        SettingError: a field is unknown or its value can't be used.
    """
    from weftnet.train import Recipe
    from weftnet.train.augment import Augment
    from weftnet.train.listening import made

    for job in work:
        made(job.terms.listeners)
        Augment(Recipe.for_task(task, **job.terms.recipe).augment, data)


def workers(jobs: int | None, count: int) -> int:
    """How many trainings run at once: `jobs`, otherwise one for each core; never more than there are trainings."""
    return max(1, min(jobs or os.cpu_count() or 1, count))


def places(prospects: Sequence[Prospect], memory: Memory, most: int, asked: bool) -> tuple[int, Mapping[str, str]]:
    """How many trainings run at once, and the candidates that don't fit into memory then, with the reasons.

    Args:
        prospects: of the candidates.
        memory: of this machine.
        most: trainings at once.
        asked: whether the number was asked for; otherwise fewer run at once where more would not fit.

    Raises:
        WeftnetError: no candidate fits.
    """
    if is_worker():
        return most, {}
    count = most if asked else memory.at_once(prospects, most)
    return count, left_out(prospects, memory, count)


def to_budget(
    entries: Entries, known: Sequence[Prospect], count: int, named: bool
) -> tuple[Entries, list[Prospect], dict[str, str]]:
    """The candidates in the forms that suit the budget, what is known of these, and why some are left out.

    Several workers train all candidates as they are.
    """
    if is_worker():
        return entries, list(known), {}
    threads = 1 if count > 1 else None
    fitted = sized(entries.candidates, known, entries.terms, entries.data, threads=threads, named=named)
    chosen = replace(entries, candidates=[each.candidate for each in fitted])
    reasons = {each.candidate.name: each.reason for each in fitted if each.reason}
    return chosen, [each.prospect for each in fitted], reasons


def train_all(
    console: Console, work: Sequence[Job], entries: Entries, count: int, plugins: Sequence[str]
) -> list[Outcome]:
    """Run every job, with progress on the terminal."""
    with Trainings(console, len(work), entries.scoring.deciding, max(len(job.name) for job in work)) as shown:
        progress = shown.training if count == 1 else None
        return run_jobs(work, entries.data, count, shown.done, progress, plugins)


def within_total(
    console: Console, entries: Entries, known: list[Prospect], options: FitOptions, within: Within
) -> list[Outcome]:
    """Train by successive halving; the names under which candidates trained are added to what is known."""
    outcomes: list[Outcome] = []

    def train(chosen: Sequence[Candidate], stage: Stage) -> list[Outcome]:
        names = {each.name: called(each.name, stage) for each in chosen}
        fresh = set(names.values()) - {each.name for each in known}
        known.extend(replace(each, name=names[each.name]) for each in list(known) if names.get(each.name) in fresh)
        terms = replace(entries.terms, recipe={**entries.terms.recipe, "budget": stage.budget})
        seeds = [options.seeds[0] + number for number in stage.seeds]
        work = jobs_of([replace(each, name=names[each.name]) for each in chosen], seeds, within.folder, terms)
        stopped = [job.outcome("stopped") for job in work]
        announce(within.folder, entries.subject, entries.scoring.shown, known, [*within.before, *outcomes, *stopped])
        ended = train_all(console, work, entries, min(within.at_once, len(work)), options.plugins)
        outcomes.extend(ended)
        return ended

    seeds = max(len(options.seeds), SEEDS)
    score, left = entries.scoring.deciding, lambda: within.end - time.monotonic()
    return by_halving(entries.candidates, train, seeds, within.at_once, score, left)


def trained_anew(console: Console, result: Competition, data: Data) -> Competition:
    """The competition with its winner trained on all rows that are not test; says why it was not, where it can't be."""
    if result.best is None:
        return result
    try:
        refit(Run.open(result.best), data, folder_of(result.best))
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
