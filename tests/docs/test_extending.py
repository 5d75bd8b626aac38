"""The code of the page on plugins is that of a plugin that is tested, or runs here."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.plugins import REGISTRIES, unload

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
CODE = dict(re.findall(r"```python\n# ([\w/]+\.py)\n(.*?)```", PAGE, re.S))


@pytest.mark.parametrize("name", ["kinds/graded.py", "tasks/ranking/task.py", "tasks/ranking/answer.py"])
def test_code_of_the_ranking_plugin_is_shown_as_it_is(name: str) -> None:
    assert CODE[name] == (ROOT / "tests" / "plugins" / "ranking" / name).read_text(encoding="utf-8")


def test_the_block_of_the_page_is_a_block(tmp_path: Path) -> None:
    (tmp_path / "my_blocks.py").write_text(CODE["my_blocks.py"])
    (tmp_path / "net.yaml").write_text("- gate\n")
    command = ["check", str(tmp_path / "net.yaml"), "--input", "vector:8", "--no-time"]
    try:
        done = CliRunner().invoke(app, [*command, "--plugin", str(tmp_path / "my_blocks.py")])
        assert done.exit_code == 0, done.output
        assert "gate" in done.output
    finally:
        unload("my_blocks")


def test_every_folder_is_listed() -> None:
    assert all(f"{folder}/" in PAGE for folder, _ in REGISTRIES.values())
