"""One ONNX model in memory: arrays by name in, arrays by name out, on the CPU, deterministic."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.extras import need
from weftnet.errors import DamagedCheckpoint, DataError

#: suffix of the mask of a padded input: NAME_mask
MASK = "_mask"
#: ONNX Runtime raises its errors; its log on stderr would repeat them.
_FATAL = 4


class Session:
    """An ONNX model, ready to run.

    Args:
        path: the file.
        threads: number of cores a run may use; None for all. The same number of threads gives the same outputs.

    Raises:
        MissingExtra: onnxruntime is not installed.
        DamagedCheckpoint: the file holds no ONNX model.
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
            raise DamagedCheckpoint("is no ONNX model", where=str(path), got=_first_line(error)) from error
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
            DataError: a value is missing, or has another shape than the model's input.
        """
        if missing := [name for name in self.inputs if name not in values]:
            raise DataError(f"the model reads {', '.join(self.inputs)}", got=", ".join(values), expected=missing[0])
        inputs = {name: self._input(name, values[name]) for name in self.inputs}
        try:
            outputs = self._session.run(list(self.outputs), inputs, self._run_options)
        except self._faults as error:
            shapes = ", ".join(f"{name} {value.shape}" for name, value in inputs.items())
            raise DataError(f"the model can't be run: {_first_line(error)}", got=shapes) from error
        return dict(zip(self.outputs, outputs, strict=True))

    def _input(self, name: str, value: NDArray[Any]) -> NDArray[Any]:
        """A value in the model's type; where the time axis is fixed, padded to that length, and the mask with False."""
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


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
