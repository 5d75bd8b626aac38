"""Whoever listens to a training changes nothing of it, is told the same as the history, and can't end it."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_fakes import go, network, plain, weights

from weftnet.architecture.reading import from_dict
from weftnet.data import open_data
from weftnet.errors import MissingExtra, SettingError
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit, resume
from weftnet.train.listeners import LISTENERS
from weftnet.train.listeners._listener import Began, Listener, Step
from weftnet.train.listening import made
from weftnet.train.result import TrainingResult

SETTINGS: dict[str, Any] = {"steps": 30, "batch_size": 16, "evaluate_every": "10 steps", "checkpoint_every": 0.0}


class Meddler(Listener):
    """Draws random numbers, changes what it is given, and wants to know of every step."""

    every_step = True

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.lines: list[dict[str, Any]] = []
        self.saved: list[int] = []

    def start(self, start: Began) -> None:
        torch.manual_seed(7)

    def after_step(self, step: Step) -> None:
        self.steps.append(step.step)
        assert np.isfinite(list(step.losses.values())).all()
        _ = torch.rand(3), np.random.rand(3), random.random()
        torch.manual_seed(step.step)

    def after_evaluation(self, line: Any) -> None:
        self.lines.append({**line, "validation": dict(line["validation"])})
        line["validation"].clear()
        line["step"] = -1

    def after_checkpoint(self, step: int) -> None:
        self.saved.append(step)


class Kill(Listener):
    """Ends the process at the second evaluation, before its checkpoint."""

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 20:
            os.kill(os.getpid(), signal.SIGKILL)


def digits(folder: Path, listeners: Any = (), **recipe: Any) -> Run:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    architecture = from_dict({"chain": ["flatten", {"dense": {"dim": 8}}, "relu", {"dropout": {"rate": 0.2}}]})
    settings = Recipe.for_task(task, **{**SETTINGS, "plan": "eager", **recipe})
    return fit(architecture, task, data, settings, folder, listeners=listeners, device="cpu")


def killed(folder: Path, *listeners: Any) -> Path:
    pid = os.fork()
    if not pid:
        digits(folder, [*listeners, Kill()])
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    return folder


def test_weights_are_the_same_bit_for_bit_whoever_listens(tmp_path: Path) -> None:
    recipe = Recipe(steps=12, evaluate_every="4 steps", checkpoint_every=0.0, ema=0.9)
    go(tmp_path / "alone", recipe, network())
    torch.manual_seed(0)
    go(tmp_path / "heard", recipe, network(), listeners=[meddler := Meddler()])
    alone, heard = weights(tmp_path / "alone"), weights(tmp_path / "heard")
    assert alone.keys() == heard.keys()
    assert meddler.steps == list(range(1, 13))
    assert meddler.saved == list(range(1, 13))


def test_a_meddler_changes_no_weight_and_no_history(tmp_path: Path) -> None:
    runs = [digits(tmp_path / "alone"), digits(tmp_path / "heard", [meddler := Meddler()])]
    alone, heard = (weights(run.folder) for run in runs)
    assert all(torch.equal(tensor, heard[name]) for name, tensor in alone.items())
    told = [{key: line[key] for key in ("step", "loss", "validation")} for line in meddler.lines]
    assert told == [{key: line[key] for key in ("step", "loss", "validation")} for line in runs[0].history]


def test_one_that_fails_is_left_out_once_and_the_training_goes_on(tmp_path: Path) -> None:
    class Broken(Listener):
        calls = 0

        def after_evaluation(self, line: Any) -> None:
            self.calls += 1
            raise KeyError("a misprint")

    told = Meddler()
    with pytest.warns(
        UserWarning, match="the listener Broken failed at step 2 in after_evaluation: KeyError"
    ) as caught:
        result = go(
            tmp_path, Recipe(steps=6, evaluate_every="2 steps"), plain(), listeners=[broken := Broken(), told]
        )  # fmt: skip
    assert len(caught) == 1
    assert (result.status, broken.calls, len(told.lines)) == ("finished", 1, 3)
    assert "a misprint" in (tmp_path / "listener_Broken.txt").read_text()


def test_a_failure_is_told(tmp_path: Path) -> None:
    class Ends(Listener):
        def end(self, result: Any) -> None:
            self.result = result

    class Enough(BaseException):
        pass

    class Breaks(Listener):
        def after_evaluation(self, line: Any) -> None:
            raise Enough("here")

    with pytest.raises(Enough):
        go(tmp_path, Recipe(steps=6, evaluate_every="2 steps"), plain(), listeners=[ends := Ends(), Breaks()])
    assert (ends.result.status, ends.result.step, ends.result.steps) == ("failed", 2, 6)
    assert ends.result.message == "Enough: here"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tensorbord", "listeners: no listener is called 'tensorbord'\n  fix: did you mean 'tensorboard'?"),
        ({"mlflow": {"experimant": "x"}}, "listeners: mlflow: MLflow has no setting 'experimant'"),
        ({"a": {}, "b": {}}, "is no listener\n  expected: a name or {name: {settings}}"),
    ],
)
def test_what_is_no_listener(spec: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        made([spec])
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_one_that_is_not_installed_is_named_before_anything_is_trained(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=f"the listener {name} needs {name}") as caught:
        digits(tmp_path / "run", [name])
    assert caught.value.fix == f"pip install 'weftnet[{name}]'"
    assert not (tmp_path / "run").exists()


def test_every_listener_is_tested_here() -> None:
    assert LISTENERS.names() == ["mlflow", "tensorboard", "wandb"]


def needs(name: str) -> Any:
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")


@needs("tensorboard")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_shows_the_history_of_a_run_that_was_killed_and_resumed(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    whole = digits(tmp_path / "whole")
    run = resume(killed(tmp_path / "run", "tensorboard"), device="cpu")  # which remembers who listened
    assert all(torch.equal(tensor, weights(run.folder)[name]) for name, tensor in weights(whole.folder).items())
    events = EventAccumulator(str(run.folder / "tensorboard"))
    events.Reload()
    for tag, read in (
        ("validation/accuracy", lambda line: line["validation"]["accuracy"]),
        ("training/network", lambda line: line["loss"]["network"]),
    ):
        shown = [(event.step, event.value) for event in events.Scalars(tag)]
        assert shown == [(line["step"], pytest.approx(read(line), rel=1e-6)) for line in whole.history]
    assert {"loss/network", "lr", "examples_per_second"} <= set(events.Tags()["scalars"])
    assert {*events.Tags()["tensors"]} == {"architecture/text_summary", "recipe/text_summary"}


@needs("tensorboard")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_has_on_disk_what_it_was_told_before_a_checkpoint(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    listener = LISTENERS.get("tensorboard")()
    listener.start(Began(tmp_path, "classification", "digits", "chain: []", {"lr": 0.1}, 0, 9))
    sizes = []
    for step in range(1, 4):
        listener.after_evaluation({"step": step, "loss": {"network": 0.1}, "validation": {"accuracy": 0.5}})
        listener.after_checkpoint(step)
        sizes.append(sum(file.stat().st_size for file in (tmp_path / "tensorboard").iterdir()))
    listener.end(TrainingResult("killed", 3, 9, 3))
    assert sizes == sorted({*sizes})  # it grows each time
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    texts = {tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in events.Tags()["tensors"]}
    assert texts == {
        "architecture/text_summary": "```yaml\nchain: []\n```", "recipe/text_summary": '```json\n{\n  "lr": 0.1\n}\n```'
    }  # fmt: skip


@needs("mlflow")
@pytest.mark.filterwarnings("ignore", "error:the listener")
def test_mlflow_has_one_run_of_a_training_that_was_killed_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    from mlflow import MlflowClient

    run = resume(killed(tmp_path / "run", {"mlflow": {"experiment": "digits"}}), device="cpu")
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    (logged,) = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    assert logged.info.status == "FINISHED"
    assert logged.data.params["batch_size"] == "16"
    assert logged.data.tags["data"] == "digits"
    steps = {m.step: m.value for m in client.get_metric_history(logged.info.run_id, "validation/accuracy")}
    assert steps == {line["step"]: line["validation"]["accuracy"] for line in run.history}
    best = max(line["validation"]["accuracy"] for line in run.history)
    assert logged.data.metrics["best/accuracy"] == best


@needs("wandb")
def test_wandb_keeps_an_offline_run(tmp_path: Path) -> None:
    script = (
        "import sys, weftnet\n"
        "data = weftnet.open_data('digits')\n"
        "task = weftnet.TASKS.get('classification').from_data(data)\n"
        "architecture = weftnet.ZOO.get('linear')()\n"
        "recipe = weftnet.Recipe(steps=30, plan='eager')\n"
        "weftnet.train_run(architecture, task, data, recipe, sys.argv[1], listeners=['wandb'], device='cpu')\n"
    )
    folder = tmp_path / "run"
    settings = {**os.environ, "WANDB_MODE": "offline"}
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True, timeout=120, env=settings)
    name = json.loads((folder / "wandb.json").read_text())["run"]
    (file,) = (folder / "wandb").glob(f"offline-run-*/run-{name}.wandb")
    content = file.read_bytes()
    assert b"validation/accuracy" in content
    assert b"best/accuracy" in content
