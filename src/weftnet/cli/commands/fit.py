"""`fit`: one network, or a competition of several."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.console import Console

from weftnet.base import lock
from weftnet.base.files import write_json
from weftnet.base.memory import held
from weftnet.base.replacing import protect
from weftnet.cli.commands.architecture import architecture_of, is_written
from weftnet.cli.commands.choosing import Choice, choose, read_by, task_for
from weftnet.cli.commands.concluding import written
from weftnet.cli.commands.ensemble import with_ensemble
from weftnet.cli.commands.progress import Trainings
from weftnet.cli.commands.show import board, following, plan, summary, troubles
from weftnet.cli.commands.starting import start_candidate, start_from
from weftnet.cli.commands.stopping import resumable
from weftnet.compete import competition as compete
from weftnet.compete.competition import Competition
from weftnet.compete.jobs import LENGTHS, Job, Outcome, Terms, jobs_of
from weftnet.compete.latency import latency
from weftnet.compete.pool import run_jobs
from weftnet.compete.propose import offered, propose
from weftnet.compete.prospects import Memory, Prospect, left_out, prospects
from weftnet.data import Data, open_data
from weftnet.errors import SettingError, WeftnetError
from weftnet.run.folder import Run
from weftnet.tasks import Candidate
from weftnet.tasks._scoring import Scoring
from weftnet.tasks._task import Task
from weftnet.train.listening import Named
from weftnet.train.worker import is_leader, is_worker, mark_started, restarted_midway, restarts

BUDGET = 30.0


@dataclass(frozen=True)
class FitOptions:
    """The options of the command line.

    Args:
        source: of the data.
        data: options of the data: target, kinds, context, …
        archs: files or zoo names; () for a shortlist that suits the data.
        task: its name; None for the one that suits the data and the architectures.
        task_settings: of the task.
        recipe: fields of the recipe, with at most one of budget, epochs and steps.
        seeds: each network is trained once with each seed.
        jobs: how many trainings run at once; None for one on each core.
        out: the folder; None for one named after data and time.
        replace: whether an earlier competition in the folder is deleted.
        plugins: files and folders of the user's own entries.
        shard: whether each of several workers keeps a share of weights and optimiser state.
        listeners: names of those that every run is logged to.
        start: the run that every training starts from: {from, map, freeze, rate}.
        ensemble: whether an ensemble of the trainings competes too.
    """

    source: str
    data: Mapping[str, Any] = field(default_factory=dict)
    archs: Sequence[str] = ()
    task: str | None = None
    task_settings: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    seeds: Sequence[int] = (0,)
    jobs: int | None = None
    out: Path | None = None
    replace: bool = False
    plugins: Sequence[str] = ()
    shard: bool = False
    listeners: Sequence[Named] = ()
    start: Mapping[str, Any] | None = None
    ensemble: bool = False

    @property
    def read(self) -> list[str]:
        """The paths that a training reads, which no replacing may touch."""
        start = [] if self.start is None else [str(self.start["from"])]
        return [self.source, *self.archs, *self.plugins, *start]


@dataclass(frozen=True)
class Entries:
    """What competes: candidates on data and a task, the terms of every training, and how the task was chosen."""

    data: Data
    task: Task
    candidates: Sequence[Candidate]
    terms: Terms
    choice: Choice

    @property
    def scoring(self) -> Scoring:
        """The metrics, and which of them decides."""
        return Scoring(self.task, self.terms.recipe.get("metrics", ()), self.terms.recipe.get("score") or "")


def fit_command(options: FitOptions) -> Competition | None:
    """Take the named architectures or propose some, check and train each, print the leaderboard, keep the best run.

    Of several workers all train; only the first does the rest, and the others return None.

    Raises:
        KeyboardInterrupt: Ctrl-C stopped a training; finished trainings are printed and kept.
    """
    console, base = Console(), held()
    if options.replace and options.out is not None:
        protect(options.out, options.read)  # before hours of reading
    entries = entries_of(options)
    if is_worker() and options.out is None:
        raise SettingError("several workers need a named folder", where="--out", fix="give --out runs/NAME")
    folder = options.out or Path("runs") / f"{entries.data.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    work = jobs_of(entries.candidates, options.seeds, folder, entries.terms)
    check_recipes(work, entries.task, entries.data)
    shown = entries.scoring.shown  # refuses metrics that can't be used
    count = 1 if is_worker() else workers(options.jobs, len(work))
    if not is_leader():
        run_jobs(work, entries.data, count, lambda outcome: None)
        return None
    known = prospects(entries.candidates, entries.terms, entries.data)
    count, without = places(known, Memory.now(base), count, asked=options.jobs is not None)
    with lock.held(folder, make=True):
        if restarted_midway():
            console.print(
                f"a worker ended: all were restarted ({restarts()}) from the newest checkpoint", highlight=False
            )
        else:
            names = [Path(job.folder).name for job in work]
            aside = compete.prepare(folder, names, replace=options.replace, read=options.read)
            announce(folder, entries, known, [job for job in work if job.name not in without])
            mark_started()
            if aside is not None:
                console.print(
                    f"moved aside what is not weftnet's: {aside}", highlight=False, markup=False, soft_wrap=True
                )
            line = plan(entries.candidates, options.seeds, entries.terms.recipe, count)
            summary(console, entries.data, str(entries.choice), entries.candidates, line, without)
        outcomes = [job.outcome("left out", error=without[job.name]) for job in work if job.name in without]
        fitting = [job for job in work if job.name not in without]
        with resumable(console, [Path(job.folder) for job in fitting]):
            outcomes += train_all(console, fitting, entries, count, options.plugins)
            told = facts(folder, known, outcomes)
            if options.ensemble:
                told, outcomes = with_ensemble(console, folder, entries.data, told, outcomes)
            result = compete.competition_of(folder, (entries.data.name, entries.terms.task), shown, told, outcomes)
        conclude(console, result, entries.data)
        return result


def announce(folder: Path, entries: Entries, known: Sequence[Prospect], work: Sequence[Job]) -> None:
    """Write the competition as if each training were stopped: what is resumed after a kill is ranked then."""
    candidates = {each.name: {**each.facts(), "latency": None} for each in known}
    outcomes = [job.outcome("stopped") for job in work]
    subject = entries.data.name, entries.terms.task
    result = compete.competition_of(folder, subject, entries.scoring.shown, candidates, outcomes)
    write_json(folder / compete.FILE, result.document())


def entries_of(options: FitOptions) -> Entries:
    """Open the data, choose the task and the candidates; without a length each training gets the default budget.

    Raises:
        WeftnetError: the data can't be opened, the task doesn't fit them, or an architecture has faults.
        SettingError: the recipe has more than one length.
    """
    lengths = [name for name in LENGTHS if options.recipe.get(name) is not None]
    if len(lengths) > 1:
        raise SettingError("more than one length of training", expected="one of them", got=" and ".join(lengths))
    start = None if options.start is None else start_from(options.start)
    known = None if start is None else start.fitted()
    data = open_data(options.source, **options.data, fitted=known, target_kind=read_by(options.task))
    written = candidates_of([arch for arch in options.archs if is_written(arch)])
    started = [] if options.archs or start is None else [start_candidate(start)]
    architectures = [candidate.architecture for candidate in written + started]
    choice = Choice(options.task) if options.task else choose(data, architectures)
    name = choice.name
    task = task_for(data, name, options.task_settings)
    candidates = candidates_of(options.archs, offered(data.signals, name)) or started or propose(data.signals, name)
    recipe = dict(options.recipe)
    if not lengths and not all(set(LENGTHS) & candidate.recipe.keys() for candidate in candidates):
        recipe["budget"] = BUDGET
    begun = None if start is None else start.to_dict()
    terms = Terms(name, options.task_settings, recipe, options.shard, tuple(options.listeners), begun)
    return Entries(data, task, candidates, terms, choice)


def facts(folder: Path, prospects: Sequence[Prospect], outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """What is known of each candidate; latencies are measured now, when nothing trains."""
    return {each.name: {**each.facts(), "latency": latency(folder, each.name, outcomes)} for each in prospects}


def candidates_of(archs: Sequence[str], offers: Mapping[str, Candidate] = MappingProxyType({})) -> list[Candidate]:
    """The named architectures as candidates, each called by its file's stem.

    A name that the shortlist offers is that candidate, with its sizes and its recipe; another one of the zoo has its
    own defaults.

    Raises:
        WeftnetError: some have faults; the message lists those of all.
    """
    candidates, wrong = [], []
    for arch in archs:
        if arch in offers and not Path(arch).is_file():
            candidates.append(offers[arch])
            continue
        try:
            why = f"from {arch}" if Path(arch).is_file() else "from the zoo"
            candidates.append(Candidate(Path(arch).stem, architecture_of(arch), {}, why))
        except WeftnetError as error:
            error.where = error.where or arch
            wrong.append(error)
    if wrong:
        text = "\n\n".join(map(str, wrong))
        raise WeftnetError(f"{text}\n\nNothing was trained. weftnet check FILE --fix corrects what it can.")
    return candidates


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


def train_all(
    console: Console, work: Sequence[Job], entries: Entries, count: int, plugins: Sequence[str]
) -> list[Outcome]:
    """Run every job, with progress on the terminal."""
    with Trainings(console, len(work), entries.scoring.deciding, max(len(job.name) for job in work)) as shown:
        progress = shown.training if count == 1 else None
        return run_jobs(work, entries.data, count, shown.done, progress, plugins)


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
