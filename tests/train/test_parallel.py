"""Several workers train what one process trains: the same curve, the same weights, within rounding."""

from pathlib import Path

import pytest
import torch
from parallel_scenes import SCENES
from parallel_workers import together
from training_fakes import Data, go, weights

from netloom.run import Run

F64 = Data(dtype=torch.float64)
CLOSE = {"rtol": 1e-9, "atol": 1e-11}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every scene, trained by one process."""
    folder = tmp_path_factory.mktemp("alone")
    for name, (model, task, recipe) in SCENES.items():
        go(folder / name, recipe, model(), task, F64)
    return folder


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every scene by two workers, whole and stopped after ten steps."""
    folder = tmp_path_factory.mktemp("two")
    work = {name: ["scene", {"name": name}] for name in SCENES}
    cut = {f"{name}, cut": ["scene", {"name": name, "stop": 10 * SCENES[name][2].accumulate - 1}] for name in SCENES}
    told = together(2, "everything", folder, **work, **cut)
    assert told[0] == told[1] == "finished 24\n" * 2 + "stopped 10\n" * 2
    return folder


def same(one: Path, other: Path) -> None:
    want, got = weights(one), weights(other)
    assert want.keys() == got.keys()
    for name, value in want.items():
        torch.testing.assert_close(got[name], value, **CLOSE)
    lines, others = Run.open(one).history, Run.open(other).history
    assert [line["step"] for line in lines] == [line["step"] for line in others]
    for line, another in zip(lines, others, strict=True):
        assert another["loss"] == pytest.approx(line["loss"], rel=1e-6)  # noted in float32
        assert another["validation"] == pytest.approx(line["validation"], rel=1e-9)


@pytest.mark.parametrize("scene", SCENES)
def test_two_workers_give_the_curve_of_one(scene: str, alone: Path, two: Path) -> None:
    """Batches of 9 and 11 rows: the shares are unequal. Batch statistics are those of all rows."""
    same(alone / scene, two / scene)
    assert not (two / scene / "checkpoints").exists()


@pytest.mark.parametrize("scene", SCENES)
def test_stopped_with_two_workers_and_resumed_by_one(scene: str, alone: Path, two: Path) -> None:
    run = two / f"{scene}, cut"
    assert Run.open(run).status == "stopped"
    model, task, recipe = SCENES[scene]
    outcome = go(run, recipe, model(), task, F64)
    assert (outcome.status, outcome.step) == ("finished", 24)
    same(alone / scene, run)
