"""What runs a served network, and how a folder becomes a model."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from netloom.data.encoded import Encoded
from netloom.serve.model import Model


class TorchEngine:
    """The run's own network.

    Args:
        loaded: the run.
    """

    name = "torch"

    def __init__(self, loaded: Any) -> None:
        self._loaded = loaded

    def outputs(self, encoded: Encoded) -> NDArray[Any]:
        """(rows, …) raw outputs."""
        from netloom.data.batch import Batch

        outputs: NDArray[Any] = self._loaded.outputs(Batch.of(encoded)).numpy()
        return outputs


def load(folder: Path) -> Model:
    """The model of a run's folder."""
    from netloom.evaluate import load as load_run

    loaded = load_run(folder)
    return Model(folder, TorchEngine(loaded), loaded.preprocessing, loaded.run.document["task"])
