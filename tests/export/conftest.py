"""One run and one export of it, which most tests of this folder share."""

import shutil
from pathlib import Path

import pytest
from export_fakes import make, scenes
from oracles import unchecked
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.run.loading import Loaded


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """A small run that reads vectors; no test changes its folder."""
    return make(scenes()["vector"], tmp_path_factory.mktemp("run") / "run")[0]


@pytest.fixture(scope="session")
def printed_and_exported(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Its export by the command, and the command's output."""
    folder = tmp_path_factory.mktemp("out") / "out"
    with unchecked():
        result = CliRunner().invoke(app, ["export", str(loaded.run.folder), "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return result.output, folder


@pytest.fixture(scope="session")
def exported(printed_and_exported: tuple[str, Path]) -> Path:
    return printed_and_exported[1]


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "copy"))
