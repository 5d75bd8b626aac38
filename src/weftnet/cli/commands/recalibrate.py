"""`recalibrate`: what a task learns once its network is trained, from other rows."""

from pathlib import Path

from weftnet.cli._output import Output
from weftnet.compete.competition import best_run
from weftnet.run.loading import load
from weftnet.run.own_data import data_of, split_of
from weftnet.train.calibrating import recalibrate


def recalibrate_command(folder: Path, source: str, last: int, output: Output) -> None:
    """Calibrate a run and say on what.

    Raises:
        RunError: its task calibrates nothing.
        DataError: the rows can't be read, or are too few.
    """
    loaded = load(best_run(folder))
    data = data_of(loaded, source)
    split = "validation" if data.fingerprint == loaded.run.facts.data.fingerprint else split_of(data)
    facts = recalibrate(loaded, data, split, last)
    folder = loaded.run.folder
    output.say(f"calibrated on {facts.examples} examples of {data.name} ({split})", f"run     {folder}")
    output.end({"run": folder, "data": data.name, "split": split, "examples": facts.examples}, folder)
