"""A task minimises the loss it always did, to the bit, or the one that was chosen; functions are kept by name alone."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import SettingError
from weftnet.losses import LOSSES
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Listener, Recipe, fit, resume


class Given(nn.Module):
    """A network that gives these outputs."""

    def __init__(self, outputs: Tensor) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, *arguments: Any) -> Tensor:
        return self.outputs


def loss(task: Any, outputs: Tensor, target: Tensor, inputs: Any = None, mask: Tensor | None = None) -> Tensor:
    masks = {} if mask is None else {"y": mask}
    batch = Batch(inputs or {}, {}, {"y": target}, torch.arange(len(target)), target_masks=masks)
    model = nn.ModuleDict({"network": Given(outputs)})
    ((group, value),) = task.losses(model, batch, torch.Generator())
    assert group == "network"
    return value


LABELS = ["a", "b", "c"]
WEIGHTS = [0.5, 1.0, 3.0]


def classes(**settings: Any) -> Any:
    return TASKS.get("classification")(labels=LABELS, **settings)


def test_classification() -> None:
    logits, target = torch.randn(7, 3), torch.randint(3, (7,))
    assert torch.equal(loss(classes(), logits, target), F.cross_entropy(logits, target))
    task = classes(label_smoothing=0.1, class_weights=WEIGHTS)
    want = F.cross_entropy(logits, target, torch.tensor(WEIGHTS), label_smoothing=0.1)
    assert torch.equal(loss(task, logits, target), want)
    soft = torch.rand(7, 3).double()
    want = F.cross_entropy(logits, soft.float(), torch.tensor(WEIGHTS), label_smoothing=0.1)
    assert torch.equal(loss(task, logits, soft), want)


def test_multilabel() -> None:
    logits, target = torch.randn(7, 3), torch.randint(2, (7, 3))
    task = TASKS.get("multilabel")(labels=LABELS, pos_weight=WEIGHTS)
    want = F.binary_cross_entropy_with_logits(logits, target.float(), pos_weight=torch.tensor(WEIGHTS))
    assert torch.equal(loss(task, logits, target), want)


@pytest.mark.parametrize(("name", "function"), [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)])
def test_numbers(name: str, function: Any) -> None:
    y, t = torch.randn(7, 1), torch.randn(7)
    assert torch.equal(loss(TASKS.get("regression")(loss=name), y, t), function(y.flatten(), t))
    y, t = torch.randn(7, 4, 2), torch.randn(7, 4, 2)
    of_series = {"targets": ["u", "v"], "horizon": 4, "channels": [0, 1], "mean": [0.0, 0.0], "scale": [1.0, 1.0]}
    assert torch.equal(loss(TASKS.get("forecasting")(**of_series, loss=name), y, t), function(y, t))


def test_language_model() -> None:
    logits, tokens = torch.randn(5, 8, 6), torch.randint(6, (5, 8))
    task = TASKS.get("language_model")(vocabulary=6, context=8)
    batch = Batch({"tokens": tokens}, {}, {"next": torch.randint(6, (5, 8))}, torch.arange(5))
    ((_, value),) = task.losses(nn.ModuleDict({"network": Given(logits)}), batch, torch.Generator())
    nats = F.cross_entropy(logits.flatten(0, 1), batch.target.flatten(), reduction="none")
    assert torch.equal(value, nats.sum() / nats.numel())


def test_another_loss() -> None:
    logits, target = torch.randn(7, 3), torch.randint(3, (7,))
    task = classes(loss=[{"focal": {"gamma": 1.0}}, {"dice": {"weight": 0.5}}])
    want = LOSSES.get("focal")(logits, target, gamma=1.0) + 0.5 * LOSSES.get("dice")(logits, target)
    assert torch.equal(loss(task, logits, target), want)
    assert task.settings()["loss"] == [{"focal": {"gamma": 1.0}}, {"dice": {"weight": 0.5}}]
    assert type(task)(**task.settings()) == task


def test_a_target_that_does_not_count_is_left_out() -> None:
    logits, target, counts = torch.randn(7, 3), torch.randint(3, (7,)), torch.arange(7) < 4
    got = loss(classes(), logits, target, mask=counts)
    torch.testing.assert_close(got, F.cross_entropy(logits[:4], target[:4]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "crossentropy"}, "no loss is called 'crossentropy'\n  fix: did you mean 'cross_entropy'"),
        ({"loss": {"focal": {"gama": 1}}}, "focal has no setting 'gama'"),
        ({"loss": "focal", "label_smoothing": 0.1}, "label_smoothing and class_weights are of the task's own loss"),
    ],
)
def test_what_cannot_be_the_loss(settings: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        classes(**settings)
    assert message in str(caught.value)
    assert "task classification" in caught.value.where


def shy(outputs: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy, and small logits."""
    return F.cross_entropy(outputs, target) + 0.01 * outputs.square().mean()


class Kill(Listener):
    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 8:
            os.kill(os.getpid(), signal.SIGKILL)


def trained(folder: Path, *listeners: Listener) -> Any:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data, loss=shy)
    recipe = Recipe(steps=12, evaluate_every="4 steps", checkpoint_every=0.0, plan="eager")
    net = from_dict({"chain": ["flatten", {"dense": {"dim": 8}}, "relu"]})
    return fit(net, task, data, recipe, folder, listeners=listeners, device="cpu")


def test_a_run_of_a_function_answers_and_is_resumed_with_the_function_alone(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole")
    name = f"{shy.__module__}.shy"
    assert whole.facts.task.settings["loss"] == {"function": name}
    assert load(whole).metrics(open_data("digits"), "test")["accuracy"] > 0
    pid = os.fork()
    if not pid:
        trained(tmp_path / "run", Kill())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    with pytest.raises(SettingError, match=f"was trained with the function {name}") as caught:
        resume(tmp_path / "run", device="cpu")
    assert caught.value.fix == "pass it again: loss=…"
    with pytest.raises(SettingError, match="this is not the loss"):
        resume(tmp_path / "run", device="cpu", loss="focal")
    run = resume(tmp_path / "run", device="cpu", loss=shy)
    want, got = (tensors.load(each.folder / "weights.safetensors") for each in (whole, run))
    assert all(torch.equal(tensor, got[key]) for key, tensor in want.items())
