"""The comparison: a wrong weight in the exported file is detected, located by its node, and nothing is left behind."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from export_fakes import scenes
from onnx import numpy_helper
from oracles import unchecked

from weftnet import export
from weftnet.answer.runner import open_export
from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import parse
from weftnet.compose import build
from weftnet.errors import DamagedCheckpoint, DataError, RunError, SettingError, UnknownName
from weftnet.export.capture import Captured
from weftnet.export.diverge import Inner, first_diverging
from weftnet.export.parity import compare, random_inputs
from weftnet.export.targets.onnx import Onnx
from weftnet.export.targets.torch_export import TorchExport
from weftnet.run.loading import Loaded, load

DEEP = (
    "[{conv2d: {channels: 6}}, batch_norm2d, relu, {residual: [{conv2d: {channels: 6}}, batch_norm2d, relu,"
    " {conv2d: {channels: 6}}]}, {separable_conv2d: {channels: 8}}, relu, flatten, {dense: {dim: 9}}, tanh,"
    " {dense: {dim: 3}}]"
)


def change(path: Path, part: str) -> None:
    """Other values in the first row of the first weight whose name holds `part`."""
    model = onnx.load(str(path))
    weight = next(each for each in model.graph.initializer if part in each.name)
    values = numpy_helper.to_array(weight).copy()
    values[0] += 1.0
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    onnx.save(model, str(path))


@pytest.mark.parametrize(
    ("weight", "node"),
    [
        ("network.3.body.0", "3.body.1 (batch_norm2d)"),  # the norm is part of the convolution in the file
        ("network.3.body.3", "3.body.3 (conv2d)"),
        ("network.7", "7 (dense)"),
        ("network.9", "9 (dense)"),
    ],
)
def test_a_wrong_weight_is_named_by_its_node(
    weight: str, node: str, deep: tuple[Any, Any, Path], tmp_path: Path
) -> None:
    network, signals, written = deep
    path = Path(shutil.copy(written, tmp_path / "model.onnx"))
    change(path, weight)
    values = list(random_inputs(signals, {}))[-1]  # the largest batch: a weight may meet a zero in a small one
    diverging = first_diverging(network, signals, values, Onnx().inner(path, values))
    assert diverging is not None
    assert diverging.node == node
    assert diverging.difference > 1e-2


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Path]:
    signals = {"image": parse("image:2x6x5")}
    torch.manual_seed(0)
    architecture, _ = read_text(DEEP)
    assert architecture is not None
    network: Any = build(architecture, {"network": signals})["network"].eval()
    path = tmp_path_factory.mktemp("deep") / "model.onnx"
    with unchecked():
        export.onnx_model(network, signals, path)
    return network, signals, path


def test_no_node_is_reported_where_all_agree(deep: tuple[Any, Any, Path]) -> None:
    network, signals, path = deep
    values = next(random_inputs(signals, {}))
    assert first_diverging(network, signals, values, Onnx().inner(path, values)) is None


def test_a_wrong_program_is_named_by_its_node(deep: tuple[Any, Any, Path], tmp_path: Path) -> None:
    network, signals, _ = deep
    values = next(random_inputs(signals, {}))
    with unchecked():
        TorchExport().write(network, signals, tmp_path / "model.pt2")
        with torch.no_grad():
            network.get_submodule("3.body.0").conv.weight[0, 0, 0, 0] += 1
        try:
            diverging = first_diverging(network, signals, values, TorchExport().inner(tmp_path / "model.pt2", values))
        finally:
            with torch.no_grad():
                network.get_submodule("3.body.0").conv.weight[0, 0, 0, 0] -= 1
    assert diverging is not None
    assert diverging.node == "3.body.0 (conv2d)"


def test_a_failed_comparison_leaves_nothing_behind(
    loaded: Loaded, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(self: Onnx, network: Any, signals: Any, path: Path) -> Captured:
        shutil.copy(exported / "model.onnx", path)
        change(path, "network.0")
        return Captured(None, ("vector",), ("output",), {})

    monkeypatch.setattr(Onnx, "write", write)
    with pytest.raises(export.ExportError) as caught:
        export.write(loaded, tmp_path / "out")
    assert caught.value.where == "0 (dense)"
    assert "for vector 1×7" in caught.value.got
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_number_never_agrees() -> None:
    one, nothing = [np.zeros((2, 3), np.float32)], [np.full((2, 3), np.nan, np.float32)]
    assert compare({}, one, one).close
    assert not compare({}, one, nothing).close
    assert not compare({}, one, [np.zeros((2, 1), np.float32)]).close


def test_a_node_that_was_fused_is_not_blamed(deep: tuple[Any, Any, Path]) -> None:
    network, signals, path = deep
    values = next(random_inputs(signals, {}))
    inner = Onnx().inner(path, values)
    merged = [Inner("0.conv", ("1.norm",), each.value + 9) for each in inner if each.path == "1.norm"]
    assert merged
    assert first_diverging(network, signals, values, [*merged, *inner]) is None


def test_the_manifest_says_what_is_there(exported: Path, loaded: Loaded) -> None:
    document = json.loads((exported / "manifest.json").read_text())
    assert document["format"] == 1
    assert document["task"] == loaded.run.document["task"]
    assert document["preprocessing"] == loaded.preprocessing.state()
    assert document["parts"]["network"]["signals"] == {"vector": "vector:7"}
    assert document["parity"]["compared"] == 4
    there = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert set(document["files"]) == there - {"manifest.json"}
    text = (exported / "model.onnx").read_bytes()
    assert str(Path.cwd()).encode() not in text, "a path of this machine is in the file"


def test_the_same_run_is_written_the_same(loaded: Loaded, exported: Path, tmp_path: Path) -> None:
    with unchecked():
        again = export.write(loaded, tmp_path / "again").folder
    assert (again / "model.onnx").read_bytes() == (exported / "model.onnx").read_bytes()


def test_a_folder_that_holds_something(loaded: Loaded, exported: Path) -> None:
    with pytest.raises(export.ExportError, match="the folder is not empty"):
        export.write(loaded, exported)


def test_an_unknown_target(loaded: Loaded, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no export target is called 'onx'"):
        export.write(loaded, tmp_path / "out", "onx")


def test_names_that_clash(tmp_path: Path) -> None:
    signals = {"output": parse("vector:3")}
    architecture, _ = read_text("[{dense: {dim: 2}}]")
    assert architecture is not None
    network: Any = build(architecture, {"network": signals})["network"].eval()
    with pytest.raises(SettingError, match="names of inputs, masks and outputs clash"):
        export.onnx_model(network, signals, tmp_path / "x.onnx")


def test_a_changed_model_is_refused(copy: Path) -> None:
    change(copy / "model.onnx", "network.0")
    with pytest.raises(DamagedCheckpoint, match="is not the file that was exported"):
        open_export(copy)


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "newer weftnet"),
        ({"format": "x"}, "the field 'format' is wrong"),
        ({"parts": {}}, "has no part 'network'"),
        ({"parts": {"network": []}}, "the field 'parts: network' is wrong"),
        ({"files": {"../x": "0"}}, "is refused"),
        ({"files": {"gone.onnx": "0"}}, "is missing"),
        ({"files": {}}, "without its checksum"),
        ({"answers": False, "because": "not applicable"}, "does not answer by itself"),
        ({"preprocessing": {"columns": {}}}, "not the state of a preprocessing"),
    ],
)
def test_a_manifest_that_is_not_as_written(copy: Path, changes: dict[str, Any], message: str) -> None:
    edit(copy, **changes)
    with pytest.raises((RunError, DataError), match=message):
        open_export(copy)


def test_no_manifest_at_all(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"has no manifest\.json"):
        open_export(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DamagedCheckpoint, match="is not JSON"):
        open_export(tmp_path)


def test_swapped_files_are_detected(copy: Path, deep: tuple[Any, Any, Path]) -> None:
    """A model of another run, even with its checksum put right."""
    from weftnet.base.files import sha256

    shutil.copy(deep[2], copy / "model.onnx")
    files = json.loads((copy / "manifest.json").read_text())["files"]
    edit(copy, files=files | {"model.onnx": sha256(copy / "model.onnx")})
    with pytest.raises(DamagedCheckpoint, match="the model reads other inputs"):
        open_export(copy)


def test_no_model_at_all(copy: Path) -> None:
    from weftnet.base.files import sha256

    (copy / "model.onnx").write_bytes(b"no model")
    files = json.loads((copy / "manifest.json").read_text())["files"]
    edit(copy, files=files | {"model.onnx": sha256(copy / "model.onnx")})
    with pytest.raises(DamagedCheckpoint, match="is no ONNX model"):
        open_export(copy)


def test_a_run_that_onnx_computes(loaded: Loaded, exported: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(loaded.run.folder, tmp_path / "run"))
    shutil.copy(exported / "model.onnx", folder / "model.onnx")
    other = load(folder).run
    (folder / "weights.safetensors").unlink()
    other.sign("model.onnx")
    other.record(engine={"name": "onnx", "file": "model.onnx"})
    again = load(folder)
    raw = scenes()["vector"].raw
    expected = [answer["value"] for answer in loaded.predict(raw)]
    assert [answer["value"] for answer in again.predict(raw)] == pytest.approx(expected, rel=1e-5)
    assert list(again.model.parameters()) == []
    with pytest.raises(RunError, match="gives no gradients"):
        again.model["network"]({"vector": torch.randn(2, 7, requires_grad=True)})
    with pytest.raises(DataError, match="can't be run"):
        again.model["network"]({"vector": torch.randn(2, 6)})
    with pytest.raises(export.ExportError, match="computed by ONNX Runtime already"):
        export.write(again, tmp_path / "out")
    with pytest.raises(RunError, match=r"the field 'engine: name' is wrong\n  expected: 'onnx'"):
        other.record(engine={"name": "other", "file": "model.onnx"})
    other.record(engine={"name": "onnx", "file": "../model.onnx"})
    with pytest.raises(RunError, match="is refused"):
        load(folder)


def test_a_missing_extra(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from weftnet.errors import MissingExtra

    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(MissingExtra, match="onnxscript"):
        export.write(loaded, tmp_path / "out")
