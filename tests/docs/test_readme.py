"""What the README shows is what happens."""

import re
from importlib.metadata import requires
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from weftnet.architecture.reading import read_text
from weftnet.blocks import BLOCKS
from weftnet.cli import app
from weftnet.compose import build
from weftnet.compose.inputs import inputs_of
from weftnet.plugins import unload

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)


def test_the_first_architecture_runs_as_it_stands() -> None:
    architecture, faults = read_text(YAML[0])
    assert architecture is not None
    assert not faults
    model = build(architecture, inputs_of(architecture))
    y = model["network"]({"image": torch.randn(2, 3, 32, 32), "table": torch.randn(2, 13)})
    assert y.shape == (2, 1)


def test_the_faults_are_printed_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = re.findall(r"\$ weftnet check broken.yaml --input vector:13\n(.*?)```", TEXT, re.S)
    (tmp_path / "broken.yaml").write_text(YAML[1])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    result = CliRunner().invoke(app, ["check", "broken.yaml", "--input", "vector:13"])
    assert result.exit_code == 1
    assert [line.rstrip() for line in result.output.splitlines()] == shown.splitlines()


def test_every_option_and_command_that_is_named_exists() -> None:
    for command in re.findall(r"weftnet (\w+)[^\n]*", TEXT):
        if command in ("check", "draw", "fit", "resume"):
            assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
    for line in re.findall(r"\$ weftnet (\w+) ([^\n#]*)", TEXT):
        known = CliRunner().invoke(app, [line[0], "--help"], env={"COLUMNS": "200"}).output
        for option in re.findall(r"--[a-z-]+", line[1]):
            assert option in known, (line, option)


@pytest.mark.parametrize("path", sorted({"README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))}))
def test_links_lead_somewhere(path: str) -> None:
    file = ROOT / path
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"", file.read_text(encoding="utf-8")):
        link = target[0] or target[1]
        if not link.startswith("http"):
            assert (file.parent / link).exists(), link


def test_ten_dependencies_at_most() -> None:
    lines = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("]")[0]
    names = re.findall(r'"([A-Za-z]+)', lines)
    brought = {re.split(r"[^\w-]", line)[0] for line in requires("torch") or []}
    assert len(set(names) - brought) <= 10
    assert all(name in TEXT for name in names)


def test_the_architectures_of_the_guide_are_sound() -> None:
    guide = (ROOT / "docs" / "composing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", guide, re.S)
    assert len(blocks) == 5
    for block in blocks:
        architecture, faults = read_text(block)
        assert architecture is not None
        assert not faults
        build(architecture, inputs_of(architecture))


def test_the_plugin_of_the_guide_is_a_block(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "composing.md").read_text(encoding="utf-8")
    (tmp_path / "my_blocks.py").write_text(re.findall(r"```python\n(# my_blocks.*?)```", guide, re.S)[0])
    (tmp_path / "arch.yaml").write_text("- dense: {dim: 4}\n- squared_relu\n")
    arguments = ["check", str(tmp_path / "arch.yaml"), "-i", "vector:3", "--no-time"]
    arguments += ["--plugin", str(tmp_path / "my_blocks.py")]
    try:
        assert CliRunner().invoke(app, arguments).exit_code == 0
        assert "squared_relu" in BLOCKS
    finally:
        unload("my_blocks")
