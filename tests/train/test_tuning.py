"""Ways to fine-tune: the head alone, thawing on a schedule, rates by depth, L2 towards the start; each is resumed."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from quick import some
from torch import nn
from torch.nn import functional as F

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.compose import build
from weftnet.data import Data, open_data
from weftnet.errors import SettingError
from weftnet.run.folder import Run
from weftnet.run.lineage import StartFacts
from weftnet.tasks import TASKS
from weftnet.train import Listener, Recipe, Start, fit, loop, resume
from weftnet.train.checkpoint_files import read_checkpoint, read_facts
from weftnet.train.depths import depths
from weftnet.train.freezing import Begin, freeze, thaw, to_training

BODY = {"chain": ["flatten", {"dense": {"dim": 12}}, "batch_norm", "relu", {"dropout": {"rate": 0.5}}]}
NET: dict[str, Any] = {"chain": [BODY, {"dense": {"dim": 6}}, "relu"]}
PLAIN: dict[str, Any] = {"chain": ["flatten", {"dense": {"dim": 7}}, "tanh"]}
SETTINGS: dict[str, Any] = {
    "steps": 24, "batch_size": 16, "evaluate_every": "8 steps", "checkpoint_every": 0.0, "plan": "eager", "lr": 0.01,
}  # fmt: skip


def arrays(classes: int = 4, seed: int = 0) -> dict[str, Any]:
    """Images 6×6 of some classes, each brighter in its own corner."""
    draw = np.random.default_rng(seed)
    y = np.arange(classes * 40) % classes
    x = draw.normal(size=(len(y), 6, 6)).astype(np.float32)
    for row, k in enumerate(y):
        x[row, (k // 2) * 3 : (k // 2) * 3 + 3, (k % 2) * 3 : (k % 2) * 3 + 3] += 1.5
    return {"x": x, "y": np.array([f"c{k}" for k in y])}


def trained(folder: Path, data: Data, start: Start | None = None, net: Any = NET, **more: Any) -> Run:
    listeners = more.pop("listeners", ())
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, **{**SETTINGS, **more})
    return fit(from_dict(net), task, data, recipe, folder, start=start, listeners=listeners, device="cpu")


def weights(run: Run) -> dict[str, torch.Tensor]:
    return tensors.load(run.folder / "weights.safetensors")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("origin") / "first", open_data(arrays()))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("origin") / "plain", open_data(arrays()), net=PLAIN)


class Kill(Listener):
    """Ends the process after some step's evaluation, before its checkpoint; or before the first step."""

    def __init__(self, at: int) -> None:
        self.at = at

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_step(self, step: Any) -> None:
        if not self.at:
            os.kill(os.getpid(), signal.SIGKILL)


WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "thaw": ({"thaw": {"0": 0.5, "1": "40%"}}, {"ema": 0.9}),
    "thaw by momentum": ({"freeze": ["0.2"], "thaw": {"0": 0.5}}, {"optimiser": "momentum"}),
    "thaw by muon": ({"thaw": {"0": 0.5}}, {"optimiser": "muon"}),
    "head": ({"tune": "head", "thaw": {"1": 0.5}}, {}),
    "all at once": ({"thaw": {"0": 0.5}, "depth_rate": 0.7, "l2_sp": 0.3, "rate": {"*.bias": 2.0}}, {"accumulate": 2}),
}


@pytest.mark.parametrize("at", some([0, 8, 16], 8))  # before its first step, before and after it thaws
@pytest.mark.parametrize("way", WAYS)
def test_killed_and_resumed_without_the_run_it_started_from(tmp_path: Path, origin: Run, way: str, at: int) -> None:
    how, more = WAYS[way]
    source = np.savez(tmp_path / "data.npz", **arrays(3, seed=5)) or tmp_path / "data.npz"
    parent = shutil.copytree(origin.folder, tmp_path / "parent")
    start = Start(str(parent), **how)
    whole = trained(tmp_path / "whole", open_data(source), start, **more)
    pid = os.fork()
    if not pid:
        trained(tmp_path / "run", open_data(source), start, listeners=[Kill(at)], **more)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    shutil.rmtree(parent)
    run = resume(tmp_path / "run", device="cpu")
    want, got = weights(whole), weights(run)
    assert want.keys() == got.keys()
    assert all(torch.equal(tensor, got[name]) for name, tensor in want.items())
    assert run.facts.start == whole.facts.start


