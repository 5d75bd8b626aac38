"""The exported folder answers as the run does, on every example, for each kind of column: here and without torch."""

import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from export_fakes import Scene, make, same, scenes
from oracles import unchecked

from weftnet import export
from weftnet.answer.rows import read
from weftnet.answer.runner import open_export
from weftnet.data.wire import from_json
from weftnet.run.loading import Loaded

SCENES = scenes()
#: between them, tables, texts and pictures; the others, word pieces and sounds among them, are slow
FAST = ("two inputs", "image files")
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in SCENES if name not in FAST]
#: what an exported folder may need; torch is not among them, nor weftnet itself
PACKAGES = ("numpy", "numpy.libs", "onnxruntime", "PIL", "pillow.libs", "tokenizers", "soundfile.py", "_soundfile.py",
            "_soundfile_data", "_cffi_backend*", "cffi", "pycparser", "packaging", "flatbuffers", "google", "protobuf",
            "huggingface_hub", "typing_extensions.py")  # fmt: skip


@dataclass(frozen=True)
class Case:
    scene: Scene
    loaded: Loaded
    folder: Path
    expected: list[dict[str, Any]]


@pytest.fixture(scope="module", params=[*FAST, *SLOW])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    home = tmp_path_factory.mktemp("run")
    scene = SCENES[request.param]
    loaded, data = make(scene, home / "run")
    with unchecked():
        written = export.write(loaded, home / "out", data_batches=data.batches("validation", 16))
    assert written.because == ""
    assert all(each.close for each in written.compared["network"])
    return Case(scene, loaded, home / "out", loaded.predict(scene.raw))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages without torch, for a Python that looks nowhere else."""
    here, there = Path(sysconfig.get_path("platlib")), tmp_path_factory.mktemp("packages")
    for pattern in PACKAGES:
        for path in here.glob(pattern):
            (there / path.name).symlink_to(path)
    return there


def test_the_runner_answers_as_the_run(case: Case) -> None:
    runner = open_export(case.folder)
    same(runner.predict(case.scene.raw), case.expected)
    first = {name: values[:1] for name, values in case.scene.raw.items()}
    same(runner.predict(first), case.expected[:1])


def test_the_runner_answers_without_torch(case: Case, packages: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = [json.dumps(row | {"stray": 1}) + "\n" for row in case.scene.rows()]
    rows.write_text("".join(lines), encoding="utf-8")
    environment = {"PYTHONPATH": str(packages), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-S", str(case.folder / "runner"), str(rows), "--threads", "1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    same([json.loads(line) for line in done.stdout.splitlines()], case.expected)


def test_torch_is_not_there(packages: Path) -> None:
    command = [sys.executable, "-S", "-c", "import numpy, onnxruntime\nimport torch"]
    done = subprocess.run(command, env={"PYTHONPATH": str(packages)}, capture_output=True, text=True, check=False)
    assert "No module named 'torch'" in done.stderr


def test_fields_are_the_runs(case: Case) -> None:
    assert open_export(case.folder).fields == case.loaded.preprocessing.fields


@pytest.mark.parametrize("case", ["image files"], indirect=True)
def test_pictures_in_files_are_those_in_bytes(case: Case, tmp_path: Path) -> None:
    """A folder of pictures, as the runner is given one, and the pictures themselves."""
    scene, loaded = case.scene, case.loaded
    (tmp_path / "photos").mkdir()
    for number, photo in enumerate(scene.raw["photo"]):
        (tmp_path / "photos" / f"{number:02}.{'jpg' if number % 2 else 'png'}").write_bytes(photo)
    runner = open_export(case.folder)
    columns, names = read(tmp_path / "photos", runner.fields)
    assert len(names) == len(scene.raw["photo"])
    assert all(isinstance(each, Path) for each in columns["photo"])
    same(runner.predict(columns), loaded.predict(scene.raw))
    same(loaded.predict(columns), loaded.predict(scene.raw))


def test_rows_of_json_are_the_same_values(case: Case) -> None:
    runner = open_export(case.folder)
    same(runner.predict(from_json(runner.fields, case.scene.rows()[:3])), case.expected[:3])
