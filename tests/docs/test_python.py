"""The page on Python, as it is printed."""

import re
from pathlib import Path

import pytest

from weftnet.plugins import unload

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here: dict[str, object] = {"__name__": "page"}
    try:
        for number, code in enumerate(re.findall(r"```python\n(.*?)```", PAGE, re.S)):
            exec(compile(code, f"docs/python.md, piece {number}", "exec"), here)
    finally:
        unload("MyNet")
    assert (tmp_path / "buys.html").is_file()
    assert (tmp_path / "resnet.svg").is_file()
