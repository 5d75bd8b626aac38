"""A training that starts from another run: what is taken, what is said, what doesn't move, and that it is resumed."""

import hashlib
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.data import Data, open_data
from weftnet.errors import RunError, SettingError
from weftnet.run.contents import contents
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._headless import headless
from weftnet.train import Listener, Recipe, Start, fit, loop, resume

BODY = {"chain": ["flatten", {"dense": {"dim": 12}}, "batch_norm", "relu", {"dropout": {"rate": 0.5}}]}
NET: dict[str, Any] = {"chain": [BODY, {"dense": {"dim": 6}}, "relu"]}
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


def data_of(classes: int = 4, seed: int = 0) -> Data:
    return open_data(arrays(classes, seed))


def trained(folder: Path, data: Data, start: Start | None = None, net: Any = NET, **more: Any) -> Run:
    listeners = more.pop("listeners", ())
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, **{**SETTINGS, **more})
    return fit(from_dict(net), task, data, recipe, folder, start=start, listeners=listeners, device="cpu")


def weights(run: Run) -> dict[str, torch.Tensor]:
    return tensors.load(run.folder / "weights.safetensors")


def lines(run: Run) -> str:
    assert run.facts.start is not None
    return "\n".join(run.facts.start.lines)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("origin") / "first", data_of())


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


@pytest.mark.parametrize("at", [0, 16])
def test_killed_and_resumed_without_the_run_it_started_from(tmp_path: Path, origin: Run, at: int) -> None:
    source = np.savez(tmp_path / "data.npz", **arrays(3, seed=5)) or tmp_path / "data.npz"
    parent = shutil.copytree(origin.folder, tmp_path / "parent")
    start = Start(str(parent), freeze=["0.1"], rate={"0.2": 0.1})
    whole = trained(tmp_path / "whole", open_data(source), start, ema=0.9)
    pid = os.fork()
    if not pid:
        trained(tmp_path / "run", open_data(source), start, ema=0.9, listeners=[Kill(at)])
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    shutil.rmtree(parent)
    run = resume(tmp_path / "run", device="cpu")
    assert run.status == "finished"
    want, got = weights(whole), weights(run)
    assert want.keys() == got.keys()
    assert all(torch.equal(tensor, got[name]) for name, tensor in want.items())
    assert run.facts.start == whole.facts.start


def test_the_same_task_takes_everything(tmp_path: Path, origin: Run) -> None:
    run = trained(tmp_path / "run", data_of(), Start(str(origin.folder)), steps=1, lr=1e-12, keep="last")
    before, after = weights(origin), weights(run)
    for name, tensor in before.items():
        if "running" not in name and "tracked" not in name:
            torch.testing.assert_close(after[name], tensor, rtol=0, atol=1e-9)
    assert run.facts.start is not None
    assert run.facts.start.lines[0] == f"starts from {origin.folder}: {len(before)} tensors taken"
    assert not [line for line in run.facts.start.lines if "new" in line or "behind" in line]


def test_other_classes_have_a_new_head_even_of_the_same_shape(tmp_path: Path, origin: Run) -> None:
    other = arrays()
    other["y"] = np.array([f"d{k[1:]}" for k in other["y"]])
    run = trained(tmp_path / "run", open_data(other), Start(str(origin.folder)), steps=1)
    assert run.facts.start is not None
    assert run.facts.start.new == ("network.3.linear.weight", "network.3.linear.bias")
    assert "the head is new, as the classes differ: 4 here, 4 there" in lines(run)


def test_what_does_not_match_is_listed(tmp_path: Path, origin: Run) -> None:
    net = {"chain": [BODY, {"dense": {"dim": 7}}, "relu", {"dense": {"dim": 9}}, "relu"]}
    run = trained(tmp_path / "run", data_of(3), Start(str(origin.folder)), net=net, steps=1)
    said = lines(run)
    assert (
        "of another shape, so new: network.1.linear.weight 7×12, there 6×12, network.1.linear.bias 7, there 6" in said
    )
    assert "new: network.5.linear.weight, network.5.linear.bias" in said
    assert "the head is new, as the classes differ: 3 here, 4 there" in said


