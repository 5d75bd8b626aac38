"""Every way to fine-tune on a network of every family: what moves, merging, resuming to the bit without its start."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from quick import some

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.data import Data, open_data
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Listener, Recipe, Start, fit, loop, resume

STEPS = 10
SETTINGS: dict[str, Any] = {
    "steps": STEPS, "batch_size": 12, "evaluate_every": "2 steps", "checkpoint_every": 0.0, "plan": "eager", "lr": 0.02,
}  # fmt: skip
LAYER = {"transformer_encoder_layer": {"heads": 2, "dropout": 0.1}}
INNER = [{"conv2d": {"channels": 12, "kernel": 3, "groups": 2}}, "relu", {"dropout": {"rate": 0.2}}]
CODER = {
    "encoder": [{"conv2d": {"channels": 8, "kernel": 3}}, "relu", "flatten"],
    "decoder": [
        {"dense": {"dim": 64}}, {"reshape": {"shape": [4, 4, 4]}}, "relu",
        {"transposed_conv2d": {"channels": 4, "kernel": 4, "stride": 2, "padding": 1}},
    ],
}  # fmt: skip
#: task, data, network, and a node that can thaw
NETS: dict[str, tuple[str, str, Any, str]] = {
    "dense": ("classification", "images", [
        "flatten", {"dense": {"dim": 24}}, "batch_norm", "relu", {"dense": {"dim": 20}},
    ], "1"),
    "convolution": ("classification", "images", [
        {"conv2d": {"channels": 12, "kernel": 3}}, "batch_norm2d", "relu", {"residual": {"body": INNER}},
        {"separable_conv2d": {"channels": 16, "kernel": 3}}, "global_average_pool2d",
    ], "0"),
    "recurrent": ("classification", "texts", [
        {"embedding": {"dim": 12}}, {"lstm": {"dim": 10}}, {"gru": {"dim": 9}}, "last_step",
    ], "1"),
    "Transformer": ("classification", "texts", [
        {"embedding": {"dim": 12}}, "sinusoidal_positions", {"repeat": {"times": 2, "body": LAYER}},
        "global_average_pool1d",
    ], "2"),
    "autoencoder": ("variational_autoencoder", "pictures", {"parts": CODER}, "encoder"),
}  # fmt: skip
#: rank 2, so that adapters are smaller than these small weights
WAYS: dict[str, dict[str, Any]] = {
    "head": {"tune": "head"},
    "thaw": {"tune": "head"},
    "lora": {"tune": {"lora": {"rank": 2}}},
    "dora": {"tune": {"dora": {"rank": 2, "alpha": 3}}},
    "lora and more": {"tune": {"lora": {"rank": 2}}, "l2_sp": 0.1, "depth_rate": 0.7},
    "pulled": {"l2_sp": 0.1, "depth_rate": 0.7},
}


def data_of(kind: str, seed: int) -> Data:
    """Few rows of three classes; of other values with another seed."""
    draw = np.random.default_rng(seed)
    y = np.arange(60) % 3
    if kind == "texts":
        words = ["red green blue", "one two three four", "cat dog"]
        rows = [
            " ".join(draw.permutation((words[k] + " and the").split())) + " ." * int(draw.integers(1, 5)) for k in y
        ]
        return open_data(
            {"text": np.array(rows), "y": np.array([f"c{k}" for k in y])}, target="y", kinds={"text": "text"}
        )
    x = draw.normal(size=(60, 8, 8)).astype(np.float32)
    x += y[:, None, None]
    if kind == "pictures":
        return open_data({"x": (np.clip(x + 1, 0, 3) * 80).astype(np.uint8)})
    return open_data({"x": x, "y": np.array([f"c{k}" for k in y])})


def trained(folder: Path, family: str, data: Data, start: Start | None = None, **more: Any) -> Run:
    name, _, net, _ = NETS[family]
    task = TASKS.get(name).from_data(data)
    listeners = more.pop("listeners", ())
    recipe = Recipe.for_task(task, **{**SETTINGS, **more})
    architecture = from_dict(net if isinstance(net, dict) else {"chain": net})
    return fit(architecture, task, data, recipe, folder, start=start, listeners=listeners, device="cpu")


def weights(run: Run) -> dict[str, torch.Tensor]:
    return tensors.load(run.folder / "weights.safetensors")


@pytest.fixture(scope="module", params=NETS)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Run, Data]:
    kind = NETS[request.param][1]
    origin = trained(tmp_path_factory.mktemp("origin") / "first", request.param, data_of(kind, 0), steps=4)
    fitted = origin.json("data.json")["preprocessing"]["columns"]
    assert fitted
    return request.param, origin, data_of(kind, 0)


class Stop(Listener):
    """Ctrl-C after some evaluation."""

    def __init__(self, at: int) -> None:
        self.at = at

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == self.at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
@pytest.mark.parametrize("way", some(WAYS, "lora and more"))
def test_tuned_and_resumed(tmp_path: Path, family: tuple[str, Run, Data], way: str) -> None:
    name, origin, data = family
    parent = shutil.copytree(origin.folder, tmp_path / "parent")
    how = {**WAYS[way], "thaw": {NETS[name][3]: 0.55}} if way == "thaw" else WAYS[way]
    start, more = Start(str(parent), **how), {"ema": 0.8} if way == "lora" else {}
    last: dict[str, Any] = {}

    class Spied(loop.State):
        def saved(self) -> Any:
            last["model"] = self.model
            return super().saved()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "State", Spied)
        whole = trained(tmp_path / "whole", name, data, start, keep="last", **more)
    before, after = weights(origin), weights(whole)
    assert before.keys() == after.keys()
    facts = whole.facts.start
    assert facts is not None
    same = {key for key in before if torch.equal(before[key], after[key])}
    in_head = {key for key in before if any(key.startswith(f"{node}.") for node in facts.head)}
    assert in_head
    assert not in_head & same
    adapt = facts.adapt
    if way == "head":
        assert same == before.keys() - in_head
    elif adapt is not None:
        assert adapt.weights
        moved = in_head | {*adapt.weights, *adapt.whole}
        assert moved | same == before.keys()
        assert not moved & same
        unmerged = last["model"]
        ours = load(whole)
        batch = next(data.batches("validation", 5))
        with torch.no_grad():
            torch.manual_seed(0)
            part = next(iter(unmerged))
            pair = [model.eval()[part](batch.inputs, batch.masks) for model in (unmerged, ours.model)]
        torch.testing.assert_close(*pair, rtol=0, atol=1e-5)
    elif way == "thaw":
        assert same
        assert before.keys() - same > in_head
    else:
        assert {key for key in same if key.endswith("weight")} == set()
    for at in (2, 8):
        stopped = trained(tmp_path / f"run{at}", name, data, start, keep="last", listeners=[Stop(at)], **more)
        assert stopped.status == "stopped"
        parent.rename(tmp_path / "away")
        again = resume(stopped.folder, data, device="cpu")
        (tmp_path / "away").rename(parent)
        got = weights(again)
        assert all(torch.equal(value, got[key]) for key, value in after.items()), at
        assert again.facts.start == facts


def test_the_smaller_ones_are_trained_themselves(tmp_path: Path) -> None:
    data = data_of("images", 0)
    origin = trained(tmp_path / "first", "convolution", data, steps=1)
    run = trained(tmp_path / "run", "convolution", data, Start(str(origin.folder), tune="lora"), steps=1)
    assert run.facts.start is not None
    adapt = run.facts.start.adapt
    assert adapt is not None
    assert (adapt.rank, adapt.alpha, adapt.paths) == (8, 16.0, ())
    assert adapt.weights == ("network.3.body.0.conv.weight",)
    own = {"network.0.conv.weight", "network.4.depthwise.weight", "network.4.pointwise.weight"}
    assert set(adapt.whole) == own
    assert any(line.startswith("trained itself, as an adapter would be no smaller: ") for line in run.facts.start.lines)


@pytest.mark.parametrize("plan", [{"channels_last": True, "pool_first": True}, {"dense_by_onednn": True, "threads": 1}])
@pytest.mark.parametrize("name", ["convolution", "Transformer"])
def test_adapters_under_a_plan(tmp_path: Path, name: str, plan: dict[str, Any]) -> None:
    data, how = data_of(NETS[name][1], 0), {"keep": "last", "lr": 1e-3}
    origin = trained(tmp_path / "first", name, data, steps=2)
    start = Start(str(origin.folder), tune={"lora": {"rank": 2}})
    eager = trained(tmp_path / "eager", name, data, start, **how)
    planned = trained(tmp_path / "planned", name, data, start, **how, plan=plan)
    before, want = weights(origin), weights(eager)
    for key, value in weights(planned).items():
        torch.testing.assert_close(value, want[key], rtol=1e-2, atol=1e-3)
        assert torch.equal(value, before[key]) == torch.equal(want[key], before[key])
