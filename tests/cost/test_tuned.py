"""What a training costs of which parts are frozen or adapted, against real steps of it."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from weftnet.architecture.reading import from_dict
from weftnet.compose import Network
from weftnet.cost.check import Report, check
from weftnet.cost.step_time import random_batch
from weftnet.cost.timing import timed
from weftnet.data import open_data
from weftnet.errors import SettingError
from weftnet.optim import OPTIMISERS
from weftnet.tasks import TASKS
from weftnet.train import Start
from weftnet.train.forecast import tuned

BATCH = 32
NET = [
    {"conv2d": {"channels": 24, "kernel": 3}}, "batch_norm2d", "relu", {"conv2d": {"channels": 48, "kernel": 3}},
    "relu", "flatten", {"dense": {"dim": 96}}, "relu", {"dropout": {"rate": 0.1}},
]  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "all": {},
    "head": {"tune": "head"},
    "frozen below": {"freeze": ["0", "1", "3"]},
    "frozen above": {"freeze": ["6"]},
    "thaws": {"tune": "head", "thaw": {"3": 0.5}},
    "lora": {"tune": {"lora": {"rank": 4}}},
    "dora": {"tune": {"dora": {"rank": 4, "paths": ["6"]}}},
}


def report_of(how: dict[str, Any], batch: int = BATCH) -> Report:
    draw = np.random.default_rng(0)
    y = np.array([f"c{k}" for k in np.arange(60) % 3])
    data = open_data({"x": draw.normal(size=(60, 1, 16, 16)).astype(np.float32), "y": y})
    task = TASKS.get("classification").from_data(data)
    start = Start("nowhere", **how)
    return check(
        from_dict({"chain": NET}), data.signals, task=task, batch=batch, memory=1 << 30,
        tuning=lambda assembled: tuned(start, assembled),
    )  # fmt: skip


def network_of(report: Report) -> Network:
    network = Network(report.resolved["network"]).train()
    if report.tune is not None:
        report.tune("network", network)
    return network


@pytest.mark.parametrize("way", WAYS)
def test_gradients_state_and_saved_activations_are_those_of_a_step(way: str) -> None:
    report = report_of(WAYS[way])
    cost, network = report.parts["network"], network_of(report)
    inputs, _ = random_batch(network.inputs, BATCH)
    saved: dict[int, tuple[Tensor, int]] = {}
    own = {each.untyped_storage().data_ptr() for each in (*network.parameters(), *network.buffers())}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = tensor, storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        y = network(inputs)
    y.backward(torch.ones_like(y))
    trained = [each for each in network.parameters() if each.requires_grad]
    assert {id(each) for each in network.parameters() if each.grad is not None} == {id(each) for each in trained}
    assert cost.trainable == sum(each.numel() for each in trained)
    assert cost.gradients == sum(each.nbytes for each in trained)
    optimiser = OPTIMISERS.get("adamw")(network.named_parameters())
    optimiser.step()
    state = sum(value.nbytes for entry in optimiser.state.values() for value in entry.values())
    assert abs(cost.state - state) <= 8 * len(trained)
    assert cost.saved == pytest.approx(sum(size for _, size in saved.values()), rel=0.01)


@pytest.mark.parametrize("way", WAYS)
def test_the_peak_is_that_of_a_step(way: str) -> None:
    report = report_of(WAYS[way])
    network = network_of(report)
    optimiser = OPTIMISERS.get("adamw")(network.named_parameters())
    inputs, _ = random_batch(network.inputs, BATCH)

    def step() -> None:
        y = network(inputs)
        gradient = torch.ones_like(y)
        y.backward(gradient)
        del y, gradient
        optimiser.step()
        optimiser.zero_grad()

    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    now = most = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    state = [value for entry in optimiser.state.values() for value in entry.values()]
    stays = sum(each.nbytes for each in (*network.parameters(), *network.buffers(), *inputs.values(), *state))
    assert report.peak == pytest.approx(stays + most, rel=0.1)


def test_less_is_less() -> None:
    reports = {way: report_of(how) for way, how in WAYS.items()}
    peaks = {way: report.peak for way, report in reports.items()}
    assert peaks["head"] < peaks["frozen below"] < peaks["all"]
    assert peaks["head"] <= peaks["thaws"] < peaks["all"]
    assert peaks["head"] < peaks["lora"] < peaks["all"]
    flops = {way: report.parts["network"].training_flops for way, report in reports.items()}
    assert flops["head"] < flops["frozen below"] < flops["all"]
    assert reports["head"].parts["network"].saved < reports["frozen below"].parts["network"].saved
    assert len({report.parameters for report in reports.values()}) == 1  # adapters are merged
    assert reports["lora"].trainable < reports["all"].trainable
    assert reports["head"].largest_batch > reports["all"].largest_batch  # type: ignore[operator]
    assert reports["all"].tune is None


@pytest.mark.slow
def test_times_are_those_of_tuned_steps() -> None:
    whole, head = (timed(report_of(WAYS[way]), budget=2.0) for way in ("all", "head"))
    assert whole.time is not None
    assert head.time is not None
    assert head.time.backward < whole.time.backward / 2


def test_frozen_parts_stay_in_evaluation_mode() -> None:
    report = report_of(WAYS["head"])
    network = network_of(report)
    modes = {path: module.training for path, module in network.named_modules()}
    assert not modes["1.norm"]
    assert not modes["8"]
    assert modes["9.linear"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"freeze": ["99"]}, "start: freeze: nothing is called '99'"),
        ({"thaw": {"99": 0.5}}, "start: thaw: nothing is called '99'"),
        ({"freeze": ["network"]}, "nothing is left to train"),
    ],
)
def test_what_cannot_be_frozen(how: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        report_of(how)
    assert message in str(caught.value)


def test_several_parts() -> None:
    draw = np.random.default_rng(0)
    data = open_data({"x": draw.integers(0, 255, (40, 8, 8)).astype(np.uint8)})
    task = TASKS.get("variational_autoencoder").from_data(data)
    parts = {"encoder": ["flatten", {"dense": {"dim": 64}}, "relu"], "decoder": [{"dense": {"dim": 64}}, "relu"]}
    how = {"freeze": ["encoder.1"], "tune": {"lora": {"rank": 2}}}
    start = Start("nowhere", **how)
    report = check(
        from_dict({"parts": parts}), data.signals, task=task, batch=8,
        tuning=lambda assembled: tuned(start, assembled),
    )  # fmt: skip
    assert report.tune is not None
    networks = {part: Network(tree) for part, tree in report.resolved.items()}
    for part, network in networks.items():
        report.tune(part, network)
        assert report.parts[part].trainable == sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert not networks["encoder"].get_parameter("1.linear.bias").requires_grad
    assert isinstance(networks["decoder"], nn.Module)
