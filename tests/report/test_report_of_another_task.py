"""A task that nobody foresaw: its judge alone puts figures, a table by class and pictures into the report."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.cli._output import Output
from weftnet.cli.commands.evaluate import evaluate_command
from weftnet.data import open_data
from weftnet.plugins import load_plugin, unload
from weftnet.report import write_run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

TASK = '''
from dataclasses import dataclass
from weftnet.tasks.classification.task import Classification

@dataclass(frozen=True)
class Halves(Classification):
    """Which half of the picture is brighter, say."""
'''
JUDGE = '''
import numpy as np
from weftnet.base.figures import Bars, Paragraph, Picture, Table
from weftnet.tasks import Baseline, Bounds, Case, Judgement, Section, Worst

def halves(task, answered):
    """Draws two examples with their upper half in red."""
    rows, overlays = answered.gathered().rows.tolist(), []
    for place, batch in answered.at([0, 1]):
        (image,) = batch.inputs.values()
        grey = np.clip(image[0, 0].numpy() * 50 + 100, 0, 255).astype(np.uint8)
        pixels = np.stack([grey, grey, grey], 2)
        pixels[: len(pixels) // 2, :, 0] = 255
        overlays.append(Case(place, rows[place], (Paragraph(f"overlay {place}"), Picture(pixels, "red: brighter"))))
    table = Table("halves", ("half", "IoU"), (("upper", 0.25), ("lower", float("nan"))), {"IoU": "share"})
    return Judgement(
        interval=Bounds(0.125, 0.875, "by hand"),
        baseline=Baseline(2.0, "always the upper"),
        sections=(Section("Halves", (Bars({"upper": 3}, "pictures", "by half"), table)),),
        worst=Worst(tuple(overlays), "darkest pictures"),
    )
'''


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    """A run of a plugin's task that has a judge and no other facet."""
    folder = tmp_path / "halving" / "tasks" / "halves"
    folder.mkdir(parents=True)
    (folder / "task.py").write_text(TASK, encoding="utf-8")
    (folder / "judge.py").write_text(JUDGE, encoding="utf-8")
    load_plugin(tmp_path / "halving")
    data = open_data("digits")
    network = Architecture.of(Chain((Block("flatten"),)))
    yield fit(network, TASKS.get("halves").from_data(data), data, Recipe(steps=2), tmp_path / "run").folder
    unload("halving")


def test_the_report_draws_what_the_judge_says(run: Path, tmp_path: Path) -> None:
    page = write_run(load(run), open_data("digits"), tmp_path / "r.html", explained=False)
    text = page.read_text(encoding="utf-8")
    for there in (
        ">Halves</h2>", "by half", "<td>upper</td><td>25.0 %</td>", "<td>lower</td><td>–</td>", "overlay 0",
        "red: brighter", "The 2 darkest pictures", "95 % interval</button> 12.50 – 87.50 %", "by hand",
        "No better than the baseline", "always the upper",
    ):  # fmt: skip
        assert there in text
    assert ">Errors</h2>" not in text


def test_so_does_evaluate(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate_command(run, None, None, Output(as_json=True))
    printed = json.loads(capsys.readouterr().out)
    assert printed["halves"] == {"upper": {"iou": 0.25}, "lower": {"iou": None}}
    assert printed["interval"] == {"metric": "accuracy", "low": 0.125, "high": 0.875, "method": "by hand"}
    evaluate_command(run, None, None, Output())
    text = capsys.readouterr().out
    assert "25.0 %" in text
    assert "accuracy, always the upper" in text
