"""`fit --ensemble`, and the ensemble of a competition that is over: its name, its place in the leaderboard."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from weftnet.base.replacing import clear
from weftnet.compete.ensemble import members, write
from weftnet.compete.jobs import Outcome
from weftnet.compete.latency import latency
from weftnet.data import Data
from weftnet.data.keys import free
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.train.own import own_files as run_files

NAME = "ensemble"


def with_ensemble(
    say: Callable[[str], None],
    folder: Path,
    data: Data,
    known: Mapping[str, Mapping[str, Any]],
    outcomes: Sequence[Outcome],
) -> tuple[dict[str, dict[str, Any]], list[Outcome]]:
    """What is known of the candidates and how trainings ended, with the ensemble of those that finished; says why none.

    Args:
        say: is told why there is none.
        folder: of the competition.
        data: that it trained on.
        known: facts of the candidates by name.
        outcomes: of the trainings.
    """
    facts, ended = {name: dict(each) for name, each in known.items()}, list(outcomes)
    runs = evaluated(folder, outcomes)
    why = "" if len(runs) > 1 else "fewer than two trainings finished"
    if not why:
        try:
            chosen = members(runs, data)
            why = alone(next(iter(chosen))) if len(chosen) == 1 else ""
        except RunError as error:
            why = str(error)
    if why:
        say(f"no ensemble: {why}")
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


def evaluated(folder: Path, outcomes: Sequence[Outcome]) -> list[Run]:
    """The runs of a competition that finished and were evaluated."""
    return [Run.open(folder / each.folder) for each in outcomes if each.status == "finished" and each.validation]
