"""`ensemble`, and `fit --ensemble`: some of several networks as one run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from weftnet.base import lock
from weftnet.base.replacing import clear
from weftnet.cli.commands.concluding import written
from weftnet.cli.commands.evaluate import data_of
from weftnet.cli.commands.show import board
from weftnet.compete import competition as compete
from weftnet.compete.competition import competition_of
from weftnet.compete.ensemble import members, write
from weftnet.compete.jobs import Outcome
from weftnet.compete.latency import latency
from weftnet.compete.rejoin import rejoined
from weftnet.data import Data
from weftnet.data.keys import free
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.train.own import own_files as run_files

NAME = "ensemble"


def ensemble_command(folders: Sequence[Path], out: Path | None, most: int | None) -> None:
    """Choose the members, write the ensemble and print it; one of a whole competition joins its leaderboard.

    Args:
        folders: of runs or of competitions.
        out: the new run's; None for one in the only competition.
        most: networks.

    Raises:
        RunError: there are fewer than two runs, they don't belong together, or the folder is not named.
    """
    console, competition = Console(), None
    if len(folders) == 1 and (folders[0] / compete.FILE).is_file():
        competition = rejoined(folders[0])
    runs = [run for folder in folders for run in _finished(folder)]
    if len(runs) < 2:
        got = ", ".join(str(run.folder) for run in runs) or "none"
        raise RunError("an ensemble is made of two finished runs or more", expected="runs, or a competition", got=got)
    if out is None and competition is None:
        raise RunError("the new run needs a folder", fix="--out FOLDER")
    data = data_of(load(runs[0]), None)
    chosen = members(runs, data, most)
    if len(chosen) == 1 and out is None:
        console.print(alone(next(iter(chosen))), highlight=False, soft_wrap=True)
        return
    if competition is None or out is not None:
        assert out is not None  # one of both is named
        run = write(chosen, data, out)
        told = ", ".join(f"{split} {_score(run, metrics)}" for split, metrics in (run.facts.scores or {}).items())
        console.print(f"{said(chosen)}: {told}\nrun     {out}", highlight=False, markup=False, soft_wrap=True)
        return
    with lock.held(competition.folder):
        name, outcome, facts = added(competition.folder, data, chosen, competition.candidates, competition.outcomes)
        outcomes, known = [*competition.outcomes, outcome], {**competition.candidates, name: facts}
        subject = competition.data, competition.task
        result = competition_of(competition.folder, subject, competition.scores, known, outcomes)
        report = written(result, data)
    board(console, result)
    console.print(
        f"run     {competition.folder / name}\nreport  {report}", highlight=False, markup=False, soft_wrap=True
    )


def with_ensemble(
    console: Console, folder: Path, data: Data, known: Mapping[str, Mapping[str, Any]], outcomes: Sequence[Outcome]
) -> tuple[dict[str, dict[str, Any]], list[Outcome]]:
    """What is known of the candidates and how trainings ended, with the ensemble of those that finished; says why none.

    Args:
        console: for the line that says so.
        folder: of the competition.
        data: that it trained on.
        known: facts of the candidates by name.
        outcomes: of the trainings.
    """
    facts, ended = {name: dict(each) for name, each in known.items()}, list(outcomes)
    runs = _evaluated(folder, outcomes)
    why = "" if len(runs) > 1 else "fewer than two trainings finished"
    if not why:
        try:
            chosen = members(runs, data)
            why = alone(next(iter(chosen))) if len(chosen) == 1 else ""
        except RunError as error:
            why = str(error)
    if why:
        console.print(f"no ensemble: {why}", highlight=False, markup=False, soft_wrap=True)
        return facts, ended
    name, outcome, own = added(folder, data, chosen, known, outcomes)
    return {**facts, name: own}, [*ended, outcome]


def added(
    folder: Path, data: Data, chosen: Mapping[str, int], known: Mapping[str, Mapping[str, Any]],
    outcomes: Sequence[Outcome],
) -> tuple[str, Outcome, dict[str, Any]]:  # fmt: skip
    """The ensemble as a run below the competition: its name, its outcome, and what is known of it."""
    name = free(NAME, {*known, *(each.folder for each in outcomes)})
    if (folder / name).is_dir():  # a kill came before it was in the leaderboard
        clear(folder / name, run_files(folder / name))
    run = write(chosen, data, folder / name)
    validation, test = ((run.facts.scores or {}).get(split, {}) for split in ("validation", "test"))
    outcome = Outcome(name, run.facts.seed, name, "finished", validation, test, seconds=run.facts.seconds or 0.0)
    of = {each.folder: known[each.name] for each in outcomes}
    mine = [of[Path(each).name] for each in chosen]
    facts = {"parameters": sum(each["parameters"] for each in mine), "flops": sum(each["flops"] for each in mine)}
    return name, outcome, {**facts, "why": said(chosen), "latency": latency(folder, name, [outcome])}


def said(chosen: Mapping[str, int]) -> str:
    """The members and their weights: the mean of vgg-seed0 (60 %) and resnet-seed0 (40 %)."""
    total = sum(chosen.values())
    texts = [f"{Path(name).name} ({count / total:.0%})".replace("%", " %") for name, count in chosen.items()]
    return f"the mean of {', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]


def alone(name: str) -> str:
    """That no mean is better than one network."""
    return f"no mean of several networks has a lower validation loss than {Path(name).name} alone"


def _finished(folder: Path) -> list[Run]:
    """The finished networks of a competition, or the run in the folder; ensembles are no members."""
    if (folder / "run.json").is_file() or not (folder / compete.FILE).is_file():
        return [Run.open(folder)]
    result = rejoined(folder)
    return [] if result is None else [run for run in _evaluated(folder, result.outcomes) if not run.facts.members]


def _evaluated(folder: Path, outcomes: Sequence[Outcome]) -> list[Run]:
    """The runs of a competition that finished and were evaluated."""
    return [Run.open(folder / each.folder) for each in outcomes if each.status == "finished" and each.validation]


def _score(run: Run, metrics: Mapping[str, float]) -> str:
    score = load(run).scoring.deciding
    return f"{score.name} {score.text(metrics[score.name])}"