@pytest.mark.parametrize("optimiser", ["adamw", "momentum", "muon", "adagrad"])
def test_what_thaws_is_frozen_until_its_step(tmp_path: Path, origin: Run, optimiser: str) -> None:
    start, seen = Start(str(origin.folder), thaw={"0": 0.5}), {}

    class Spied(loop.State):
        def saved(self) -> Any:
            state, facts = super().saved()
            frozen = {path for path, module in self.model.named_modules() if not module.training}
            kept = [p.shape for each in self.optimisers.values() for p, own in each.state.items() if own]
            seen[self.step] = {name: value.clone() for name, value in state.items()}, frozen, kept
            return state, facts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "State", Spied)
        trained(tmp_path / "run", open_data(arrays()), start, optimiser=optimiser, checkpoint_every=0.0)
    before = weights(origin)
    body = [name for name in before if name.startswith("network.0.")]
    for step, (state, frozen, kept) in seen.items():
        still = [torch.equal(state[f"model.{name}"], before[name]) for name in body]
        assert all(still) == (step <= 12), step
        assert ("network.0.4" in frozen) == ("network.0.2.norm" in frozen) == (step <= 12), step  # dropout, the norm
        if optimiser != "adagrad" and step:  # torch's makes its state in advance
            assert len(kept) == (4 if step <= 12 else 8), step
    assert {0, 12, 13, 24} <= seen.keys()


def test_the_head_alone(tmp_path: Path, origin: Run) -> None:
    run = trained(tmp_path / "run", open_data(arrays(3)), Start(str(origin.folder), tune="head"))
    before, after = weights(origin), weights(run)
    moved = [
        name for name in after if before[name].shape != after[name].shape or not torch.equal(before[name], after[name])
    ]
    assert set(moved) == {"network.3.linear.weight", "network.3.linear.bias"}
    assert run.facts.start is not None
    assert run.facts.start.head == ("network.3",)
    assert "frozen: all but the head; trained at the first step: 21 of 567 weights, 3.7 %" in run.facts.start.lines


def test_the_path_that_names_most_decides() -> None:
    facts = StartFacts(
        "", freeze=("a", "b.0"), thaw={"a.1": 0.25, "b": 0.5, "*.bias": 0.75}, tune="head", head=("network.h",)
    )
    begin = Begin(facts)
    never = float("inf")
    expected = {
        "network.a.0.weight": never, "network.a.1.weight": 0.25, "network.b.0.weight": never, "network.b.1.weight": 0.5,
        "network.b.0.bias": 0.75, "network.c.weight": never, "network.h.weight": 0.0, "network.h": 0.0, "network": 0.0,
    }  # fmt: skip
    assert {path: begin.parameter(path) for path in expected} == expected
    assert {path: begin.module(path) for path in expected} == expected
    assert Begin(StartFacts("", freeze=("a",), thaw={"a": 0.1})).parameter("network.a.weight") == 0.1


def test_a_model_thaws_in_steps() -> None:
    model = nn.ModuleDict({"network": nn.Sequential(nn.Linear(2, 3), nn.Dropout(), nn.Linear(3, 1))})
    model["network"][0].bias.requires_grad_(False)  # by itself: it never learns
    freeze(model, StartFacts("", thaw={"0": 0.5, "1": 0.25}))
    names = dict(model.named_parameters())
    for progress, weight, dropout in ((0.0, False, False), (0.25, False, True), (0.4, False, True), (0.9, True, True)):
        thaw(model, progress)
        to_training(model)
        assert names["network.0.weight"].requires_grad == weight
        assert not names["network.0.bias"].requires_grad
        assert model["network"][0].training == weight
        assert model["network"][1].training == dropout


