"""A run of a competition that was stopped and then resumed takes its place in the leaderboard."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from weftnet.base.files import read_json
from weftnet.base.foreign import reading
from weftnet.base.scores import Score
from weftnet.compete.competition import FILE, Competition, competition_of
from weftnet.compete.jobs import Outcome, finished
from weftnet.compete.latency import latency
from weftnet.compete.refit import with_refit
from weftnet.errors import RunError
from weftnet.run.folder import Run


def rejoined(folder: Path) -> Competition | None:
    """The competition in a folder with the scores of runs that have been finished since; None where there is none.

    A competition that was itself ended before it was written has no candidates to judge.

    Raises:
        RunError: its file can't be used.
    """
    if not (folder / FILE).is_file():
        return None
    told = read_json(folder / FILE)
    if "candidates" not in told:
        return None
    with reading(folder / FILE, "the competition can't be read", error=RunError):
        outcomes = [_now(folder, Outcome(**each)) for each in told["outcomes"]]
        scores = [Score(**each) for each in told["metrics"]]
        known: dict[str, dict[str, Any]] = told["candidates"]
        known = {
            name: {**facts, "latency": facts["latency"] or latency(folder, name, outcomes)}
            for name, facts in known.items()
        }
        return with_refit(competition_of(folder, (told["data"], told["task"]), scores, known, outcomes))


def _now(folder: Path, outcome: Outcome) -> Outcome:
    """How a training stands now; one that a kill of the whole competition left no time to begin was skipped."""
    if outcome.status not in ("stopped", "failed"):
        return outcome
    if not (folder / outcome.folder / "run.json").is_file():
        return replace(outcome, status="skipped") if outcome.status == "stopped" else outcome
    run = Run.open(folder / outcome.folder)
    if run.status != "finished" or run.facts.scores is None:
        return outcome
    return replace(outcome, status="finished", error="", **finished(run))
