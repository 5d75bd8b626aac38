"""The page and the table that show how a data set was read."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from weftnet.cli.data import data as data_command
from weftnet.data import KINDS, open_data
from weftnet.errors import SettingError
from weftnet.report.cells import cell
from weftnet.report.dataset import balance, column_table, write_dataset


@pytest.fixture
def people(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "town", "<b>note</b>", "likes"])
        for row in range(60):
            age = "" if row % 10 == 0 else rng.integers(18, 90)
            note = f"<script>alert({row})</script> is what number {rng.integers(1000)} wrote"
            writer.writerow([age, rng.choice(["Oslo", "Lima"]), note, "no" if row % 4 else "yes"])
    return path


def test_the_table_describes_each_column(people: Path) -> None:
    data = open_data(people, target="likes")
    head, rows = column_table(data)
    assert head[:4] == ["column", "kind", "goes into", "missing"]
    kinds = {row[0]: row[1:3] for row in rows}
    assert kinds == {
        "age": ["number", "table"],
        "town": ["category", "table"],
        "<b>note</b>": ["text", "tokens"],
        "likes": ["category", "target"],
    }
    missing = data.raw(data.rows("train").numpy())["age"].tolist().count(None)
    assert {row[0]: row[3] for row in rows}["age"] == str(missing) != "0"
    counts = balance(data)
    assert sum(counts.values()) == data.sizes["train"]
    assert counts["no"] == (data.raw(data.rows("train").numpy())["likes"] == "no").sum()


def test_the_page_escapes_what_the_data_hold(people: Path, tmp_path: Path) -> None:
    page = write_dataset(open_data(people, target="likes"), tmp_path / "data.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1, "the page's own"
    assert "<b>note</b>" not in page
    assert "&lt;script&gt;" in page
    assert not re.findall(r"(?:src|href)=['\"]?http", page)


def test_pictures_of_arrays_are_shown(tmp_path: Path) -> None:
    page = write_dataset(open_data("digits"), tmp_path / "digits.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 24
    assert "1 × 8" not in page
    assert "8 × 8 of uint8, 0 … 16" in page


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "RGBA"])
def test_a_cell_is_shown_whatever_holds_it(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a 'quoted' <name>.png"
    Image.new(mode, (300, 200)).save(path)
    for value in (path, path.read_bytes()):
        shown = cell(value, KINDS.get("image")())
        assert shown.startswith("<img class=thumb")
        assert "<name>" not in shown
    assert cell(None, None) == cell(float("nan"), KINDS.get("number")()) == "<span class=soft>missing</span>"
    assert cell("<i>", KINDS.get("text")()) == "&lt;i&gt;"
    assert cell(["a", "<b>"], KINDS.get("labels")()) == "a, &lt;b&gt;"
    assert cell(np.zeros((50, 3)), KINDS.get("series")()).count("<polyline") == 3


def test_the_command_prints_json(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_command(str(people), target="likes", kinds=["town=text"], as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["task"] == "classification"
    assert printed["columns"]["town"]["kind"] == "text"
    assert printed["sizes"]["train"] == 42


def test_a_running_text_has_no_page(tmp_path: Path) -> None:
    text = tmp_path / "book.txt"
    text.write_text("it was a dark and stormy night; " * 100)
    with pytest.raises(SettingError, match="there is no page for data without rows"):
        data_command(str(text), out=tmp_path / "page.html")
