"""A training with a teacher: what is asked and learnt, that it is resumed without the teacher, and what is refused."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.compose import build
from weftnet.data import Data, open_data
from weftnet.data.outputs import chosen
from weftnet.errors import RunError, SettingError, WeftnetError
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import DISTILLATIONS, EXAMPLES, TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Listener, Recipe, fit, resume
from weftnet.train.teacher import asking
from weftnet.train.teacher.asked import Teacher
from weftnet.train.teacher.asking import ask
from weftnet.train.teacher.lesson import FILE, Lesson, lesson_of
from weftnet.train.team import ALONE

WIDE: dict[str, Any] = {"chain": ["flatten", {"dense": {"dim": 32}}, "batch_norm", "relu"]}
NARROW: dict[str, Any] = {"chain": ["flatten", {"dense": {"dim": 3}}, "relu", {"dropout": {"rate": 0.2}}]}
SETTINGS: dict[str, Any] = {
    "steps": 24, "batch_size": 16, "evaluate_every": "8 steps", "checkpoint_every": 0.0, "plan": "eager", "lr": 0.01,
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def arrays(names: str = "abcd", seed: int = 0, size: int = 6) -> dict[str, Any]:
    """Images of some classes, each brighter in its own corner."""
    draw = np.random.default_rng(seed)
    y = np.arange(len(names) * 40) % len(names)
    x = draw.normal(size=(len(y), size, size)).astype(np.float32)
    half = size // 2
    for row, k in enumerate(y):
        x[row, (k // 2) * half : (k // 2 + 1) * half, (k % 2) * half : (k % 2 + 1) * half] += 1.5
    return {"x": x, "y": np.array([names[k] for k in y])}


def trained(folder: Path, data: Data, net: Any = NARROW, **more: Any) -> Run:
    listeners = more.pop("listeners", ())
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, **{**SETTINGS, **more})
    return fit(from_dict(net), task, data, recipe, folder, listeners=listeners, device="cpu")


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("teacher") / "wide", open_data(arrays()), WIDE)


def weights(run: Run) -> dict[str, torch.Tensor]:
    return tensors.load(run.folder / "weights.safetensors")


def test_a_teacher_answers_every_training_row_once_as_it_predicts(
    teacher: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = open_data(arrays())
    task = TASKS.get("classification").from_data(data)
    taught = ask(Teacher((str(teacher.folder),)), task, data)
    assert torch.equal(taught.answers["rows"], data.rows("train"))
    raw = {"x": arrays()["x"][data.rows("train").numpy()]}
    loaded = load(teacher)
    torch.testing.assert_close(taught.answers["known"], loaded.outputs(loaded.encode(raw)))
    assert taught.teachers[0].weights == teacher.facts.files["weights.safetensors"]
    monkeypatch.setattr(asking, "load", None)  # it is not loaded again
    again = ask(Teacher((str(teacher.folder),)), task, data)
    assert torch.equal(again.answers["known"], taught.answers["known"])


def test_a_teacher_reads_rows_by_its_own_preprocessing_and_labels_by_their_names(teacher: Run) -> None:
    """Trained on other rows, whose classes are listed in another order, with other statistics."""
    data = open_data({**arrays("dcba", seed=1), "x": arrays("dcba", seed=1)["x"] * 10 + 3})
    task = TASKS.get("classification").from_data(data)
    taught, loaded = ask(Teacher((str(teacher.folder),)), task, data), load(teacher)
    x = (arrays("dcba", seed=1)["x"] * 10 + 3)[data.rows("train").numpy()]
    said = loaded.outputs(loaded.encode({"x": x}))
    own, there = task.settings()["labels"], loaded.task.settings()["labels"]
    torch.testing.assert_close(taught.answers["known"], said[:, [there.index(label) for label in own]])


def test_of_several_teachers_the_mean_counts(teacher: Run, tmp_path: Path) -> None:
    data = open_data(arrays())
    other, task = trained(tmp_path / "other", data, WIDE, seed=5), TASKS.get("classification").from_data(data)
    one, two, both = (
        ask(Teacher(runs), task, data).answers["known"]
        for runs in ((str(teacher.folder),), (str(other.folder),), (str(teacher.folder), str(other.folder)))
    )
    torch.testing.assert_close(both, (one + two) / 2)


def test_the_loss_of_a_step_is_the_formula(teacher: Run, tmp_path: Path) -> None:
    data = open_data(arrays())
    task = TASKS.get("classification").from_data(data)
    asked = {"from": [str(teacher.folder)], "share": 0.7, "temperature": 2.5, "hints": {"1": "2"}, "hint_weight": 0.3}
    recipe = Recipe.for_task(task, **SETTINGS, teacher=asked)
    complete = assemble(from_dict(NARROW), task, data.signals)
    model = build(complete.architecture, complete.inputs, seed=3).train()
    run = trained(tmp_path / "run", data)
    lesson = lesson_of(model, task, data, recipe, run, ALONE)
    assert isinstance(lesson, Lesson)
    executor, batch = Executor(model, Plan()), data.train_batch(0, 16, 0)
    with lesson:
        lesson.attend(executor, model)
        torch.manual_seed(0)
        ((group, loss),) = lesson.losses(task, model, batch, torch.Generator())
    torch.manual_seed(0)
    network = model["network"]
    logits, hidden = network(batch.inputs), network.get_submodule("1")(batch.inputs["image"].flatten(1))
    raw = {"x": arrays()["x"][batch.rows.numpy()]}
    loaded = load(teacher)
    said, p = loaded.outputs(loaded.encode(raw)), []
    for row in said.double() / 2.5:
        p.append(torch.exp(row - row.max()) / torch.exp(row - row.max()).sum())
    q = F.softmax(logits.double() / 2.5, 1)
    soft = sum((a * (a.log() - b.log())).sum() for a, b in zip(p, q, strict=True)) / 16 * 2.5**2
    rows = data.rows("train")
    with torch.inference_mode():
        everything = loaded.encode({"x": arrays()["x"][rows.numpy()]}).inputs["image"].flatten(1)
        features = loaded.model["network"].get_submodule("2")(loaded.model["network"].get_submodule("1")(everything))
    features = (features - features.mean(0)) / features.std(0, correction=0)
    wanted = features[torch.searchsorted(rows, batch.rows)]
    hint = F.mse_loss(lesson.hints["1"](hidden), wanted)
    expected = 0.3 * F.cross_entropy(logits, batch.target) + 0.7 * soft + 0.3 * hint
    assert group == "network"
    torch.testing.assert_close(loss.double(), expected.double(), rtol=1e-4, atol=1e-5)
    assert not network._forward_hooks  # nobody listens afterwards


class Kill(Listener):
    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 16:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("hints", [{}, {"1": "2"}])
def test_killed_and_resumed_without_its_teacher_it_ends_with_the_same_bits(
    teacher: Run, tmp_path: Path, hints: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "data.npz"
    np.savez(source, **arrays())
    mine = tmp_path / "mine"
    shutil.copytree(teacher.folder, mine)
    asked = {"from": [str(mine)], "hints": hints}
    whole = trained(tmp_path / "whole", open_data(source), teacher=asked)
    if not (child := os.fork()):
        trained(tmp_path / "killed", open_data(source), teacher=asked, listeners=[Kill()])
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert (tmp_path / "killed" / FILE).is_file()
    shutil.rmtree(mine)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    resumed = resume(tmp_path / "killed", device="cpu")
    got, want = weights(resumed), weights(whole)
    assert got.keys() == want.keys()
    assert all(torch.equal(got[name], want[name]) for name in want)
    assert not any("hint" in name for name in want)
    for run in (whole, resumed):
        assert not (run.folder / FILE).exists()
        assert FILE not in run.facts.files
        assert [each.name for each in run.facts.teachers] == ["mine"]


def test_a_student_comes_close_to_its_teacher_where_labels_are_wrong(teacher: Run, tmp_path: Path) -> None:
    """Half of the training labels are drawn by lot: with a teacher they hardly matter."""
    few = arrays(seed=2)
    lot = np.random.default_rng(0)
    y = np.where(lot.random(len(few["y"])) < 0.7, lot.permutation(few["y"]), few["y"])
    noisy, clean = open_data({"x": few["x"], "y": y}), open_data(arrays(seed=3))
    alone, taught = (
        load(trained(tmp_path / name, noisy, WIDE, steps=90, keep="last", **more)).metrics(clean, "test")["accuracy"]
        for name, more in (("alone", {}), ("taught", {"teacher": {"from": [str(teacher.folder)], "share": 1.0}}))
    )
    best = load(teacher).metrics(clean, "test")["accuracy"]
    assert taught > alone + 0.05, (best, taught, alone)


def test_a_hint_brings_features_nearer(teacher: Run, tmp_path: Path) -> None:
    data = open_data(arrays())
    asked = {"from": [str(teacher.folder)], "hints": {"1": "2"}, "hint_weight": 5.0}
    run = trained(tmp_path / "run", data, teacher=asked, evaluate_every="2 steps")
    losses = [line["loss"]["network"] for line in run.history]
    assert losses[-1] < 0.8 * losses[0]


def test_texts_are_read_by_the_vocabulary_of_the_teacher(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    words = {"good": ["fine", "great", "nice"], "bad": ["poor", "dull", "weak"]}
    y = ["good", "bad"] * 60
    texts = [" ".join(draw.choice(words[each], 4)) for each in y]
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    for path, more in ((here, "film"), (there, "a long book")):
        path.write_text("text,y\n" + "".join(f"{more} {text},{each}\n" for text, each in zip(texts, y, strict=True)))
    net = {"chain": [{"embedding": {"dim": 8}}, "global_average_pool1d"]}
    first = trained(tmp_path / "first", open_data(there, target="y", kinds={"text": "text"}), net, steps=90)
    second = open_data(here, target="y", kinds={"text": "text"})
    run = trained(tmp_path / "second", second, net, teacher={"from": [str(first.folder)]}, steps=90)
    assert run.json("data.json") != first.json("data.json")
    assert load(run).metrics(second, "test")["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("asked", "more", "match"),
    [
        ({"hints": {"9": "2"}}, {}, "nothing is called '9'"),
        ({"hints": {"1": "relu"}}, {}, "nothing is called 'relu'"),
        ({}, {"augment": ["mixup"]}, "mixup makes one row of several"),
        ({"share": 1.5}, {}, "share can't be used"),
        ({"temprature": 2}, {}, r"(?s)no field is called 'temprature'.*temperature"),
    ],
)
def test_what_can_not_be_taught_is_said(teacher: Run, tmp_path: Path, asked: Any, more: Any, match: str) -> None:
    with pytest.raises(SettingError, match=match):
        trained(tmp_path / "run", open_data(arrays()), teacher={"from": [str(teacher.folder)], **asked}, **more)


def test_a_teacher_of_another_task_or_without_a_column_is_refused(teacher: Run, tmp_path: Path) -> None:
    numbers = {"x": arrays()["x"], "y": np.linspace(0, 1, 160)}
    data = open_data(numbers)
    task = TASKS.get("regression").from_data(data)
    with pytest.raises(RunError, match=r"(?s)another task.*regression.*classification"):
        ask(Teacher((str(teacher.folder),)), task, data)
    other = open_data({"z": arrays()["x"], "w": np.linspace(0, 1, 160), "y": arrays()["y"]}, target="y")
    with pytest.raises(WeftnetError, match="'x'"):
        ask(Teacher((str(teacher.folder),)), TASKS.get("classification").from_data(other), other)


def test_a_run_that_began_with_another_teacher_is_not_resumed_with_this_one(teacher: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(teacher.folder, mine)
    source = tmp_path / "data.npz"
    np.savez(source, **arrays())
    if not (child := os.fork()):
        trained(tmp_path / "killed", open_data(source), teacher={"from": [str(mine)]}, listeners=[Kill()])
        os._exit(1)
    os.waitpid(child, 0)
    (tmp_path / "killed" / FILE).unlink()
    shutil.rmtree(mine)
    trained(mine, open_data(source), WIDE, seed=9)
    with pytest.raises(RunError, match="another run now than when this one began"):
        resume(tmp_path / "killed", device="cpu")


@pytest.mark.parametrize("name", [name for name in TASKS.names() if DISTILLATIONS.find(name) is not None])
def test_every_task_that_can_learns_from_its_example(name: str, tmp_path: Path) -> None:
    """A student of another seed learns from a trained example; windows of a running text say that they can't."""
    example = EXAMPLES.get(name)(tmp_path)
    data = open_data(example.source, **example.options)
    task = TASKS.get(name).from_data(data, **example.settings)
    architecture = from_dict(example.architecture)

    def run(folder: str, **more: Any) -> Run:
        recipe = Recipe.for_task(task, **{**example.recipe, "steps": 12, "plan": "eager", **more})
        return fit(architecture, task, data, recipe, tmp_path / folder, device="cpu")

    first = run("first")
    asked = {"from": [str(first.folder)], "share": 1.0}
    if data.form() == "windows":
        with pytest.raises(RunError, match="windows of a running text start anywhere"):
            run("second", teacher=asked)
        return
    second = run("second", teacher=asked, seed=1, steps=60)
    batch = next(data.batches("train", 16))
    models = [load(each).model["network"] for each in (first, second, run("third", seed=1, steps=1))]
    with torch.no_grad():
        one, two, three = (model(batch.inputs, batch.masks) for model in models)
    apart = [float((each - one).abs().mean()) for each in (two, three)]
    assert apart[0] < apart[1]


def test_forecasts_are_matched_by_their_rows(tmp_path: Path) -> None:
    steps = np.arange(300)
    source = tmp_path / "series.csv"
    source.write_text("v\n" + "".join(f"{np.sin(each / 3):.4f}\n" for each in steps))
    longer = open_data(source, horizon=4, context=12)
    task = TASKS.get("forecasting").from_data(longer)
    net = from_dict(["flatten", {"dense": {"dim": 16}}, "relu"])
    first = fit(net, task, longer, Recipe.for_task(task, steps=5, plan="eager"), tmp_path / "first", device="cpu")
    short = open_data(source, horizon=2, context=12)
    taught = ask(Teacher((str(first.folder),)), TASKS.get("forecasting").from_data(short), short)
    known = {int(row): each for row, each in zip(taught.answers["rows"], taught.answers["known"], strict=True)}
    batch = next(longer.batches("train", 8))
    said = chosen(load(first).outputs(batch))
    for row, each in zip(batch.rows.tolist(), said, strict=True):
        torch.testing.assert_close(known[row], each[:2], rtol=1e-3, atol=1e-4)
