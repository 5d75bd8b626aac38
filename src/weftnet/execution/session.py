"""One ONNX model in memory: arrays in by name, arrays out by name, on the CPU and the same at every call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.extras import need
from weftnet.errors import DamagedCheckpoint, DataError

#: what a padded input's mask is called: NAME_mask
MASK = "_mask"
#: ONNX Runtime tells faults by raising; its own lines on stderr would say them twice.
_FATAL = 4


class Session:
    """An ONNX model, ready to be run.

    Args:
        path: the file.
        threads: cores a single run may use; None for all. Answers are the same for the same number of threads.

    Raises:
        MissingExtra: onnxruntime is not installed.
        DamagedCheckpoint: the file is no model.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        runtime = need("onnxruntime", extra="export", what="running an exported model")
        state = need("onnxruntime.capi.onnxruntime_pybind11_state", extra="export", what="running an exported model")
        self._faults = tuple(
            fault for fault in vars(state).values() if isinstance(fault, type) and issubclass(fault, Exception)
        )
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = _FATAL
        try:
            self._session: Any = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except self._faults as error:
            raise DamagedCheckpoint("is no ONNX model", where=str(path), got=_first(error)) from error
        self._run_options = runtime.RunOptions()
        self._run_options.log_severity_level = _FATAL
        self.inputs = tuple(each.name for each in self._session.get_inputs())
        self.outputs = tuple(each.name for each in self._session.get_outputs())
        self._types = {each.name: _TYPES.get(each.type) for each in self._session.get_inputs()}
        shapes = {each.name: each.shape for each in self._session.get_inputs()}
        masked = {name.removesuffix(MASK) for name in self.inputs if name.endswith(MASK)}
        self._fixed = {
            name: shapes[name][1]
            for name in self.inputs
            if name.removesuffix(MASK) in masked and isinstance(shapes[name][1], int)
        }

    def run(self, values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The outputs by name.

        Raises:
            DataError: a value is missing, or of another shape than the model reads.
        """
        if missing := [name for name in self.inputs if name not in values]:
            raise DataError(f"the model reads {', '.join(self.inputs)}", got=", ".join(values), expected=missing[0])
        given = {name: self._given(name, values[name]) for name in self.inputs}
        try:
            outputs = self._session.run(list(self.outputs), given, self._run_options)
        except self._faults as error:
            shapes = ", ".join(f"{name} {value.shape}" for name, value in given.items())
            raise DataError(f"the model can't be run: {_first(error)}", got=shapes) from error
        return dict(zip(self.outputs, outputs, strict=True))

    def _given(self, name: str, value: NDArray[Any]) -> NDArray[Any]:
        """A value as the model reads it; one whose time axis is fixed is padded to it, its mask with False."""
        if name in self._fixed and value.ndim > 1 and value.shape[1] < self._fixed[name]:
            width = [(0, 0)] * value.ndim
            width[1] = (0, self._fixed[name] - value.shape[1])
            value = np.pad(value, width)
        return np.ascontiguousarray(value, dtype=self._types[name])


_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
