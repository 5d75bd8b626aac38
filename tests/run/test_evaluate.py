"""A trained run, loaded from its folder alone."""

import copy
import gc
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import weftnet.data
from weftnet.answer.samples import draws, images, text
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compete.jobs import Outcome, conclude
from weftnet.compete.latency import latency
from weftnet.data import open_data
from weftnet.errors import DamagedCheckpoint, DataError, RunError, SettingError
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.execution.planned import PlanChoice
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit


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
    for wrong in ({"channels_last": "yes"}, {"threads": []}, {"other": 1}):
        with pytest.raises(DamagedCheckpoint, match="the field 'plan: plan"):
            run.record(plan={"plan": wrong, "source": "given", "seconds": 0.0})
    assert load(Run.open(run.folder)).plans.trained == Plan.from_dict(plan)


FOLDED = {"fold_norms": True}
LARGE = {"fold_norms": True, "channels_last": True, "pool_first": True, "keep_memory": True}


@pytest.fixture
def answering(tmp_path: Path) -> Run:
    """A network with a norm, whose answers have a plan for one example and one for many."""
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    blocks = (Block("conv2d", {"channels": 4}), Block("batch_norm2d"), Block("relu"), Block("max_pool2d"))
    network = Architecture.of(Chain((*blocks, Block("flatten"))))
    run = fit(network, task, data, Recipe(steps=5), tmp_path / "answering")
    sizes = [{"batch": 1, "source": "given", "plan": FOLDED}, {"batch": 64, "source": "given", "plan": LARGE}]
    run.record(answers={"threads": 1, "seconds": 0.0, "sizes": sizes})
    return run


@pytest.mark.parametrize("count", [1, 3, 8, 9, 100])
def test_answers_are_computed_under_the_plan_for_as_many_examples(answering: Run, count: int) -> None:
    loaded = load(answering.folder)
    batch = next(iter(open_data("digits").batches("test", count)))
    plan = loaded.plans.answering(count)
    assert plan == Plan.from_dict(FOLDED if count <= 8 else LARGE)
    before = {name: (value.clone(), value.data_ptr()) for name, value in loaded.model.state_dict().items()}
    found = loaded.outputs(batch)
    with torch.no_grad():
        written = loaded.model["network"](batch.inputs)
        exact = copy.deepcopy(loaded.model).double()["network"]({k: v.double() for k, v in batch.inputs.items()})
    assert not torch.equal(found, written)  # it is folded …
    assert float((found - exact).abs().max() / exact.abs().max()) < 1e-5  # … and the same
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, before[name][0])
        assert value.data_ptr() == before[name][1]


def test_a_plan_is_prepared_once_and_anew_when_the_weights_change(
    answering: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Plan] = []

    class Counted(Executor):
        def __init__(self, model: torch.nn.ModuleDict, plan: Plan) -> None:
            made.append(plan)
            super().__init__(model, plan)

    monkeypatch.setattr("weftnet.run.loading.Executor", Counted)
    loaded, batch = load(answering.folder), next(iter(open_data("digits").batches("test", 64)))
    for count in (1, 64, 2, 40):
        loaded.outputs(batch.slice(0, count))
    loaded.metrics(open_data("digits"), "test")
    assert made == [Plan.from_dict(FOLDED), Plan.from_dict(LARGE).but(keep_memory=False)]
    with torch.no_grad():
        for parameter in loaded.model.parameters():
            parameter.zero_()
    assert not loaded.outputs(batch).any()
    loaded.model.train()
    statistics = loaded.model.get_buffer("network.1.norm.num_batches_tracked").clone()
    loaded.outputs(batch)  # as written, whatever that means for the statistics
    assert loaded.model.get_buffer("network.1.norm.num_batches_tracked") == statistics + 1


def test_a_run_without_plans_for_answers_is_eager_to_the_bit(answering: Run) -> None:
    loaded = replace(load(answering.folder), plans=PlanChoice())
    batch = next(iter(open_data("digits").batches("test", 9)))
    with torch.inference_mode():
        assert torch.equal(loaded.outputs(batch), loaded.model["network"](batch.inputs, batch.masks))


def test_memory_is_kept_while_the_loaded_run_lives(answering: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bool] = []

    @contextmanager
    def watched() -> Iterator[None]:
        kept.append(True)
        yield
        kept.append(False)

    monkeypatch.setattr("weftnet.run.loading.kept_memory", watched)
    loaded, batch = load(answering.folder), next(iter(open_data("digits").batches("test", 64)))
    loaded.outputs(batch.slice(0, 1))
    assert kept == []  # the plan for one example does not ask for it
    loaded.outputs(batch)
    loaded.outputs(batch)
    assert kept == [True]
    del loaded
    gc.collect()
    assert kept == [True, False]


def test_plans_that_cannot_be_used_are_told_when_the_run_is_loaded(answering: Run) -> None:
    path = answering.folder / "run.json"
    document = json.loads(path.read_text())
    document["answers"]["sizes"][0]["plan"] = {"precision": "bfloat16"}
    path.write_text(json.dumps(document))
    with pytest.raises(DamagedCheckpoint, match=r"the field 'answers: sizes: 1' is wrong\n  got: .* precision"):
        load(answering.folder)
    with pytest.raises(DamagedCheckpoint, match="the field 'answers' is wrong"):
        answering.record(answers=[])


def test_an_architecture_that_cannot_be_read_is_told_with_its_faults(run: Run, tmp_path: Path) -> None:
    copy = Run.open(shutil.copytree(run.folder, tmp_path / "copy"))
    (copy.folder / "architecture.yaml").write_text("repeat: {times: 0, body: relu}\n")
    copy.sign("architecture.yaml")
    with pytest.raises(RunError, match=r"holds no architecture\n.*times: expected a positive whole number, got 0"):
        load(copy)


def test_a_part_that_is_not_there(run: Run) -> None:
    with pytest.raises(DataError, match="no holdout split"):
        load(run).metrics(open_data("digits"), "holdout")


def test_a_run_is_evaluated_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = open_data("digits")
    scores = conclude(run, data)
    monkeypatch.setattr("weftnet.run.loading.load", None)
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
    raw = np.load(Path(weftnet.data.__file__).parent / "digits.npz")["x"]
    answers = loaded.predict({"image": raw[:700]})  # more than one batch
    logits = loaded.model["network"](data.encode({"image": raw[:700]}).inputs).double().softmax(1)
    assert [answer["label"] for answer in answers] == [str(k) for k in logits.argmax(1).tolist()]
    shares = torch.tensor([list(answer["probabilities"].values()) for answer in answers], dtype=torch.float64)
    torch.testing.assert_close(shares, logits.detach(), rtol=1e-6, atol=1e-9)
    with pytest.raises(DataError, match="images of another size"):
        loaded.predict({"image": np.zeros((1, 9, 8))})
