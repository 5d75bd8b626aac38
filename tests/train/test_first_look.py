"""Blocks that initialise themselves from data do so once, before the first step, from the outputs before them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe, fit, resume
from weftnet.train.first_look import first_look
from weftnet.train.listeners._listener import Began, Listener

TWO = [
    {"whitening_conv2d": {"kernel": 2, "eps": 1e-6}},
    "relu",
    {"whitening_conv2d": {"kernel": 1, "eps": 1e-6}},
    "gelu",
]


def setting(blocks: Any = TWO) -> tuple[Any, Any, Any, Any]:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    complete = assemble(architecture := from_dict({"chain": blocks}), task, data.signals)
    return build(complete.architecture, complete.inputs, seed=0), task, data, architecture


def test_each_block_sees_the_outputs_of_the_learnt_block_before_it() -> None:
    model, task, data, _ = setting()
    network = model["network"]
    assert first_look(model, task, data, Recipe(seed=3)) == 2
    x = next(iter(data.train_batch(0, data.sizes["train"], 3).inputs.values()))
    with torch.no_grad():
        first = F.conv2d(x, network.get_buffer("0.weight"))[:, :4]
        before = torch.relu(F.conv2d(x, network.get_buffer("0.weight")))
        second = F.conv2d(before, network.get_buffer("2.weight"))[:, :8]
    for y, tolerance in ((first, 1e-3), (second, 1e-3)):
        rows = y.movedim(1, -1).flatten(0, 2).double()
        variances = (rows.T @ rows / len(rows)).diagonal()
        apart = rows.T @ rows / len(rows) - torch.diag(variances)
        assert apart.abs().max() < tolerance
        assert (variances < 1 + tolerance).all()
    assert network.training
    hooks = [m._forward_hooks or m._forward_pre_hooks for m in model.modules()]
    assert not any(hooks)


def test_a_network_without_such_blocks_is_unchanged() -> None:
    class NoData:
        """Would fail if it were asked for a batch."""

    model, task, _, _ = setting([{"conv2d": {"channels": 3}}, "relu"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert first_look(model, task, NoData(), Recipe()) == 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


class Kill(BaseException):
    """Stands for a kill."""


class Killed(Listener):
    """Dies when training starts, before there is a checkpoint."""

    def start(self, start: Began) -> None:
        raise Kill


def test_filters_are_kept_and_a_run_without_a_checkpoint_learns_them_again(tmp_path: Path) -> None:
    _, task, data, architecture = setting()
    recipe = Recipe(steps=12, batch_size=32, evaluate_every="6 steps", plan="eager")
    whole = fit(architecture, task, data, recipe, tmp_path / "whole", device="cpu")
    with pytest.raises(Kill):
        fit(architecture, task, data, recipe, tmp_path / "cut", listeners=[Killed()], device="cpu")
    resumed = resume(tmp_path / "cut", device="cpu")
    a, b = (tensors.load(run.folder / "weights.safetensors") for run in (whole, resumed))
    assert all(torch.equal(value, b[name]) for name, value in a.items())
    model, *_ = setting()
    first_look(model, task, data, recipe)
    assert torch.equal(a["network.0.weight"], model["network"].get_buffer("0.weight"))  # the steps left them alone
