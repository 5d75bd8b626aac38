"""A trained run, loaded from its folder alone."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import netloom.data
from netloom.data import open_data
from netloom.errors import DamagedCheckpoint, DataError, RunError, SettingError
from netloom.evaluate import load
from netloom.facts import latency
from netloom.jobs import Outcome, conclude
from netloom.run import Run
from netloom.samples import draws, images, text
from netloom.spec import Architecture, Block, Chain
from netloom.tasks import TASKS
from netloom.train import Recipe, fit


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    network = Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": 8}), Block("relu"))))
    return fit(network, task, data, Recipe(steps=5), tmp_path_factory.mktemp("run") / "mlp-seed0")


def test_the_scores_are_those_of_the_weights_that_are_kept(run: Run) -> None:
    data = open_data("digits")
    loaded = load(run.folder)
    metrics = loaded.metrics(data, "validation")
    assert metrics == pytest.approx(run.json("metrics.json")["validation"])
    batch = next(iter(data.batches("test", data.sizes["test"])))
    answers = loaded.model["network"](batch.inputs).argmax(1)
    assert loaded.metrics(data, "test")["accuracy"] == pytest.approx((answers == batch.target).double().mean().item())


def test_scores_are_computed_as_the_plan_has_it_and_are_the_same(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    blocks = (Block("conv2d", {"channels": 4}), Block("relu"), Block("max_pool2d"), Block("flatten"))
    plan = {"channels_last": True, "pool_first": True, "dense_by_onednn": True, "keep_memory": True, "threads": 1}
    run = fit(Architecture.of(Chain(blocks)), task, data, Recipe(steps=5, plan=plan), tmp_path / "run")
    loaded = load(run.folder)
    plain = task.evaluate(loaded.model, data.batches("test", 512))
    strides = []
    loaded.model["network"].register_forward_pre_hook(lambda _, given: strides.append(next(iter(given[0].values()))))
    assert loaded.metrics(data, "test") == pytest.approx(plain, rel=1e-5)
    assert all(image.stride()[1] == 1 for image in strides)
    run.record(plan={"plan": {"channels_last": "yes", "threads": [], "other": 1}})
    assert load(Run.open(run.folder)).metrics(data, "test") == pytest.approx(plain, rel=1e-5)


def test_an_architecture_that_cannot_be_read_is_told_with_its_faults(run: Run, tmp_path: Path) -> None:
    copy = Run.open(shutil.copytree(run.folder, tmp_path / "copy"))
    (copy.folder / "architecture.yaml").write_text("repeat: {times: 0, body: relu}\n")
    copy.sign("architecture.yaml")
    with pytest.raises(RunError, match=r"holds no architecture\n.*times: expected a positive whole number, got 0"):
        load(copy)


def test_a_part_that_is_not_there(run: Run) -> None:
    with pytest.raises(DataError, match="no holdout part"):
        load(run).metrics(open_data("digits"), "holdout")


def test_a_run_is_evaluated_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = open_data("digits")
    scores = conclude(run, data)
    monkeypatch.setattr("netloom.evaluate.load", None)
    assert conclude(Run.open(run.folder), data) == scores
    assert set(scores) == {"validation", "test"}


def test_latency_is_of_one_thread(run: Run) -> None:
    outcomes = [Outcome("mlp", 0, "mlp-seed0", "finished")]
    before = torch.get_num_threads()
    assert 0 < latency(run.folder.parent, "mlp", outcomes) < 1
    assert torch.get_num_threads() == before
    assert latency(run.folder.parent, "other", outcomes) == 0.0


def test_a_classifier_draws_nothing(run: Run, tmp_path: Path) -> None:
    loaded = load(run)
    assert draws(loaded) == ""
    with pytest.raises(SettingError, match="writes no text"):
        text(loaded)
    with pytest.raises(SettingError, match="draws no images"):
        images(loaded, tmp_path / "x.png")


def test_damaged_weights_are_refused(run: Run) -> None:
    path = run.folder / "weights.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        with pytest.raises(DamagedCheckpoint):
            load(run.folder)
    finally:
        path.write_bytes(whole)


def test_raw_examples_are_answered_from_the_folder_alone(run: Run) -> None:
    data = open_data("digits")
    loaded = load(shutil.copytree(run.folder, run.folder.parent / "elsewhere"))
    raw = np.load(Path(netloom.data.__file__).parent / "digits.npz")["x"]
    answers = loaded.predict({"image": raw[:700]})  # more than one batch
    logits = loaded.model["network"](data.encode({"image": raw[:700]}).inputs).double().softmax(1)
    assert [answer["label"] for answer in answers] == [str(k) for k in logits.argmax(1).tolist()]
    shares = torch.tensor([list(answer["probabilities"].values()) for answer in answers], dtype=torch.float64)
    torch.testing.assert_close(shares, logits.detach(), rtol=1e-6, atol=1e-9)
    with pytest.raises(DataError, match="images of another size"):
        loaded.predict({"image": np.zeros((1, 9, 8))})
