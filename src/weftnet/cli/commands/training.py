"""`resume`, `compare`, `sample`: continue, compare and sample from runs."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.console import Console

from weftnet.base import lock
from weftnet.base.files import read_json, write_text
from weftnet.base.foreign import reading
from weftnet.base.lock import held
from weftnet.cli._output import PEOPLE, Output
from weftnet.cli.commands.show import board
from weftnet.compete import competition as compete
from weftnet.compete.jobs import conclude
from weftnet.data.data import Data
from weftnet.data.opening import reopen
from weftnet.errors import RunError, SettingError
from weftnet.library.concluding import written
from weftnet.library.progress import Trainings
from weftnet.library.stopping import resumable
from weftnet.run.contents import scoring_of
from weftnet.run.folder import Run
from weftnet.train.worker import is_leader, own_device

#: seconds to wait for another run of the competition that is being written into its leaderboard
_LEADERBOARD = 60.0


def resume_command(
    folder: Path,
    source: str | None,
    shard: bool | None = None,
    parts: Mapping[str, str] = MappingProxyType({}),
    output: Output = PEOPLE,
) -> None:
    """Continue a run, evaluate it, and print its scores.

    Args:
        folder: of the run.
        source: where its data are now, if they have moved.
        shard: whether each of several workers keeps a share of the weights; None for as before.
        parts: where the official validation and test part are now, if they have moved.
        output: what is printed.

    Raises:
        KeyboardInterrupt: Ctrl-C stopped it again.
    """
    own_device()  # one that is not there is refused at once
    console = output.console() if is_leader() else Console(quiet=True)
    with held(_run_to_resume(folder).folder) if is_leader() else nullcontext():
        _resume(console, folder, source, shard, parts)
    if is_leader():
        run = Run.open(folder)
        output.end({"run": run.folder, "status": run.status, "scores": run.facts.scores or {}}, run.folder)


def _resume(console: Console, folder: Path, source: str | None, shard: bool | None, parts: Mapping[str, str]) -> None:
    from weftnet.train import resume

    run = Run.open(folder)
    if run.facts.origin is not None:
        what = f"{folder} holds published weights: no step was trained, so there is nothing to resume"
        console.print(f"{what}; start from them: weftnet fit DATA --start {folder}", highlight=False, soft_wrap=True)
        return
    score = scoring_of(run).deciding
    if run.status == "finished" and run.facts.scores is not None:
        console.print(f"{folder} is finished: there is nothing to resume", highlight=False, soft_wrap=True)
        if _left_out(run):
            _rejoin(console, run, reopen(run.json("data.json"), source or None, **parts))
        lock.forget(run.folder.parent)
    else:
        with resumable(partial(console.print, highlight=False, markup=False, soft_wrap=True), [folder]):
            data = reopen(run.json("data.json"), source or None, **parts)
            with Trainings(console, 1, score) as shown:
                run = resume(folder, data, listeners=[shown.training(folder.name)], shard=shard)
        if run.status == "stopped":
            raise KeyboardInterrupt
        if not is_leader():
            return
        conclude(run, data)
        _rejoin(console, run, data)
    scores = (run.facts.scores or {}).items()
    texts = [f"{split} {score.name} {score.text(metrics[score.name])}" for split, metrics in scores]
    console.print(", ".join(texts), highlight=False)


def _left_out(run: Run) -> bool:
    """Whether a kill came between the run's end and its place in the leaderboard of its competition."""
    path = run.folder.parent / compete.FILE
    with reading(path, "is no list of a competition's runs", error=RunError):
        outcomes = read_json(path).get("outcomes", []) if path.is_file() else []
        return any(each.get("folder") == run.folder.name and each.get("status") == "stopped" for each in outcomes)


def _rejoin(console: Console, run: Run, data: Data) -> None:
    """Write the leaderboard of the run's competition again, if it is one's."""
    from weftnet.compete.rejoin import rejoined

    if not (run.folder.parent / compete.FILE).is_file():
        return
    with held(run.folder.parent, _LEADERBOARD):
        result = rejoined(run.folder.parent)
        if result is not None and run.folder.name in {outcome.folder for outcome in result.outcomes}:
            report = written(result, data)
            board(console, result)
            console.print(f"report  {report}", highlight=False, markup=False, soft_wrap=True)


def _run_to_resume(folder: Path) -> Run:
    """The run in a folder; for a competition, an error that lists the runs to resume."""
    if (folder / compete.FILE).is_file() and not (folder / "run.json").is_file():
        with reading(folder / compete.FILE, "is no list of a competition's runs", error=RunError):
            outcomes = read_json(folder / compete.FILE).get("outcomes", [])
            stopped = [each["folder"] for each in outcomes if each.get("status") == "stopped"]
            stopped = [name for name in stopped if (folder / name / "run.json").is_file()]
        fix = "\n       ".join(f"weftnet resume {folder / name}" for name in stopped) or "none of its runs was stopped"
        raise RunError("is a competition, not a run", where=str(folder), fix=fix)
    return Run.open(folder)


def compare_command(runs: Sequence[Path], score: str, output: Output, form: str = "text") -> None:
    """Print runs side by side, as `form` says: text, markdown or latex."""
    from weftnet.compete import compare, compared

    result = compare.compare(runs, score)
    if form == "text":
        output.console().print(compared.render(result))
    else:
        output.say(compared.typeset(result, "latex" if form == "latex" else "markdown").rstrip())
    output.end(result.data(), result.rows[0].name)


def sample_command(
    run: Path,
    prompt: str,
    length: int,
    count: int,
    seed: int,
    out: Path | None,
    *,
    options: Mapping[str, Any],
    stream: bool | None = None,
    output: Output = PEOPLE,
) -> None:
    """Print or write text, or write a sheet of images.

    Args:
        run: the folder.
        prompt: a text's beginning.
        length: of a text, in tokens.
        count: of images.
        seed: of the random choices.
        out: where to write; None prints a text.
        options: of the task, for a text.
        stream: whether a text is printed while it is written; None for where it is printed on a terminal.
        output: what is printed.
    """
    from weftnet.answer import samples
    from weftnet.run.loading import load

    loaded = load(compete.best_run(run))
    kind = samples.draws(loaded)
    if not kind:
        fix = "name a run of a language model, a variational autoencoder or a GAN"
        raise SettingError("the run generates neither text nor images", where=str(loaded.run.folder), fix=fix)
    if kind == "images":
        path = samples.images(loaded, out or loaded.run.folder / "samples" / f"seed{seed}.png", count, seed)
        output.say(str(path))
        output.end({"run": loaded.run.folder, "file": path, "text": None}, path)
        return
    if output.talks and (why := samples.slowed(loaded)):
        Console(stderr=True).print(f"reads the whole text for each token: {why}", highlight=False, soft_wrap=True)
    if out is not None or output.as_json:
        text = samples.text(loaded, prompt, length, seed, **options)
        if out is not None:
            write_text(out, text)
            output.say(str(out))
        output.end({"run": loaded.run.folder, "file": out, "text": text}, out)
    elif stream or (stream is None and sys.stdout.isatty()):
        print(prompt, end="", flush=True)
        samples.text(loaded, prompt, length, seed, partial(print, end="", flush=True), **options)
        print()
    else:
        print(samples.text(loaded, prompt, length, seed, **options))
