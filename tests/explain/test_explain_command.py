"""`weftnet explain` from a run's folder to a printed table and a page."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from weftnet.architecture.reading import from_dict
from weftnet.cli import app
from weftnet.data import open_data
from weftnet.errors import DataError, SettingError, UnknownName
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

GOOD, BAD = "a fine and <script> bright film", "a dull and slow waste of time"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    source = folder / "films.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "length", "label"])
        writer.writerows([[GOOD if row % 2 else BAD, 60 + row, "good" if row % 2 else "bad"] for row in range(60)])
    data = open_data(str(source), target="label", kinds={"text": "text"})
    node = {
        "graph": {
            "inputs": ["tokens", "table"],
            "nodes": {
                "words": {"from": "tokens", "chain": [{"embedding": {"dim": 4}}, {"lstm": {"dim": 5}}, "last_step"]},
                "both": {"from": ["words", "table"], "merge": "concat"},
                "answer": {"from": "both", "chain": [{"dense": {"dim": 6}}, "relu"]},
            },
            "outputs": ["answer"],
        }
    }
    task = TASKS.get("classification").from_data(data)
    return fit(from_dict(node), task, data, Recipe(steps=30, batch_size=8), folder / "run").folder


def test_the_run_s_own_test_rows(run: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["explain", str(run), "--out", str(page), "--checks", "4"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    for words in ("strongest pieces", "completeness", "edge detector", "finds what the answer relies on", "films"):
        assert words in result.output
    html = page.read_text(encoding="utf-8")
    assert html.count("<div class=explanation>") == 4
    assert html.count("<script") == 1, "that of the language"
    assert "length = " in html
    assert "How far to trust it" in html


def test_rows_of_a_new_source_for_a_label(run: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.csv"
    source.write_text(f"text,length\n{GOOD},70\n{BAD},80\n{GOOD},90\n", encoding="utf-8")
    arguments = ["explain", str(run), str(source), "--row", "2", "--target", "good", "--checks", "0", "-m", "occlusion"]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "new row 2" in result.output
    assert "new row 1" not in result.output
    assert "why good" in result.output
    assert "edge detector" not in result.output


def test_a_row_that_is_not_there(run: Path) -> None:
    result = CliRunner().invoke(app, ["explain", str(run), "--row", "61"])
    assert isinstance(result.exception, DataError)
    assert "expected: 1 to 60" in str(result.exception)


def test_errors(run: Path) -> None:
    for arguments, error, words in (
        (["--method", "occlusio"], UnknownName, "did you mean 'occlusion'"),
        (["--target", "goot"], UnknownName, "did you mean 'good'"),
        (["-m", "grad_cam"], SettingError, "needs a convolution"),
        (["--set", "steps=0"], SettingError, "needs steps"),
    ):
        result = CliRunner().invoke(app, ["explain", str(run), *arguments])
        assert isinstance(result.exception, error), result.output
        assert words in str(result.exception)


def test_pictures(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label, shade in (("dark", 40), ("light", 200)):
        (tmp_path / "shades" / label).mkdir(parents=True)
        for number in range(12):
            pixels = (shade + random.integers(0, 40, (6, 6))).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "shades" / label / f"{number}.png")
    data = open_data(str(tmp_path / "shades"))
    task = TASKS.get("classification").from_data(data)
    node = [{"conv2d": {"channels": 3}}, "relu", "flatten"]
    folder = fit(from_dict(node), task, data, Recipe(steps=3, batch_size=8), tmp_path / "run").folder
    picture = str(tmp_path / "shades" / "dark" / "3.png")
    for method in ("integrated_gradients", "grad_cam", "occlusion"):
        arguments = ["explain", str(folder), picture, "-m", method, "--checks", "2"]
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        assert "3.png" in result.output
        assert "similarity to the image's edges" in result.output


def test_a_sentence(tmp_path: Path) -> None:
    rows = [("sunny warm day", "good"), ("cold wet night", "bad")] * 20
    columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
    data = open_data(columns, target="label", kinds={"text": "text"})
    task = TASKS.get("classification").from_data(data)
    node = [{"embedding": {"dim": 4}}, {"gru": {"dim": 4}}, "last_step"]
    folder = fit(from_dict(node), task, data, Recipe(steps=5, batch_size=8), tmp_path / "run").folder
    lines = tmp_path / "lines.txt"
    lines.write_text("warm day\ncold day\nwet\n", encoding="utf-8")
    arguments = ["explain", str(folder), str(lines), "--row", "2", "--text", "a sunny <b>night</b>", "--checks", "0"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "x.html")], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    html = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert html.count("<div class=explanation>") == 2
    assert "cold" in html
    assert "warm" not in html
    assert "<b>" not in html