def test_a_map_of_paths(tmp_path: Path, origin: Run) -> None:
    net = {"chain": ["flatten", {"chain": [{"dense": {"dim": 12}}, "batch_norm"]}, "relu"]}
    start = Start(str(origin.folder), map={"1.0": "0.1", "network.1.1": "network.0.2", "3": ""}, freeze=["1"])
    run = trained(tmp_path / "run", data_of(), start, net=net)
    before, after = weights(origin), weights(run)
    assert torch.equal(after["network.1.0.linear.weight"], before["network.0.1.linear.weight"])
    assert torch.equal(after["network.1.1.norm.running_mean"], before["network.0.2.norm.running_mean"])
    assert "new: network.3.linear.weight, network.3.linear.bias" in lines(run)
    assert "unexpected, so left behind: network.1.linear" in lines(run)


def test_what_is_frozen_does_not_move_and_has_no_optimiser_state(tmp_path: Path, origin: Run) -> None:
    states: list[tuple[list[str], int]] = []

    class Spied(loop.State):
        def saved(self) -> Any:
            frozen = [path for path, module in self.model.named_modules() if not module.training]
            states.append((frozen, len(self.parameters["network"])))
            return super().saved()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "State", Spied)
        run = trained(tmp_path / "run", data_of(3), Start(str(origin.folder), freeze=["0"]))
    before, after = weights(origin), weights(run)
    body = [name for name in before if name.startswith("network.0.")]
    assert len(body) == 7  # dense, and a norm with its statistics
    assert all(torch.equal(after[name], before[name]) for name in body)
    frozen, optimised = states[-1]
    assert "network.0.4" in frozen  # dropout
    assert all(path.startswith("network.0") for path in frozen)
    assert optimised == 4  # two dense layers
    assert not torch.equal(after["network.1.linear.weight"], before["network.1.linear.weight"])


