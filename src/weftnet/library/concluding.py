"""The result of a competition as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weftnet.base.files import write_json
from weftnet.base.scores import Score
from weftnet.compete import competition as compete
from weftnet.compete.competition import Competition, competition_of
from weftnet.compete.jobs import Outcome
from weftnet.compete.latency import latency
from weftnet.compete.prospects import Prospect
from weftnet.data import Data


def announce(
    folder: Path, subject: tuple[str, str], scores: Sequence[Score], known: Sequence[Prospect],
    outcomes: Sequence[Outcome],
) -> None:  # fmt: skip
    """Write a competition that is not over, with trainings as if they were stopped: what is resumed is ranked then."""
    candidates = {each.name: {**each.facts(), "latency": None} for each in known}
    write_json(folder / compete.FILE, competition_of(folder, subject, scores, candidates, outcomes).document())


def facts(folder: Path, known: Sequence[Prospect], outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """What is known of each candidate that was trained or left out; latencies are measured now, when nothing trains."""
    names = {outcome.name for outcome in outcomes}
    mine = [each for each in known if each.name in names]
    return {each.name: {**each.facts(), "latency": latency(folder, each.name, outcomes)} for each in mine}


def written(result: Competition, data: Data) -> Path:
    """Write the result and its report, whose path is returned."""
    from weftnet.report import write_competition

    page = write_competition(result, data)
    write_json(result.folder / compete.FILE, result.document())  # last: it says that all is done
    return page
