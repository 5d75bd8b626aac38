"""A run that needs entries of a plugin travels with them: the runner holds what this run needs, and nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from export_fakes import make, same, scenes
from oracles import unchecked

from weftnet import export
from weftnet.plugins import load_plugin, unload

KIND = '''"""Degrees, as numbers."""

from dataclasses import dataclass
from typing import Any

from weftnet.data.kinds.number import Number

from ._absolute import from_absolute


@dataclass
class Celsius(Number):
    """Degrees Celsius, written in kelvin."""

    def encode(self, values: Any) -> Any:
        return super().encode([None if value is None else from_absolute(float(value)) for value in values])

    def features(self, values: Any) -> Any:
        return super().features([None if value is None else from_absolute(float(value)) for value in values])
'''
ABSOLUTE = "def from_absolute(kelvin: float) -> float:\n    return kelvin - 273.15\n"


@pytest.fixture(params=["folder", "file"])
def plugin(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The kind `celsius`, in a folder with a module beside it, or in a file of its own."""
    if request.param == "folder":
        path = tmp_path / "warmth"
        (path / "kinds").mkdir(parents=True)
        (path / "kinds" / "celsius.py").write_text(KIND)
        (path / "kinds" / "_absolute.py").write_text(ABSOLUTE)
        (path / "blocks").mkdir()
        (path / "blocks" / "unused.py").write_text("import torch\n\n\nclass Unused(torch.nn.Module):\n    pass\n")
    else:
        path = tmp_path / "warmth.py"
        path.write_text(
            KIND.replace("from ._absolute import from_absolute", ABSOLUTE) + "\n\nENTRIES = {'kind': [Celsius]}\n"
        )
    load_plugin(path)
    yield path
    unload("warmth")


@pytest.mark.slow
def test_the_runner_of_a_run_with_a_plugins_kind(plugin: Path, tmp_path: Path) -> None:
    scene = scenes()["table"]
    kelvin = [None if value is None else float(value) + 273.15 for value in scene.raw["size"]]
    options = {**scene.options, "kinds": {"size": "celsius"}}
    scene = replace(scene, raw={**scene.raw, "size": kelvin}, options=options)
    loaded, _ = make(scene, tmp_path / "run")
    with unchecked():
        folder = export.write(loaded, tmp_path / "out").folder
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in scene.rows()))
    script = (
        "import runpy, sys\nsys.modules['torch'] = None\n"
        f"sys.argv = ['runner', {str(rows)!r}]\nrunpy.run_path({str(folder / 'runner')!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    same([json.loads(line) for line in done.stdout.splitlines()], loaded.predict(scene.raw))
    names = {path.relative_to(folder / "runner").as_posix() for path in (folder / "runner").rglob("*.py")}
    own = {name for name in names if not name.startswith("weftnet/")}
    inside = {"weftnet_plugin_warmth/kinds/celsius.py", "weftnet_plugin_warmth/kinds/_absolute.py"}
    assert own - {"__main__.py"} == (inside if plugin.is_dir() else {"weftnet_plugin_warmth.py"})
    kinds = {name.rpartition("/")[2] for name in names if name.startswith("weftnet/data/kinds/")}
    assert {"category.py", "number.py"} <= kinds
    assert not {"audio.py", "subwords.py", "image.py"} & kinds
    tasks = {name.split("/")[2] for name in names if name.startswith("weftnet/tasks/")}
    assert {name for name in tasks if not name.startswith("_")} == {"classification"}


def test_a_plugin_that_imports_torch_where_answers_are_made(tmp_path: Path) -> None:
    path = tmp_path / "heavy"
    (path / "kinds").mkdir(parents=True)
    (path / "kinds" / "celsius.py").write_text("import torch\n" + KIND)
    (path / "kinds" / "_absolute.py").write_text(ABSOLUTE)
    load_plugin(path)
    try:
        scene = scenes()["table"]
        options = {**scene.options, "kinds": {"size": "celsius"}}
        loaded, _ = make(replace(scene, options=options), tmp_path / "run")
        with unchecked():
            written = export.write(loaded, tmp_path / "out")
    finally:
        unload("heavy")
    assert "heavy.kinds.celsius of a plugin imports torch" in written.because
    assert not (written.folder / "runner").exists()
