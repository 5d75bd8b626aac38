"""PyTorch: a run, under its plans for answers."""

from pathlib import Path
from typing import ClassVar

from weftnet.errors import RunError
from weftnet.serve.engines._engine import Stored
from weftnet.serve.model import Model


class Torch:
    """Runs a run's own weights."""

    preference: ClassVar[int] = 1
    needs_torch: ClassVar[bool] = True

    def source(self, stored: Stored) -> Path:
        """The run."""
        if stored.run is None:
            raise RunError("is an export, without the run's weights", where=str(stored.folder), fix="serve its run")
        if stored.run.facts.engine is not None:
            raise RunError("is computed by ONNX Runtime", where=str(stored.folder), fix="--engine onnx")
        return stored.folder

    def load(self, stored: Stored, source: Path, threads: int) -> Model:
        """The model, with the number of threads set for the process."""
        import torch

        from weftnet.run.loading import load

        torch.set_num_threads(threads)
        loaded = load(source)
        known = loaded.preprocessing
        return Model(source, "torch", known.fields, loaded.predict, loaded.run.facts.task, known.columns)
