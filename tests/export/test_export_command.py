"""`weftnet export` prints file, bytes, what was compared, and how to run the runner."""

import shutil
from pathlib import Path

import pytest
from export_fakes import make, scenes
from oracles import unchecked
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.errors import RunError, UnknownName


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(scenes()["vector"], tmp_path_factory.mktemp("run") / "run")[0].run.folder


def test_it_says_what_was_written(run: Path, tmp_path: Path) -> None:
    with unchecked():
        done = CliRunner().invoke(app, ["export", str(run), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    size = (tmp_path / "out" / "model.onnx").stat().st_size
    assert f"model.onnx  {size:,} bytes" in done.output
    assert "vector 32×7" in done.output
    assert f"python {tmp_path / 'out' / 'runner'} rows.jsonl" in done.output


def test_torch_export_lies_in_the_run(run: Path) -> None:
    with unchecked():
        done = CliRunner().invoke(app, ["export", str(run), "--to", "torch_export"])
    assert done.exit_code == 0, done.output
    assert (run / "export" / "torch_export" / "model.pt2").is_file()
    assert "not applicable, because a file of torch_export needs torch" in done.output


def test_bad_commands(run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(run), "--to", "tensorflow", "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, UnknownName)
    done = CliRunner().invoke(app, ["export", str(tmp_path), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, RunError)
    unfinished = Path(shutil.copytree(run, tmp_path / "run"))
    (unfinished / "weights.safetensors").unlink()
    done = CliRunner().invoke(app, ["export", str(unfinished), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, RunError)
    assert not (tmp_path / "out").exists()
