"""TensorBoard: losses, rates and metrics as an event file in `RUN/tensorboard`; `tensorboard --logdir runs` shows them.

    loss/GROUP, lr, examples_per_second     a few times a second
    training/GROUP, validation/METRIC       at every evaluation
    architecture, recipe                    as texts

A training that is resumed continues the curves: what was written after its checkpoint is marked as void.

Source: https://www.tensorflow.org/tensorboard; the writer is torch's.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weftnet.base.extras import need
from weftnet.train.listeners._listener import Began, Listener, Step, scalars
from weftnet.train.result import TrainingResult


class TensorBoard(Listener):
    """Writes an event file."""

    def __init__(self) -> None:
        need("tensorboard", extra="tensorboard", what="the listener tensorboard")
        self._writer: Any = None

    def start(self, start: Began) -> None:
        """Open the file."""
        from torch.utils.tensorboard import SummaryWriter

        void = start.step + 1 if start.step else None
        _after_others(start.folder / "tensorboard")
        self._writer = SummaryWriter(str(start.folder / "tensorboard"), purge_step=void)
        if not start.step:
            self._writer.add_text("architecture", f"```yaml\n{start.architecture}\n```")
            self._writer.add_text("recipe", f"```json\n{json.dumps(dict(start.recipe), indent=2)}\n```")

    def after_step(self, step: Step) -> None:
        """Losses and rates."""
        self._write(scalars(step), step.step)

    def after_evaluation(self, line: Mapping[str, Any]) -> None:
        """Mean losses and metrics."""
        self._write(scalars(line), line["step"])

    def after_checkpoint(self, step: int) -> None:
        """What was told so far is on disk."""
        self._writer.flush()

    def end(self, result: TrainingResult) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)


def _after_others(folder: Path) -> None:
    """Wait for another second than that of the newest event file: files are read in the order of their names, which
    begin with the second in which they were made, so that those of a resumed run would else come first by chance."""
    seconds = [name[3] for file in folder.glob("events.out.tfevents.*") if len(name := file.name.split(".")) > 3]
    if f"{int(time.time()):010d}" in seconds:
        time.sleep(1 - time.time() % 1)
