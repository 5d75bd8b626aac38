"""`weftnet export` prints file, bytes, what was compared, and how to run the runner."""

import shutil
from pathlib import Path

import pytest
from oracles import unchecked
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.errors import RunError, UnknownName
from weftnet.run.loading import Loaded


@pytest.fixture
def run(loaded: Loaded, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded.run.folder, tmp_path / "run"))


def test_it_prints_what_was_written(printed_and_exported: tuple[str, Path]) -> None:
    printed, folder = printed_and_exported
    size = (folder / "model.onnx").stat().st_size
    assert f"model.onnx  {size:,} bytes" in printed
    assert "vector 32×7" in printed
    assert f"python {folder / 'runner'} rows.jsonl" in printed


def test_torch_export_is_written_into_the_run(run: Path) -> None:
    with unchecked():
        done = CliRunner().invoke(app, ["export", str(run), "--to", "torch_export"])
    assert done.exit_code == 0, done.output
    assert (run / "export" / "torch_export" / "model.pt2").is_file()
    assert "not applicable, because a file of torch_export needs torch" in done.output


def test_bad_commands(run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(run), "--to", "tensorflow", "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, UnknownName)
    (tmp_path / "nothing").mkdir()
    done = CliRunner().invoke(app, ["export", str(tmp_path / "nothing"), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, RunError)
    (run / "weights.safetensors").unlink()
    done = CliRunner().invoke(app, ["export", str(run), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, RunError)
    assert not (tmp_path / "out").exists()
