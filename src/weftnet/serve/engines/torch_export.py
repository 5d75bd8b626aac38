"""torch.export: a `.pt2` program.

`torch.export.load` can execute what an attacker puts into the file, so that such an export is served only where the
engine is named: `--engine torch_export`. Its checksum shows that the file is the exported one, not who exported it.
"""

from pathlib import Path
from typing import ClassVar

from weftnet.answer.graphs import Graph
from weftnet.answer.runner import open_export
from weftnet.serve.engines._engine import Stored
from weftnet.serve.model import Model


class TorchExport:
    """Runs an export to torch_export."""

    preference: ClassVar[int] = 0
    needs_torch: ClassVar[bool] = True

    def source(self, stored: Stored) -> Path:
        """The export, or the one in a run's folder."""
        return stored.exported_to("torch_export")

    def load(self, stored: Stored, source: Path, threads: int) -> Model:
        """The model, with the number of threads set for the process."""
        runner = open_export(source, threads, _open)
        known = runner.preprocessing
        return Model(stored.folder, "torch_export", known.fields, runner.predict, runner.task, known.columns)


def _open(path: Path, inputs: tuple[str, ...], outputs: tuple[str, ...], threads: int | None) -> Graph:
    import torch

    from weftnet.export.targets.torch_export import TorchExport as Target

    if threads is not None:
        torch.set_num_threads(threads)
    run = Target().open(path)
    return lambda values: dict(zip(outputs, run({name: values[name] for name in inputs}), strict=True))