def test_l2_sp_is_the_gradient_of_its_penalty(tmp_path: Path, plain: Run) -> None:
    data, strength, lr = open_data(arrays(seed=3)), 0.5, 0.3
    more = {"optimiser": "sgd", "lr": lr, "schedule": "constant", "steps": 5, "keep": "last"}
    start = Start(str(plain.folder), l2_sp=strength, map={"3": ""})
    run = trained(tmp_path / "run", data, start, PLAIN, optimiser_settings={"weight_decay": 0.1}, **more)
    assert run.facts.start is not None
    assert run.facts.start.fresh == ("network.3.linear.weight", "network.3.linear.bias")
    w0 = {name: value.double() for name, value in read_start(tmp_path, plain, data, start).items()}
    w = {name: value.clone().requires_grad_() for name, value in w0.items()}
    for step in range(5):
        batch = data.train_batch(step, 16, 0)
        x = next(iter(batch.inputs.values())).double().flatten(1)
        h = torch.tanh(x @ w["network.1.linear.weight"].T + w["network.1.linear.bias"])
        target = next(iter(batch.targets.values())) if isinstance(batch.targets, dict) else batch.targets
        loss = F.cross_entropy(h @ w["network.3.linear.weight"].T + w["network.3.linear.bias"], target)
        loss = loss + strength / 2 * sum((w[n] - w0[n]).square().sum() for n in w if ".1." in n)
        loss = loss + 0.1 / 2 * sum(w[n].square().sum() for n in w if ".3." in n)  # sgd lets biases decay too
        gradients = torch.autograd.grad(loss, list(w.values()))
        w = {n: (v - lr * g).detach().requires_grad_() for (n, v), g in zip(w.items(), gradients, strict=True)}
    for name, value in weights(run).items():
        torch.testing.assert_close(value.double(), w[name].detach(), rtol=1e-4, atol=1e-6)


def read_start(tmp_path: Path, plain: Run, data: Data, start: Start) -> dict[str, torch.Tensor]:
    """The weights before the first step."""
    kept: dict[str, torch.Tensor] = {}

    class Look(loop.State):
        def __init__(self, model: Any, *more: Any) -> None:
            super().__init__(model, *more)
            kept.update({name: value.clone() for name, value in model.state_dict().items()})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "State", Look)
        trained(tmp_path / "look", data, start, PLAIN, steps=1)
    return kept


def test_the_start_is_in_every_checkpoint(tmp_path: Path, origin: Run) -> None:
    class Stop(Listener):
        def after_evaluation(self, line: Any) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    start = Start(str(origin.folder), l2_sp=0.1, freeze=["0"])
    run = trained(tmp_path / "run", open_data(arrays(3)), start, listeners=[Stop()])
    assert run.status == "stopped"
    place = sorted((run.folder / "checkpoints").iterdir())[-1]
    state, before = read_checkpoint(place, read_facts(place)).tensors, weights(origin)
    anchors = {name.removeprefix("anchor."): value for name, value in state.items() if name.startswith("anchor.")}
    assert anchors.keys() == {"network.1.linear.weight", "network.1.linear.bias"}  # neither frozen nor new
    assert all(torch.equal(value, before[name]) for name, value in anchors.items())


BRANCHES: dict[str, Any] = {"chain": [
    {"conv2d": {"channels": 2, "kernel": 3}}, "batch_norm2d", "relu",
    {"parallel": {"branches": [
        {"conv2d": {"channels": 3, "kernel": 3}},
        {"chain": [{"conv2d": {"channels": 3, "kernel": 3}}, "batch_norm2d", {"conv2d": {"channels": 3, "kernel": 3}}]},
    ], "merge": "concat"}},
    {"residual": {"body": [{"conv2d": {"channels": 6, "kernel": 3}}, "batch_norm2d"]}},
    "global_average_pool2d", {"dense": {"dim": 4}},
]}  # fmt: skip
GRAPH: dict[str, Any] = {"graph": {
    "inputs": ["x"], "outputs": ["z"],
    "nodes": {
        "a": {"from": "x", "dense": {"dim": 5}},
        "b": {"from": "a", "chain": [{"dense": {"dim": 5}}, {"dense": {"dim": 4}}]},
        "c": {"from": "a", "dense": {"dim": 4}}, "d": {"from": ["b", "c"], "merge": "add"},
        "z": {"from": "d", "dense": {"dim": 3}},
    },
}}  # fmt: skip


