"""From data and architecture to a run folder, killed on the way and resumed from the folder alone."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.data import open_data
from weftnet.errors import DamagedCheckpoint, DataError, RunError
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit, resume
from weftnet.train.augment import Augment
from weftnet.train.listeners._listener import Listener

ARCHITECTURE = from_dict(
    {
        "chain": [
            {"conv2d": {"channels": 5}},
            "batch_norm2d",
            "relu",
            {"max_pool2d": {"size": 2}},
            "flatten",
            {"dropout": {"rate": 0.2}},
        ]
    }
)
SHARED = from_dict(
    [
        "image_rows",
        {"dense": {"dim": 8}, "name": "a"},
        "tanh",
        {"shared": "a"},
        "flatten",
        {"dense": {"dim": 9}},
        {"shared": {"node": "5", "transposed": True}},
    ]
)
SETTINGS: dict[str, Any] = {
    "steps": 30,
    "batch_size": 16,
    "accumulate": 2,
    "ema": 0.9,
    "clip": 1.0,
    "augment": [{"crop": {"padding": 1}}, "mixup"],
    "evaluate_every": "10 steps",
    "checkpoint_every": 0.0,
    "lr": 0.01,
}


class Kill(Listener):
    """Ends the process at the second evaluation, before its checkpoint."""

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 20:
            os.kill(os.getpid(), signal.SIGKILL)


def start(folder: Path, *listeners: Any, source: Any = "digits", architecture: Any = ARCHITECTURE) -> Run:
    data = open_data(source)
    task = TASKS.get("classification").from_data(data)
    return fit(architecture, task, data, Recipe.for_task(task, **SETTINGS), folder, listeners=listeners)


def killed(folder: Path, architecture: Any = ARCHITECTURE) -> Path:
    pid = os.fork()
    if not pid:
        start(folder, Kill(), architecture=architecture)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    return folder


@pytest.mark.parametrize("architecture", [ARCHITECTURE, SHARED], ids=["plain", "shared weights"])
def test_resumed_from_the_folder_alone(architecture: Any, tmp_path: Path) -> None:
    whole = start(tmp_path / "whole", architecture=architecture)
    assert whole.status == "finished"
    run = resume(killed(tmp_path / "run", architecture))
    assert run.status == "finished"
    want, got = (tensors.load(r.folder / "weights.safetensors") for r in (whole, run))
    assert want.keys() == got.keys()
    assert all(torch.equal(tensor, got[name]) for name, tensor in want.items())
    assert [line["validation"] for line in run.history] == [line["validation"] for line in whole.history]
    assert resume(run.folder).status == "finished"
    assert not (run.folder / "checkpoints").exists()


def test_other_data_are_refused(tmp_path: Path) -> None:
    x, y = torch.randn(60, 8, 8).numpy(), (torch.arange(60) % 10).numpy()
    killed(tmp_path / "run")
    state = Run.open(tmp_path / "run").json("data.json")
    other = open_data({"x": x, "y": y})
    assert other.fingerprint != state["fingerprint"]
    with pytest.raises(DataError, match="these are not the data the run was trained on"):
        resume(tmp_path / "run", other)


def test_damaged_and_missing_files(tmp_path: Path) -> None:
    killed(tmp_path / "run")
    path = tmp_path / "run" / "architecture.yaml"
    text = path.read_text()
    path.write_text(text.replace("5", "6"))
    with pytest.raises(DamagedCheckpoint, match=r"architecture\.yaml: is not the file that was written"):
        resume(tmp_path / "run")
    path.unlink()
    with pytest.raises(RunError, match=r"architecture\.yaml: is missing"):
        resume(tmp_path / "run")


def test_augmentations_make_soft_targets_and_leave_other_inputs() -> None:
    data = open_data("digits")
    batch = data.train_batch(0, 12, 0)
    generator = torch.Generator().manual_seed(1)
    changed = Augment(["mixup", {"crop": {"padding": 1}}], data)(batch, generator)
    assert changed.target.shape == (12, 10)
    torch.testing.assert_close(changed.target.sum(1), torch.ones(12))
    assert not torch.equal(changed.inputs["image"], batch.inputs["image"])
    assert Augment([], data)(batch, generator) is batch


def test_tasks_of_several_groups(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("variational_autoencoder").from_data(data, latent=3)
    parts = {
        "encoder": {"chain": ["flatten", {"dense": {"dim": 9}}, "relu"]},
        "decoder": {"chain": [{"dense": {"dim": 9}}]},
    }
    recipe = Recipe.for_task(task, steps=6, batch_size=16)
    run = fit(from_dict({"parts": parts}), task, data, recipe, tmp_path / "run")
    assert run.json("metrics.json")["validation"].keys() == {"elbo", "reconstruction", "kl"}
