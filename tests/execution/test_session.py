"""An ONNX model in memory: its errors are ours, and ONNX Runtime says nothing beside them."""

from pathlib import Path

import numpy as np
import pytest

from weftnet.errors import DamagedCheckpoint, DataError
from weftnet.execution.session import Session

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """y[i] = (10, 20, 30)[x[i]]: it can't be run where x is above 2."""
    helper, int64 = onnx.helper, onnx.TensorProto.INT64
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "x"], ["y"])],
        "look up",
        [helper.make_tensor_value_info("x", int64, ["rows"])],
        [helper.make_tensor_value_info("y", int64, ["rows"])],
        [helper.make_tensor("table", int64, [3], [10, 20, 30])],
    )
    path = tmp_path / "look_up.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(made.SerializeToString())
    return path


def test_arrays_in_and_out(model: Path) -> None:
    session = Session(model)
    assert (session.inputs, session.outputs) == (("x",), ("y",))
    assert session.run({"x": np.array([2, 0])})["y"].tolist() == [30, 10]
    with pytest.raises(DataError, match="the model reads x"):
        session.run({"z": np.array([2, 0])})


def test_what_fails_is_said_once(model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By the error; nothing is printed."""
    with pytest.raises(DataError, match=r"the model can't be run: (.|\n)*got: x \(1,\)"):
        Session(model).run({"x": np.array([3])})
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(DamagedCheckpoint, match="is no ONNX model"):
        Session(tmp_path / "bad.onnx")
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
