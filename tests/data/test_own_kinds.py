"""Kinds that a plugin brings: recognised, encoded, asked for, shown, moved and exported, with no edit elsewhere."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from export_fakes import Scene, make, same
from oracles import unchecked
from PIL import Image

from weftnet import export
from weftnet.contract.entries.kind import kind as contract
from weftnet.data import open_data
from weftnet.data.wire import from_json
from weftnet.errors import DataError, SettingError
from weftnet.plugins import load_plugin, unload
from weftnet.report.cells import cell
from weftnet.report.dataset import column_table
from weftnet.serve.api import field_facts
from weftnet.serve.description import example, row_schema
from weftnet.train.augment import Augment

RNG = np.random.default_rng(0)
OWN = Path(__file__).parent / "own"


@pytest.fixture
def duration() -> Iterator[None]:
    load_plugin(OWN / "duration.py")
    yield
    unload("duration")


@pytest.fixture
def outline() -> Iterator[None]:
    load_plugin(OWN / "outline.py")
    yield
    unload("outline")


def durations(count: int) -> list[str]:
    return [f"{h}:{m:02}:{s:02}" for h, m, s in zip(*RNG.integers(0, 60, (3, count)).tolist(), strict=True)]


def scene() -> Scene:
    labels = np.array(["yes", "no"])[RNG.integers(0, 2, 40)]
    data = {"lap": np.array(durations(40), object), "town": RNG.choice(["a", "b"], 40).astype(object), "won": labels}
    raw = {"lap": durations(7), "town": ["a", None, "c", *"abab"]}
    return Scene("[{dense: {dim: 6}}, relu]", "classification", data, {"target": "won"}, raw)


@pytest.mark.usefixtures("duration")
def test_a_kind_is_recognised_asked_for_and_shown(tmp_path: Path) -> None:
    _, data = make(scene(), tmp_path / "run")
    fields = data.preprocessing.fields
    assert {field.name: field.kind for field in fields} == {"lap": "duration", "town": "category"}
    lap = next(field for field in fields if field.name == "lap")
    said = {"widget": "word", "hint": "hours:minutes:seconds", "wire": "duration", "example": "0:01:00"}
    assert field_facts(lap).items() >= said.items()
    assert row_schema(fields)["properties"]["lap"]["pattern"].startswith(r"^\d+:")
    assert "lap" in row_schema(fields)["required"]
    columns = from_json(fields, [example(fields)])
    kind = data.preprocessing.columns["lap"]
    assert data.preprocessing.encode(columns).inputs["table"][0, 0] == kind.encode(["0:01:00"])[0]
    with pytest.raises(DataError, match=r"column 'lap'[\s\S]*expected: a duration such as 1:23:45"):
        from_json(fields, [{"lap": "1:99:00", "town": "a"}])
    assert cell("1:00:00", kind) == "1:00:00 h"
    assert column_table(data)[1][0][:3] == ["lap", "duration", "table"]


@pytest.mark.usefixtures("duration")
@pytest.mark.parametrize("number", range(8))
def test_a_kind_keeps_the_contract(number: int) -> None:
    outcome = contract("duration")[number].outcome()
    assert outcome.verdict == "kept", outcome


@pytest.mark.slow
@pytest.mark.usefixtures("duration")
def test_a_kind_travels_into_the_runner(tmp_path: Path) -> None:
    made = scene()
    loaded, _ = make(made, tmp_path / "run")
    with unchecked():
        runner = export.write(loaded, tmp_path / "out").folder / "runner"
    assert "hypothesis>=" in (runner / "requirements.txt").read_text()
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in made.rows()))
    script = (
        "import runpy, sys\nsys.modules['torch'] = None\n"
        f"sys.argv = ['runner', {str(rows)!r}]\nrunpy.run_path({str(runner)!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    same([json.loads(line) for line in done.stdout.splitlines()], loaded.predict(made.raw))


def folders(home: Path) -> tuple[Path, np.ndarray]:
    """Images whose grey is fifty times the class of the mask, and the masks."""
    masks = RNG.integers(0, 3, (12, 6, 8), np.uint8)
    masks[:, 0, 0] = 255
    for name, pixels in (("images", np.where(masks == 255, 200, masks * 50)), ("masks", masks)):
        (home / name).mkdir(parents=True)
        for number, each in enumerate(pixels):
            Image.fromarray(each.astype(np.uint8)).save(home / name / f"{number:02}.png")
    return home, masks


@pytest.mark.usefixtures("outline")
@pytest.mark.parametrize("source", ["folders", "folders and names", "table"])
def test_masks_are_a_target_of_files(source: str, tmp_path: Path) -> None:
    home, masks = folders(tmp_path / "scenes")
    options = {}
    if source == "folders and names":
        (home / "classes.txt").write_text("a\nb\nc\n")
    if source == "table":
        lines = ["image,mask", *(f"images/{n:02}.png,masks/{n:02}.png" for n in range(12))]
        (home / "pairs.csv").write_text("\n".join(lines))
        home = home / "pairs.csv"
        options = {"target": "mask", "kinds": {"mask": {"outline": {"names": ["a", "b", "c"]}}}}
    data = open_data(home, **options)
    assert data.target is not None
    assert data.target.state()["kind"] == "outline"
    assert getattr(data.target, "labels") == ([] if source == "folders" else ["a", "b", "c"])  # noqa: B009
    batch = data.train_batch(0, 5, 0)
    np.testing.assert_array_equal(batch.target, masks[batch.rows].astype(np.int64))
    assert batch.target_mask is not None
    assert not batch.target_mask[:, 0, 0].any()
    assert batch.target_mask.sum() == 5 * (6 * 8 - 1)
    again = open_data(home, state=json.loads(json.dumps(data.state())))
    assert torch.equal(again.train_batch(0, 5, 0).target, batch.target)

    for entries in (["flip"], [{"crop": {"padding": 2, "border": "zero"}}, "alternating_flip"]):
        moved = Augment(entries, data)(batch, torch.Generator().manual_seed(1))
        assert not torch.equal(moved.inputs["image"], batch.inputs["image"])
        shades = {  # each class has one grey
            label: moved.inputs["image"][:, 0][moved.target == label].unique() for label in range(3)
        }
        assert [len(each) for each in shades.values()] == [1, 1, 1]
        assert moved.target_mask is not None
        assert torch.equal(moved.target_mask, moved.target != 255)
    with pytest.raises(
        SettingError, match=r"mixup blends targets[\s\S]*a target of kind outline[\s\S]*fix: leave mixup"
    ):
        Augment(["mixup"], data)
