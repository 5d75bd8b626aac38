"""The newcomer's path, as the page prints it: from pictures in a folder and texts in a table to answers by HTTP."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "first_steps.md").read_text(encoding="utf-8")


def steps(chapter: str, folder: Path) -> str:
    """A chapter's commands in a line of a script, on a free port; its programs are written into the folder."""
    text = PAGE.split(f"## {chapter}\n")[1].split("\n## ")[0]
    for name, program in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", text, re.S):
        (folder / name).write_text(program, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.S)).replace("8000", str(port))
    return f"set -em -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}"


def walk(chapter: str, folder: Path) -> str:
    """Run a chapter as a person would, with this environment's commands."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", steps(chapter, folder)], cwd=folder, env={**os.environ, "PATH": path, "COLUMNS": "120"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.mark.slow
def test_from_a_folder_of_pictures_to_an_answer(tmp_path: Path) -> None:
    said = walk("Pictures", tmp_path)
    (answer,) = map(json.loads, re.findall(r'\{"model".*\]\}', said))
    assert answer["answers"][0]["label"] == "3"
    assert len(list((tmp_path / "pictures").glob("*/*.png"))) == 1797
    assert "<svg" in (tmp_path / "runs/pictures/vgg-seed0/report.html").read_text(encoding="utf-8")
    assert (tmp_path / "pictures-onnx/model.onnx").is_file()
    assert json.loads((tmp_path / "runs/small/compression.json").read_text())


@pytest.mark.slow
def test_from_a_table_of_texts_to_an_answer(tmp_path: Path) -> None:
    said = walk("Texts", tmp_path)
    (answer,) = map(json.loads, re.findall(r'\{"model".*\]\}', said))
    assert answer["answers"][0]["label"] == "email"
    assert "accuracy" in said
    assert (tmp_path / "why.html").is_file()
    assert (tmp_path / "texts-onnx/runner/__main__.py").is_file()