def test_rates_multiply_a_step(tmp_path: Path, origin: Run) -> None:
    moved = {}
    for name, rate in (("plain", {}), ("slow", {"0": 0.25, "*.bias": 2.0})):
        start = Start(str(origin.folder), rate=rate)
        one = {"steps": 1, "optimiser": "sgd", "lr": 0.1, "schedule": "constant", "keep": "last"}
        run = trained(tmp_path / name, data_of(), start, **one)
        before, after = weights(origin), weights(run)
        moved[name] = {key: (after[key] - tensor).double() for key, tensor in before.items() if tensor.dim()}
    for key, step in moved["plain"].items():
        factor = 1.0 if "running" in key else 0.25 if key.startswith("network.0.") else 2.0 if "bias" in key else 1.0
        torch.testing.assert_close(moved["slow"][key], factor * step, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("optimiser", ["adamw", "muon", "momentum"])
def test_rates_hold_for_every_sort_of_optimiser(tmp_path: Path, origin: Run, optimiser: str) -> None:
    start = Start(str(origin.folder), rate={"0": 1e-9})
    run = trained(tmp_path / "run", data_of(), start, optimiser=optimiser, steps=6)
    before, after = weights(origin), weights(run)
    torch.testing.assert_close(
        after["network.0.1.linear.weight"], before["network.0.1.linear.weight"], rtol=0, atol=1e-6
    )
    assert (after["network.1.linear.weight"] - before["network.1.linear.weight"]).abs().max() > 1e-4


def test_ancestors_are_recorded_by_checksum(tmp_path: Path, origin: Run) -> None:
    child = trained(tmp_path / "child", data_of(3), Start(str(origin.folder)), steps=2)
    grandchild = trained(tmp_path / "grandchild", data_of(2), Start(str(child.folder)), steps=2)
    assert grandchild.facts.start is not None
    told = [(each.name, each.weights, each.data) for each in grandchild.facts.start.ancestors]
    assert told == [
        (run.folder.name, hashlib.sha256((run.folder / "weights.safetensors").read_bytes()).hexdigest(),
         run.facts.data.fingerprint)
        for run in (child, origin)
    ]  # fmt: skip
    assert Run.open(grandchild.folder).facts == grandchild.facts
    assert load(grandchild).model["network"] is not None


def test_inputs_are_prepared_as_there_and_it_is_said(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    first = {"a": draw.normal(5, 2, 60), "b": np.array(["x", "y", "z"] * 20), "y": np.array(["p", "q"] * 30)}
    second = {"a": draw.normal(0, 1, 60), "b": np.array(["x", "z"] * 30), "y": np.array(["r", "s", "t"] * 20)}
    net = {"chain": [{"dense": {"dim": 5}}, "relu"]}
    origin = trained(tmp_path / "first", open_data(first, target="y"), net=net)
    start = Start(str(origin.folder))
    kept = open_data(second, target="y", fitted=start.fitted())
    before, after = (each["preprocessing"] for each in (origin.json("data.json"), kept.state()))
    assert after["columns"] == before["columns"]
    assert after["target"] != before["target"]
    run = trained(tmp_path / "kept", kept, start, net=net, steps=2)
    assert "prepared as there: a, b" in lines(run)
    anew = trained(tmp_path / "anew", open_data({**second, "b": first["b"]}, target="y"), start, net=net, steps=2)
    assert "prepared otherwise than there, fitted on these data: a" in lines(anew)
    changed = open_data({**second, "b": draw.normal(size=60)}, target="y", fitted=start.fitted())
    assert "b: fitted anew: it was category, and is number here" in changed.notes


def test_characters_keep_their_numbers(tmp_path: Path) -> None:
    for name, text in (("a.txt", "abcd efgh. " * 60), ("b.txt", "hgfe dcba. " * 50)):
        (tmp_path / name).write_text(text)
    before = open_data(tmp_path / "a.txt", context=8)
    columns = before.state()["preprocessing"]["columns"]
    after = open_data(tmp_path / "b.txt", context=16, fitted=columns)
    characters = after.state()["preprocessing"]["columns"]["tokens"]
    assert {**characters, "context": 8} == columns["tokens"]


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"freeze": ["bodi"]}, "start: freeze: nothing is called 'bodi'"),
        ({"rate": {"9": 0.1}}, "start: rate: nothing is called '9'"),
        ({"rate": {"0": 0.0}}, "the rate of 0 can't be used\n  expected: a positive factor"),
        ({"map": {"9": "0"}}, "start: map: nothing here is called '9'"),
        ({"map": {"0": "9"}}, "start: map: nothing there is called '9'"),
        ({"map": {"0": 1}}, "map can't be used\n  expected: a mapping to text"),
    ],
)
def test_what_cannot_be_a_start(tmp_path: Path, origin: Run, start: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        trained(tmp_path / "run", data_of(), Start(str(origin.folder), **start))
    assert message in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_nothing_fits(tmp_path: Path, origin: Run) -> None:
    net = {"chain": ["flatten", {"dense": {"dim": 3}}, "relu"]}
    with pytest.raises(RunError, match="none of its weights fits") as caught:
        trained(tmp_path / "run", data_of(3), Start(str(origin.folder)), net=net)
    assert "of another shape, so new: network.1.linear" in caught.value.got
    assert caught.value.fix == "name the paths that belong together: --map here=there"
    assert not (tmp_path / "run").exists()


def test_shards_are_refused(tmp_path: Path, origin: Run) -> None:
    from weftnet.train.running import _prepare

    run = trained(tmp_path / "run", data_of(), Start(str(origin.folder), freeze=["0"]), steps=1)
    assert run.facts.start is not None
    with pytest.raises(SettingError, match="can't be sharded"):
        _prepare(load(run).model, run.facts.start, Recipe(), shard=True)


def test_from_data_and_back(origin: Run) -> None:
    start = Start(str(origin.folder), {"a": "b"}, ["c"], {"d": 0.5})
    assert Start.from_dict(start.to_dict()) == start
    with pytest.raises(SettingError, match="no field is called 'form'"):
        Start.from_dict({"form": "x"})
    with pytest.raises(SettingError, match="a start is from a run"):
        Start.from_dict({"freeze": ["x"]})


@pytest.mark.parametrize("net", [NET, BODY, {"residual": "relu"}], ids=["chain", "short", "residual"])
def test_without_its_head_an_architecture_is_assembled_to_itself(tmp_path: Path, net: Any) -> None:
    data = data_of()
    task = TASKS.get("classification").from_data(data)
    whole = assemble(from_dict(net), task, data.signals).architecture
    less = headless(whole, task, data.signals)
    assert less != whole
    assert assemble(less, task, data.signals).architecture == whole


def test_the_network_of_a_run_gets_another_head(tmp_path: Path, origin: Run) -> None:
    architecture, task, signals = contents(origin)
    data = data_of(3)
    fewer = TASKS.get("classification").from_data(data)
    run = fit(
        headless(architecture, task, signals), fewer, data, Recipe.for_task(fewer, **SETTINGS), tmp_path / "run",
        start=Start(str(origin.folder)), device="cpu",
    )  # fmt: skip
    assert weights(run)["network.3.linear.weight"].shape[0] == 3
