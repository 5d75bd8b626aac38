"""A run trained anew on all rows that are not test: training and validation rows together.

    epochs = those after which the run had the weights that it keeps;   steps = epochs · steps of an epoch now

Validation has chosen the network and the length by then, and its rows – a sixth of all, often – are worth more as
training rows. Everything else stays: preprocessing, recipe and seed; the schedule reaches its end with the shorter
length, the last weights are kept. Nothing but the test split can judge the new run: it records the scores that the run
before it had, as what they are.
"""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

from weftnet.compete.competition import Competition
from weftnet.compete.jobs import conclude
from weftnet.data.data import Data
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.train import Recipe, resume


def refit(run: Run, data: Data, folder: Path) -> Run:
    """Train a finished run's network anew on training and validation rows, and evaluate it on the test rows.

    Args:
        run: finished, of a single network that was trained by steps or by a solver.
        data: that it was trained on.
        folder: new or empty.

    Raises:
        RunError: the run is an ensemble or was compressed.
        SettingError: rows can't be moved from one of these splits to another.
        KeyboardInterrupt: Ctrl-C stopped it; there is no new run then.
    """
    if run.facts.members or run.facts.compression or run.facts.engine:
        raise RunError("only a network as it was trained can be trained anew", where=str(run.folder))
    rest, recipe, step = data.joined(), Recipe.from_dict(run.json("recipe.json")), int(run.json("metrics.json")["step"])
    if recipe.solver is None:
        grown = rest.steps_per_epoch(recipe.batch_size) / data.steps_per_epoch(recipe.batch_size)
        steps = max(1, round(step * grown))
        recipe = replace(recipe, steps=steps, epochs=None, budget=None, keep="last", patience=None)
    new = Run.create(
        folder,
        architecture=run.text("architecture.yaml"),
        recipe=recipe.to_dict(),
        task=asdict(run.facts.task),
        data={**asdict(run.facts.data), "sizes": dict(rest.sizes)},
        signals=run.facts.signals,
        state=rest.state(),
        seed=run.facts.seed,
    )
    start = None if run.facts.start is None else asdict(run.facts.start)
    new.record(refit={"run": run.folder.name, "step": step, "scores": run.facts.scores or {}}, start=start)
    try:
        new = resume(folder, rest)
        if new.status != "finished":
            raise KeyboardInterrupt
        conclude(new, rest)
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        raise
    return new


def folder_of(run: Path) -> Path:
    """Where the refit of a run of a competition lies."""
    return run.parent / f"{run.name}-refit"


def with_refit(result: Competition) -> Competition:
    """The competition whose best run is the winner's refit, where there is one."""
    if result.best is None or not (folder_of(result.best) / "run.json").is_file():
        return result
    new = Run.open(folder_of(result.best))
    if new.status != "finished":
        return result
    rows = new.facts.data.sizes.get("train", 0)
    said = f"It was then trained anew on all {rows} rows that are not test, for {new.steps} steps"
    reason = f"{result.reason} {said}; the scores are those before."
    return replace(result, best=new.folder, refit=new.folder.name, reason=reason)
