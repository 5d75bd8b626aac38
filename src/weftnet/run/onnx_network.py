"""A network that ONNX Runtime computes, as a module: for runs that were compressed into an ONNX file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.errors import RunError
from weftnet.execution.session import MASK, Session


class OnnxNetwork(nn.Module):
    """A network that is called like any other, without parameters and gradients.

    Args:
        path: the ONNX file; its inputs are the signals, and NAME_mask for padded ones.
        signals: the inputs by name.
    """

    def __init__(self, path: Path, signals: Mapping[str, Signal]) -> None:
        super().__init__()
        self.inputs = dict(signals)
        self._session, self._where = Session(path), str(path)

    def forward(self, inputs: Tensor | Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None) -> Tensor:
        """The output, on the CPU.

        Raises:
            RunError: an input requires a gradient.
            DataError: an input is missing, or of another shape.
        """
        named = {next(iter(self.inputs)): inputs} if isinstance(inputs, Tensor) else dict(inputs)
        if torch.is_grad_enabled() and any(value.requires_grad for value in named.values()):
            fix = "use the run that it was made from"
            raise RunError("runs in ONNX Runtime, which gives no gradients", where=self._where, fix=fix)
        values = {name: value.detach().cpu().numpy() for name, value in named.items()}
        for name, signal in self.inputs.items():
            if signal.padded and name in values:
                mask = (masks or {}).get(name)
                everything = np.ones(values[name].shape[:2], np.bool_)
                values[name + MASK] = everything if mask is None else mask.cpu().numpy()
        return torch.from_numpy(next(iter(self._session.run(values).values())))
