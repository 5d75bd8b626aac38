"""`fit --ensemble --distil`: one network learns what the ensemble knows, and competes with it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from weftnet.base.replacing import clear
from weftnet.compete.distilled import distilled, student_of
from weftnet.compete.jobs import Outcome, finished
from weftnet.data import Data
from weftnet.data.keys import free
from weftnet.errors import WeftnetError
from weftnet.run.folder import Run
from weftnet.train.own import own_files


def with_distilled(
    say: Callable[[str], None],
    folder: Path,
    data: Data,
    known: Mapping[str, Mapping[str, Any]],
    outcomes: Sequence[Outcome],
) -> tuple[dict[str, dict[str, Any]], list[Outcome]]:
    """What is known of the candidates and how trainings ended, with the network that the ensemble taught; or why none.

    Args:
        say: is told why there is none.
        folder: of the competition.
        data: that it trained on.
        known: facts of the candidates by name.
        outcomes: of the trainings, the ensemble among them.
    """
    facts, ended = {name: dict(each) for name, each in known.items()}, list(outcomes)
    runs = {each.folder: Run.open(folder / each.folder) for each in outcomes if each.status == "finished"}
    ensemble = next((run for run in runs.values() if run.facts.members), None)
    try:
        if ensemble is None:
            raise WeftnetError("there is no ensemble")
        student = student_of(ensemble)
        of = next(each for each in outcomes if each.folder == student.folder.name)
        name = free(f"{of.name}_distilled", {*known, *(each.folder for each in outcomes)})
        place = folder / f"{name}-seed{of.seed}"
        if place.is_dir():  # a kill came before it was in the leaderboard
            clear(place, own_files(place))
        run = distilled(student, ensemble, data, place)
    except WeftnetError as why:
        say(f"not distilled: {why}")
        return facts, ended
    outcome = Outcome(name, of.seed, place.name, "finished", **finished(run))
    return {**facts, name: {**facts[of.name], "why": f"{of.name}, taught by the ensemble"}}, [*ended, outcome]
