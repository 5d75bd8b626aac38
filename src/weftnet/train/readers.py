"""Which part of a model reads the examples: the encoder of an autoencoder, the critic of a GAN, the only network.

A training that starts from a run with other parts takes the weights of the part there that reads the examples into the
part here that does, unless its map says otherwise.
"""

from collections.abc import Mapping
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.data.data import Data
from weftnet.run.contents import contents
from weftnet.run.folder import Run
from weftnet.tasks._task import Task
from weftnet.train.start import Start


def reader(task: Task, signals: Mapping[str, Signal]) -> str:
    """The part that reads all inputs of the data; "" if there is none, or more than one."""
    reading = [part for part, inputs in task.inputs(signals).items() if set(inputs) == set(signals)]
    return reading[0] if len(reading) == 1 else ""


def between_parts(start: Start, task: Task, data: Data) -> Start:
    """The start, whose map has the part that reads the examples, where that is called otherwise there.

    Args:
        start: as somebody wrote it.
        task, data: of the new run.

    Raises:
        RunError: the run that it names can't be read.
    """
    _, before, signals = contents(Run.open(start.run))
    if set(before.parts) == set(task.parts):
        return start
    here, there = reader(task, data.signals), reader(before, signals)
    if not here or not there or any(path.partition(".")[0] == here for path in start.map):
        return start
    return replace(start, map={here: there, **start.map})
