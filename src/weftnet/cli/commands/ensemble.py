"""`ensemble`: some of several networks as one run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from weftnet.base import lock
from weftnet.cli._output import Output
from weftnet.cli.commands.show import board
from weftnet.compete import competition as compete
from weftnet.compete.competition import competition_of
from weftnet.compete.ensemble import members, write
from weftnet.compete.ensembling import added, alone, evaluated, said
from weftnet.compete.rejoin import rejoined
from weftnet.errors import RunError
from weftnet.library.concluding import written
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.run.own_data import data_of


def ensemble_command(folders: Sequence[Path], out: Path | None, most: int | None, output: Output) -> None:
    """Choose the members, write the ensemble and print it; one of a whole competition joins its leaderboard.

    Args:
        folders: of runs or of competitions.
        out: the new run's; None for one in the only competition.
        most: networks.

    Raises:
        RunError: there are fewer than two runs, they don't belong together, or the folder is not named.
    """
    console, competition = output.console(), None
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
        output.say(alone(next(iter(chosen))))
        output.end({"run": None, "members": chosen, "scores": {}, "report": None})
        return
    if competition is None or out is not None:
        assert out is not None  # one of both is named
        run = write(chosen, data, out)
        told = ", ".join(f"{split} {_score(run, metrics)}" for split, metrics in (run.facts.scores or {}).items())
        output.say(f"{said(chosen)}: {told}", f"run     {out}")
        output.end({"run": out, "members": chosen, "scores": run.facts.scores or {}, "report": None}, out)
        return
    with lock.held(competition.folder):
        name, outcome, facts = added(competition.folder, data, chosen, competition.candidates, competition.outcomes)
        outcomes, known = [*competition.outcomes, outcome], {**competition.candidates, name: facts}
        subject = competition.data, competition.task
        result = competition_of(competition.folder, subject, competition.scores, known, outcomes)
        report = written(result, data)
    board(console, result)
    run = Run.open(competition.folder / name)
    output.say(f"run     {run.folder}", f"report  {report}")
    document = {"run": run.folder, "members": chosen, "scores": run.facts.scores or {}, "report": report}
    output.end(document, run.folder)


def _finished(folder: Path) -> list[Run]:
    """The finished networks of a competition, or the run in the folder; ensembles are no members."""
    if (folder / "run.json").is_file() or not (folder / compete.FILE).is_file():
        return [Run.open(folder)]
    result = rejoined(folder)
    return [] if result is None else [run for run in evaluated(folder, result.outcomes) if not run.facts.members]


def _score(run: Run, metrics: Mapping[str, float]) -> str:
    score = load(run).scoring.deciding
    return f"{score.name} {score.text(metrics[score.name])}"
