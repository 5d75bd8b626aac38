"""`fit`, `resume`, `compare`, `sample`: networks and their runs."""

import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from netloom import compete, facts
from netloom.commands.architecture import architecture_of
from netloom.commands.show import board, failures, summary
from netloom.compete import Competition
from netloom.data import Data, open_data
from netloom.errors import NetloomError, SettingError
from netloom.files import write_json
from netloom.propose import Candidate, propose
from netloom.tasks import TASKS

BUDGET = 30.0


def task_name(data: Data) -> str:
    """The task the data suggest: by the kind of their target, or of their inputs if there is none."""
    by_target = {"Category": "classification", "Number": "regression", "Characters": "language_model"}
    return by_target.get(type(data.target).__name__, "variational_autoencoder")


def task_for(data: Data, name: str | None, settings: Mapping[str, Any]) -> Any:
    """The task, made for the data.

    Raises:
        UnknownName: there is no such task.
        SettingError: a setting it does not take.
        DataError: the data don't fit it.
    """
    cls = TASKS.get(name or task_name(data))
    try:
        return cls.from_data(data, **settings)
    except TypeError as error:
        raise SettingError(f"the task can't take these settings: {error}", got=str(dict(settings))) from error


def fit_command(
    source: str, *, target: str | None, archs: Sequence[str], task: str | None, budget: float | None,
    epochs: float | None, steps: int | None, seeds: Sequence[int], jobs: int | None, recipe: Mapping[str, Any],
    kinds: Mapping[str, Any], options: Mapping[str, Any], task_settings: Mapping[str, Any], out: Path | None,
    replace: bool, plugins: Sequence[str],
) -> Competition:  # fmt: skip
    """Propose or take architectures, check each, train each, print the leaderboard, keep the best run."""
    console = Console()
    lengths = {"budget": budget, "epochs": epochs, "steps": steps}
    given = {name: value for name, value in lengths.items() if value is not None}
    if len(given) > 1:
        raise SettingError("more than one length of training", expected="one of them", got=" and ".join(given))
    data_options: dict[str, Any] = {**options}
    if target is not None:
        data_options["target"] = target
    if kinds:
        data_options["kinds"] = dict(kinds)
    data = open_data(source, **data_options)
    name = task or task_name(data)
    chosen = task_for(data, name, task_settings)
    candidates = [
        Candidate(Path(arch).stem, architecture_of(arch), {}, "named on the command line") for arch in archs
    ] or propose(data.signals, name)
    if (
        not given
        and not (recipe.keys() & lengths.keys())
        and not all(c.recipe.keys() & lengths.keys() for c in candidates)
    ):
        given = {"budget": BUDGET}
    summary(console, data, name, candidates)
    known = facts.costs(candidates, chosen, data)
    folder = out or Path("runs") / f"{data.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    compete.prepare(folder, replace=replace)
    work = compete.jobs_of(
        candidates, seeds, folder, source, data_options, name, task_settings, {**recipe, **given}, plugins
    )
    outcomes = train_all(console, work, workers(jobs, len(work)))
    known = {each: {**fact, "latency": facts.latency(folder, each, outcomes)} for each, fact in known.items()}
    standings = compete.rank(outcomes, chosen.score, chosen.better, known)
    best, reason = compete.winner(standings, outcomes, chosen.score, chosen.better)
    result = Competition(
        folder, data.name, name, chosen.score, chosen.better, standings, tuple(outcomes),
        None if best is None else folder / best, reason,
    )  # fmt: skip
    write_json(folder / compete.FILE, result.document())
    from netloom.report import write_competition

    report = write_competition(result, data)
    board(console, result)
    failures(console, outcomes)
    if result.best is None:
        raise NetloomError("no training finished", where=str(folder), fix="see the reasons above")
    console.print(f"\nbest    {result.best}\nreport  {report}", highlight=False, soft_wrap=True)
    return result


def workers(jobs: int | None, count: int) -> int:
    """How many trainings run at once: what was asked for, else one for each core while there is work for them."""
    return max(1, min(jobs or os.cpu_count() or 1, count))


def train_all(console: Console, work: Sequence[compete.Job], count: int) -> list[compete.Outcome]:
    """Train every job, telling what is done."""
    from netloom.train.progress import Bar

    def done(outcome: compete.Outcome) -> None:
        score = ", ".join(f"{key} {value:.4f}" for key, value in list(outcome.validation.items())[:2])
        text = outcome.error.splitlines()[0] if outcome.error else score or outcome.status
        console.print(f"  {outcome.name} seed {outcome.seed}: {text} ({outcome.seconds:.1f} s)", highlight=False)

    bar = partial(Bar, lines=len(work) == 1)
    return compete.run_jobs(work, count, done, bar if count == 1 else None)


def resume_command(run: Path, data: str | None) -> None:
    """Go on with a run and say what came of it."""
    from netloom.train import resume
    from netloom.train.progress import Bar

    console = Console()
    opened = None
    if data is not None:
        from netloom.run import Run

        opened = Data.from_state(Run.open(run).json("data.json"), data)
    finished = resume(run, opened, progress=Bar())
    console.print(f"{finished.status}  {run}", highlight=False)


def compare_command(runs: Sequence[Path], as_json: bool) -> None:
    """Print runs side by side."""
    import json

    from netloom import compare

    result = compare.compare(runs)
    if as_json:
        print(json.dumps(result.data(), indent=2))
    else:
        Console().print(compare.render(result))


def sample_command(
    run: Path, prompt: str, length: int, count: int, temperature: float, top_k: int | None, seed: int, out: Path | None
) -> None:
    """Print text, or write a sheet of images."""
    from netloom import samples
    from netloom.evaluate import load

    loaded = load(compete.best_run(run))
    if samples.draws(loaded) == "text":
        print(samples.text(loaded, prompt, length, seed, temperature, top_k))
    else:
        print(samples.images(loaded, out or loaded.run.folder / "samples" / f"seed{seed}.png", count, seed))
