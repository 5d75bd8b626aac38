"""Runs that hold only what differs from their base: small, equal to the whole ones, refused with another base."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from quick import some

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.data import Data, open_data
from weftnet.errors import DamagedCheckpoint, RunError, WeftnetError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit
from weftnet.transfer.merging import merged

NET = {
    "chain": [
        {"conv2d": {"channels": 12, "kernel": 3}}, "batch_norm2d", "relu", {"conv2d": {"channels": 16, "kernel": 3}},
        "flatten", {"dense": {"dim": 40}}, "relu",
    ]
}  # fmt: skip
SETTINGS = {"steps": 6, "batch_size": 12, "evaluate_every": "3 steps", "plan": "eager", "lr": 0.02, "keep": "last"}


def data_of(classes: int = 3) -> Data:
    draw, y = np.random.default_rng(0), np.arange(60) % classes
    x = draw.normal(size=(60, 8, 8)).astype(np.float32) + y[:, None, None]
    return open_data({"x": x, "y": np.array([f"c{k}" for k in y])})


def trained(folder: Path, data: Data, start: Start | None = None) -> Run:
    task = TASKS.get("classification").from_data(data)
    return fit(from_dict(NET), task, data, Recipe.for_task(task, **SETTINGS), folder, start=start, device="cpu")


def answers(run: Run | Path) -> Any:
    return load(run).outputs(next(data_of().batches("test", 9)))


@pytest.fixture
def base(tmp_path: Path) -> Run:
    return trained(tmp_path / "base", data_of())


WAYS: dict[str, dict[str, Any]] = {
    "lora": {"tune": {"lora": {"rank": 2}}},
    "dora": {"tune": {"dora": {"rank": 2}}},
    "head": {"tune": "head"},
    "all": {},
    "mapped": {"tune": "head", "map": {"5": ""}, "thaw": {"5": 0.5}},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("classes", some([3, 4], 4))
def test_it_is_the_whole_run_to_the_bit(tmp_path: Path, base: Run, way: str, classes: int) -> None:
    data, how = data_of(classes), WAYS[way]
    whole = trained(tmp_path / "whole", data, Start(str(base.folder), **how))
    small = trained(tmp_path / "small", data, Start(str(base.folder), **how, delta=True))
    assert not (small.folder / "weights.safetensors").exists()
    sizes = [(run.folder / run.weights_file).stat().st_size for run in (small, whole)]
    assert sizes[0] < (0.5 if way in ("lora", "dora", "head") else 1.1) * sizes[1]
    want, got = (load(run).model.state_dict() for run in (whole, small))
    assert want.keys() == got.keys()
    assert all(torch.equal(value, got[name]) for name, value in want.items())
    assert load(small).metrics(data, "test") == load(whole).metrics(data, "test")
    plain = merged(small.folder, tmp_path / "merged")
    plain.verify()
    assert plain.facts.delta is None
    kept = tensors.load(plain.folder / "weights.safetensors")
    assert all(torch.equal(value, kept[name]) for name, value in want.items())
    assert load(plain).metrics(data, "test") == load(whole).metrics(data, "test")


def test_one_stands_on_another(tmp_path: Path, base: Run) -> None:
    start = Start(str(base.folder), tune={"lora": {"rank": 2}}, delta=True)
    first = trained(tmp_path / "first", data_of(), start)
    second = trained(tmp_path / "second", data_of(), Start(str(first.folder), tune="head", delta=True))
    assert second.facts.start is not None
    assert [each.name for each in second.facts.start.ancestors] == ["first", "base"]
    a, b = (load(run).model.state_dict() for run in (first, second))
    same = {name for name in a if torch.equal(a[name], b[name])}
    assert a.keys() - same == {"network.7.linear.weight", "network.7.linear.bias"}


def test_both_can_be_moved_together_or_the_base_alone(tmp_path: Path, base: Run) -> None:
    small = trained(tmp_path / "small", data_of(), Start(str(base.folder), tune="head", delta=True))
    want = answers(small)
    (tmp_path / "elsewhere").mkdir()
    for run in (base, small):
        shutil.move(run.folder, tmp_path / "elsewhere")
    assert torch.equal(answers(tmp_path / "elsewhere" / "small"), want)
    shutil.move(tmp_path / "elsewhere" / "base", tmp_path / "renamed")
    with pytest.raises(RunError) as caught:
        load(tmp_path / "elsewhere" / "small")
    assert "the base of this run is not there" in str(caught.value)
    assert f"{base.folder} with weights sha256 {base.checksum}" in str(caught.value)
    plain = merged(tmp_path / "elsewhere" / "small", tmp_path / "plain", tmp_path / "renamed")
    shutil.rmtree(tmp_path / "renamed")
    assert torch.equal(answers(plain), want)


def test_a_base_that_has_changed_is_refused(tmp_path: Path, base: Run) -> None:
    small = trained(tmp_path / "small", data_of(), Start(str(base.folder), tune="head", delta=True))
    other = {name: value + 1 for name, value in tensors.load(base.folder / "weights.safetensors").items()}
    tensors.save(base.folder / "weights.safetensors", other)
    with pytest.raises(DamagedCheckpoint, match="is not the file that was written"):
        load(small)
    base.sign("weights.safetensors")
    with pytest.raises(RunError) as caught:
        load(small)
    assert "the base of this run has changed" in str(caught.value)
    assert base.checksum in caught.value.got
    with pytest.raises(RunError, match="has changed"):
        merged(small.folder, tmp_path / "new", base.folder)
    assert not (tmp_path / "new").exists()


def test_without_its_base_at_the_end_all_weights_are_kept(tmp_path: Path, base: Run) -> None:
    from weftnet.train import Listener

    told: list[str] = []

    class Gone(Listener):
        def after_evaluation(self, line: Any) -> None:
            shutil.rmtree(base.folder, ignore_errors=True)

        def end(self, result: Any) -> None:
            told.append(result.message)

    data = data_of()
    task = TASKS.get("classification").from_data(data)
    start = Start(str(base.folder), tune="head", delta=True)
    run = fit(
        from_dict(NET), task, data, Recipe.for_task(task, **SETTINGS), tmp_path / "run", start=start, device="cpu",
        listeners=[Gone()],
    )  # fmt: skip
    assert run.facts.delta is None
    assert len(answers(run)) == 9
    assert f"all weights are kept, as {base.folder} is not there as it was" in told[0]


def test_only_a_delta_is_merged(tmp_path: Path, base: Run) -> None:
    with pytest.raises(RunError, match="holds no delta, but all of its weights"):
        merged(base.folder, tmp_path / "new")


def change(run: Run, **fields: Any) -> None:
    document = json.loads((run.folder / "run.json").read_text())
    for name, value in fields.items():
        place, _, key = name.rpartition("__")
        (document[place] if place else document)[key] = value
    (run.folder / "run.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"delta__taken": {"network.0.conv.weight": "nothing"}}, "its base has no such tensor"),
        ({"delta__taken": {}}, "the weights don't fit the model"),
        ({"start__adapt": {"rank": 2**40, "weights": ["network.3.conv.weight"]}}, "has no adapter of network.3.conv"),
        ({"start__adapt": {"rank": 2, "weights": ["network.9.conv.weight"]}}, "has no adapter of network.9.conv"),
        ({"start__adapt": None}, "the weights don't fit the model"),
        ({"delta__base": 3}, "run.json"),
    ],
)  # fmt: skip
def test_a_foreign_run_is_refused(tmp_path: Path, base: Run, fields: dict[str, Any], message: str) -> None:
    start = Start(str(base.folder), tune={"lora": {"rank": 2}}, delta=True)
    small = trained(tmp_path / "small", data_of(), start)
    change(small, **fields)
    with pytest.raises(WeftnetError) as caught:
        load(small.folder)
    assert message in str(caught.value)


def test_runs_that_stand_on_one_another_in_a_circle(tmp_path: Path, base: Run) -> None:
    small = trained(tmp_path / "small", data_of(), Start(str(base.folder), tune="head", delta=True))
    change(small, delta__base=str(small.folder), delta__weights=small.checksum)
    with pytest.raises(DamagedCheckpoint, match="too many runs stand on one another"):
        load(small.folder)
