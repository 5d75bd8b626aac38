"""A run that holds only what differs from its base → one that holds all of its weights."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

from weftnet.base.workplace import whole
from weftnet.errors import RunError
from weftnet.run.folder import DELTA, Run
from weftnet.run.loading import load


def merged(folder: str | Path, out: str | Path, base: str | Path | None = None) -> Run:
    """Write a run with all weights of one that needs a base; it answers the same.

    Args:
        folder: of the run that holds a delta.
        out: the new run's folder.
        base: where its base is, if it was moved.

    Raises:
        RunError: the run holds all of its weights, is not finished, or its base is gone or has changed.
    """
    run = Run.open(folder)
    if run.facts.delta is None:
        raise RunError("holds no delta, but all of its weights", where=str(folder), got=f"a run that is {run.status}")
    if base is not None:
        run.remember(delta=asdict(replace(run.facts.delta, base=str(Path(base).resolve()))))
    model, metrics = load(run).model, run.json("metrics.json")
    kept = [name for name in run.facts.files if name != DELTA]
    document = {name: value for name, value in run.document.items() if name != "delta"}
    for listed in ("files", "sizes"):
        document[listed] = {name: value for name, value in run.document.get(listed, {}).items() if name in kept}
    document["start"] = {**run.document["start"], "delta": False}
    with whole(Path(out)) as new:
        for name in kept:
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.file(name), new / name)
        Run(new, document).save_weights(model, metrics)
    return Run.open(out)
