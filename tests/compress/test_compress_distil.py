"""A smaller network that learns from the run: what it is, what it records, and when it is tried."""

from pathlib import Path

import pytest
from compress_fakes import DIGITS_CNN, digits_run

from weftnet.architecture.reading import from_dict
from weftnet.compress import METHODS, Settings
from weftnet.compress.compressing import compress
from weftnet.compress.contract import Goal
from weftnet.compress.resources import NotApplicable, Resources
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.tasks import EXAMPLES, TASKS
from weftnet.train import Recipe, fit


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Data]:
    return digits_run(tmp_path_factory.mktemp("cnn") / "run", DIGITS_CNN)


def sizes(loaded: Loaded) -> int:
    return sum(each.numel() for each in loaded.model.parameters())


def test_it_is_tried_where_it_is_named() -> None:
    assert "distil" not in Settings().entries
    assert list(Settings(("int8_static", "distil")).entries) == ["distil", "int8_static"]


@pytest.mark.slow
def test_a_cut_network_learns_from_the_run(cnn: tuple[Loaded, Data], tmp_path: Path) -> None:
    whole, data = cnn
    origin = {"folder": str(whole.run.folder), "weights": whole.run.facts.files["weights.safetensors"]}
    run = METHODS.get("distil").apply(whole, Resources(data, 4.0, origin=origin), tmp_path / "small", keep=0.5)
    assert isinstance(run, Run)
    small = load(run)
    assert sizes(small) < 0.45 * sizes(whole)
    assert run.facts.teachers[0].weights == origin["weights"]
    assert run.json("recipe.json")["lr"] == whole.run.json("recipe.json")["lr"]
    (step,) = run.facts.compression.steps if run.facts.compression else ()
    assert step["method"] == "distil"
    assert step["parameters"] == [sizes(whole), sizes(small)]
    assert small.metrics(data, "test")["accuracy"] > 0.5


@pytest.mark.slow
def test_a_student_that_is_given_learns_and_is_quantised_under_one_contract(
    cnn: tuple[Loaded, Data], tmp_path: Path
) -> None:
    whole, data = cnn
    student = from_dict(["flatten", {"dense": {"dim": 12}}, "relu"])
    settings = Settings(("distil", "int8_static"), 6.0, student=student)
    result = compress(whole, data, tmp_path / "compressed", Goal(max_drop=60.0), settings)
    names = [row.name for row in result.rows]
    assert names[:3] == ["run", "onnx", "distil-student"]
    assert "distil-50" not in names
    assert any(name.startswith("distil-student+int8_static") for name in names)
    for row in result.rows:
        if row.verdict == "kept":
            assert load(result.folder / row.name).run.facts.compression is not None


def test_where_nothing_can_be_learnt_it_says_why(tmp_path: Path) -> None:
    example = EXAMPLES.get("contrastive")(tmp_path)
    data = open_data(example.source)
    task = TASKS.get("contrastive").from_data(data)
    recipe = Recipe.for_task(task, steps=2, plan="eager")
    run = load(fit(from_dict(example.architecture), task, data, recipe, tmp_path / "run", device="cpu"))
    found = METHODS.get("distil").apply(run, Resources(data, 1.0), tmp_path / "small", keep=0.5)
    assert isinstance(found, NotApplicable)
    assert "mean nothing to another network" in found.reason
