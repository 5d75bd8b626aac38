"""Plain NumPy: the weights as a .npz file, and beside them, in JSON, the layers that read them, one after another.

    dense       y = x W^T + b
    relu        y = max(x, 0)

A network of anything else is refused.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.compose import Network
from weftnet.export import Captured, ExportError, Inner, Values, capture

_LAYERS = ("dense", "relu")


class NumpyWeights:
    """Writes, runs and inspects a .npz file."""

    suffix: ClassVar[str] = ".npz"
    runs_alone: ClassVar[bool] = False

    def write(self, network: Network, signals: Mapping[str, Signal], path: Path) -> Captured:
        """The network as a file.

        Raises:
            ExportError: it isn't a chain of dense and relu.
        """
        captured = capture(network, signals)
        nodes = list(network.resolved.children.values())
        for node in nodes:
            if node.name not in _LAYERS:
                raise ExportError(
                    "NumPy has no such layer", where=node.path, expected=" or ".join(_LAYERS), got=node.name
                )
        layers = [{"layer": node.name, "path": node.path} for node in nodes]
        path.with_suffix(".json").write_text(json.dumps({"inputs": list(signals), "layers": layers}), encoding="utf-8")
        np.savez(path, **{name: tensor.numpy() for name, tensor in network.state_dict().items()})
        return captured

    def open(self, path: Path) -> Callable[[Values], list[NDArray[Any]]]:
        """The file as a function of inputs by name."""
        return lambda values: [_steps(path, values)[-1][1]]

    def inner(self, path: Path, values: Values) -> Sequence[Inner]:
        """The output of every layer, which the next one reads."""
        steps = _steps(path, values)
        readers = [*(name for name, _ in steps[1:]), ""]
        return [Inner(name, (reader,), value) for (name, value), reader in zip(steps, readers, strict=True)]


def _steps(path: Path, values: Values) -> list[tuple[str, NDArray[Any]]]:
    """Every layer's path and output."""
    written = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    weights, x, steps = np.load(path), values[written["inputs"][0]], []
    for layer in written["layers"]:
        names = [name for name in weights.files if name.startswith(layer["path"] + ".")]
        if layer["layer"] == "relu":
            x = np.maximum(x, 0)
        else:
            x = x @ next(weights[name] for name in names if name.endswith("weight")).T
            x = x + sum(weights[name] for name in names if name.endswith("bias"))
        steps.append((layer["path"], x))
    return steps