@pytest.mark.parametrize(
    ("net", "signal", "head", "expected"),
    [
        (BRANCHES, "image:1x9x9", "6",
         {"0": 4, "1": 4, "3.0": 2, "3.1.0": 3, "3.1.1": 3, "3.1.2": 2, "4.body.0": 1, "4.body.1": 1, "6": 0}),
        (GRAPH, "vector:6", "z", {"a": 3, "b.0": 2, "b.1": 1, "c": 1, "z": 0}),
        ({"chain": [{"dense": {"dim": 4}}, "relu", {"dense": {"dim": 3}}, {"dense": {"dim": 2}}]}, "vector:6", "2.3",
         {"0": 2, "2": 1, "3": 0}),
    ],
    ids=["branches", "graph", "a head of several layers"],
)  # fmt: skip
def test_depths(net: Any, signal: str, head: str, expected: dict[str, int]) -> None:
    architecture = from_dict(net)
    from weftnet.architecture.signal import parse

    model = build(architecture, {"network": {"x": parse(signal)}})
    nodes = ("network.2", "network.3") if head == "2.3" else (f"network.{head}",)
    found = depths(model, nodes)
    if head == "2.3":
        expected = {"0": 1, "2": 0, "3": 0}
    for path, depth in expected.items():
        own = {value for name, value in found.items() if name.startswith(f"network.{path}.")}
        assert own == {depth}, (path, own)


def test_rates_fall_by_depth(tmp_path: Path, origin: Run) -> None:
    moved = {}
    for name, how in (("plain", {}), ("deep", {"depth_rate": 0.5, "rate": {"*.bias": 3.0}})):
        one = {"steps": 1, "optimiser": "sgd", "lr": 0.1, "schedule": "constant", "keep": "last"}
        run = trained(tmp_path / name, open_data(arrays()), Start(str(origin.folder), **how), **one)
        before, after = weights(origin), weights(run)
        moved[name] = {
            key: (after[key] - value).double() for key, value in before.items() if key.endswith(("weight", "bias"))
        }
    for key, step in moved["plain"].items():
        depth = {"0": 2, "1": 1, "3": 0}[key.split(".")[1]]
        factor = 0.5**depth * (3.0 if "bias" in key else 1.0)
        torch.testing.assert_close(moved["deep"][key], factor * step, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"thaw": {"9": 0.5}}, "start: thaw: nothing is called '9'"),
        ({"thaw": {"0": "150%"}}, "0 thaws can't be used\n  expected: between 0 and 1, or as 50%\n  got: 1.5"),
        ({"thaw": {"0": "half"}}, "thaw can't be used\n  expected: a mapping to a finite number\n  got: {'0': 'half'}"),
        ({"thaw": {"0": 0}}, "the share at which 0 thaws can't be used"),
        ({"thaw": {"network": 0.5}}, "nothing is left to train at the first step"),
        ({"tune": "body"}, "no way to tune is called so\n  expected: all, head, lora, dora, or {lora: {rank: 8}}"),
        ({"depth_rate": 1.5}, "start: depth_rate: can't be used\n  expected: above 0, at most 1\n  got: 1.5"),
        ({"l2_sp": -1}, "start: l2_sp: can't be used\n  expected: 0 or a positive number\n  got: -1"),
        ({"l2_sp": 1.0, "freeze": ["0", "1"], "map": {"3": ""}}, "start: l2_sp: nothing that was taken is trained"),
    ],
)  # fmt: skip
def test_what_cannot_be_done(tmp_path: Path, origin: Run, how: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        trained(tmp_path / "run", open_data(arrays()), Start(str(origin.folder), **how))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        ("qlora", "start: tune: no way to tune is called so"),
        ({"head": {"rank": 3}}, "start: tune: head: has no setting 'rank'\n  expected: nothing"),
        ({"lora": {"r": 3}}, "start: tune: lora: has no setting 'r'\n  expected: rank, alpha, paths"),
        ({"lora": {"rank": 0}}, "rank can't be used\n  expected: a positive whole number\n  got: 0"),
        ({"dora": {"alpha": -1}}, "start: tune: dora: alpha can't be used\n  expected: a positive number\n  got: -1"),
        ({"lora": {"paths": "0"}}, "paths can't be used\n  expected: a list of paths\n  got: '0'"),
        ({"lora": {"paths": ["9"]}}, "start: tune: nothing is called '9'"),
        ({"lora": {"rank": 5000}}, "no weight is larger than its adapter would be"),
    ],
)
def test_what_cannot_be_adapted(tmp_path: Path, origin: Run, tune: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        trained(tmp_path / "run", open_data(arrays()), Start(str(origin.folder), tune=tune))
    assert message in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_from_data_and_back() -> None:
    start = Start("r", {"a": "b"}, ["c"], {"d": 0.5}, tune="head", thaw={"c.1": "30%"}, depth_rate=0.9, l2_sp=0.01)
    assert start.thaw == {"c.1": 0.3}
    assert Start.from_dict(start.to_dict()) == start
