"""A network that ends in the members of an ensemble: a head for each, and the loss that each has by itself."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block, Chain
from weftnet.compose import build
from weftnet.data.batch import Batch
from weftnet.execution.auxiliary import with_auxiliary
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task
from weftnet.zoo import ZOO

SIGNALS = {"x": parse("vector:5")}
CASES: dict[str, tuple[str, dict[str, Any], str, Tensor]] = {
    "classes": ("classification", {"labels": ["a", "b", "c"], "label_smoothing": 0.1}, "classes",
                torch.tensor([0, 2, 1, 1])),
    "labels": ("multilabel", {"labels": ["a", "b"]}, "labels", torch.tensor([[0.0, 1], [1, 1], [1, 0], [0, 0]])),
    "a number": ("regression", {}, "numbers", torch.tensor([0.3, -1.2, 2.0, 0.1])),
    "numbers": ("multioutput_regression", {"targets": ["a", "b"], "mean": [0.0, 0.0], "scale": [1.0, 1.0]}, "numbers",
                torch.tensor([[0.3, 1], [-1.2, 0], [2.0, 0], [0.1, 1]])),
}  # fmt: skip
LOSSES = {
    "classification": lambda y, target: F.cross_entropy(y, target, label_smoothing=0.1),
    "multilabel": F.binary_cross_entropy_with_logits,
    "regression": lambda y, target: F.mse_loss(y.flatten(), target),
    "multioutput_regression": F.mse_loss,
}


def made(name: str) -> tuple[Task, nn.ModuleDict]:
    entry, settings, of, _ = CASES[name]
    task: Task = TASKS.get(entry)(**settings)
    tabm = ZOO.get("tabm")(widths=[6], members=3, dropout=0.0)
    assembled = assemble(tabm, task, SIGNALS)
    network = assembled.architecture.parts["network"]
    assert isinstance(network, Chain)
    width = {"a number": 1, "classes": 3}.get(name, 2)
    assert network.nodes[-2:] == (Block("member_dense", {"dim": width}), Block("member_mean", {"of": of}))
    assert assemble(assembled.architecture, task, SIGNALS).architecture == assembled.architecture, "it has its head"
    return task, build(assembled.architecture, assembled.inputs, seed=0)


@pytest.mark.parametrize("name", CASES)
def test_each_member_learns_by_its_own_loss(name: str) -> None:
    task, model = made(name)
    target, x = CASES[name][3], torch.randn(4, 5)
    named = dict(zip("ab", target.T, strict=True)) if name == "numbers" else {"y": target}
    batch = Batch({"x": x}, {}, named, torch.arange(4))
    outputs: list[Tensor] = []
    heads = next(module for name, module in model.named_modules() if type(module).__name__ == "MemberDense")
    heads.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    model.train()
    losses = with_auxiliary(task.losses(model, batch, torch.Generator()), task, model, {})
    (total,) = [loss for _, loss in losses]
    own = [LOSSES[CASES[name][0]](outputs[0][:, m], target) for m in range(3)]
    assert total.item() == pytest.approx(sum(loss.item() for loss in own) / 3, rel=1e-5)
