"""Answers with boxes in pixels of the pictures that were asked about: offline, exported and from a table alike."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from weftnet.answer.predict import of_source
from weftnet.answer.runner import open_export
from weftnet.architecture.reading import from_dict
from weftnet.base.png import png
from weftnet.cli.commands.predict import predict_command
from weftnet.data import open_data
from weftnet.data.sources import SOURCES
from weftnet.export import write
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.tasks.detection._coco import coco
from weftnet.tasks.detection.answer import resized
from weftnet.tasks.detection.example import detection
from weftnet.train import Recipe, fit


def test_an_answer_for_another_size() -> None:
    answer = {"things": [{"label": "a", "likelihood": 0.5, "box": [6.0, 2.0, 30.0, 10.0]}], "size": [20, 60]}
    other = resized(answer, 10, 120)
    assert other["things"] == [{"label": "a", "likelihood": 0.5, "box": [12.0, 1.0, 60.0, 5.0]}]
    assert (other["size"], answer["size"]) == ([10, 120], [20, 60])


def test_a_document_of_coco_is_read_back(tmp_path: Path) -> None:
    lines = [
        {"file": f"{n}.png", "size": [24, 24], "counts": {"a": n, "b": 0},
         "things": [{"label": "a", "likelihood": 0.75, "box": [1.5, 2.0, 11.0, 22.25]}] * n}
        for n in range(3)
    ]  # fmt: skip
    document = coco(iter(lines))
    for n in range(3):
        (tmp_path / f"{n}.png").write_bytes(png(np.zeros((24, 24), np.uint8)))
    (tmp_path / "found.json").write_text(json.dumps(document))
    assert [each["score"] for each in document["annotations"]] == [0.75] * 3
    drawn = SOURCES.get("coco").read(tmp_path / "found.json").columns["boxes"]
    assert [len(each.labels) for each in drawn] == [0, 1, 2]
    assert drawn[1].corners == ((1.5, 2.0, 11.0, 22.25),)


#: they train and export
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Path]:
    """A run on pictures of 24×24, and a folder with one picture, enlarged."""
    home = tmp_path_factory.mktemp("shapes")
    example = detection(home)
    data = open_data(example.source)
    task = TASKS.get("detection").from_data(data)
    recipe = Recipe.for_task(task, **{**example.recipe, "steps": 60, "plan": "eager"})
    run = fit(from_dict({"chain": example.architecture}), task, data, recipe, home / "run", device="cpu")
    (home / "large").mkdir()
    picture = Image.open(home / "shapes" / "01.png")
    picture.resize((72, 48), Image.Resampling.NEAREST).save(home / "large" / "01.png")
    shutil.copy(home / "shapes" / "01.png", home / "large" / "small.png")
    return load(run), home


def things(answer: dict[str, Any]) -> Any:
    return np.array([each["box"] for each in answer["things"]])


@slow
def test_boxes_are_in_pixels_of_the_picture(loaded: tuple[Loaded, Path], tmp_path: Path) -> None:
    run, home = loaded
    large, small = (answer for _, answer in of_source(run, str(home / "large"), {"least": 0.05}).answers)
    assert (large["size"], small["size"]) == ([48, 72], [24, 24])
    assert len(small["things"])
    (home / "large" / "table.csv").write_text("image\n01.png\nsmall.png\n")
    by_table = [answer for _, answer in of_source(run, str(home / "large" / "table.csv"), {"least": 0.05}).answers]
    assert [each["size"] for each in by_table] == [[48, 72], [24, 24]]
    np.testing.assert_allclose(things(by_table[0]), things(large))
    predict_command(run.run.folder, [str(home / "large")], [], [], tmp_path / "found.coco.json", ["least=0.05"])
    document = json.loads((tmp_path / "found.coco.json").read_text())
    assert [(each["width"], each["height"]) for each in document["images"]] == [(72, 48), (24, 24)]
    assert len(document["annotations"]) == len(large["things"]) + len(small["things"])
    write(run, tmp_path / "out")
    runner = open_export(tmp_path / "out")
    served = runner.predict({"image": [home / "large" / "01.png", home / "large" / "small.png"]}, {"least": 0.05})
    here = run.predict({"image": [home / "large" / "01.png", home / "large" / "small.png"]}, {"least": 0.05})
    for one, other, expected in zip(served, here, (large, small), strict=True):
        assert one["size"] == other["size"] == expected["size"]
        np.testing.assert_allclose(things(one), things(other), atol=0.02)
        np.testing.assert_allclose(things(one), things(expected), atol=0.02)


@slow
def test_the_judge_tells_errors_and_draws_boxes(loaded: tuple[Loaded, Path]) -> None:
    run, home = loaded
    judgement = judge(run, open_data(home / "shapes" / "shapes.csv"), "validation")
    classes, curves, mistakes, _ = judgement.sections[0].figures
    assert [row[0] for row in classes.rows] == ["bar", "square"]  # type: ignore[union-attr]
    assert set(curves.curves) == {"bar", "square"}  # type: ignore[union-attr]
    found, missed = (
        sum(int(row[k]) for row in mistakes.rows)
        for k in (2, 7)  # type: ignore[union-attr, arg-type]
    )
    assert found + missed == sum(int(row[3]) for row in classes.rows)  # type: ignore[union-attr, arg-type]
    assert judgement.baseline is not None
    assert judgement.baseline.score == 0
    assert judgement.worst is not None
    for case in judgement.worst.cases:
        for picture in case.figures[1].figures:  # type: ignore[union-attr]
            assert picture.pixels.shape == (312, 312, 3)  # type: ignore[union-attr]
