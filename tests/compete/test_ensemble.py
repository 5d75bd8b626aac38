"""An ensemble answers with the weighted mean of its members' outputs, and is chosen as a plain greedy search would."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from weights import shaken

from weftnet.architecture.reading import from_dict, read_text
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import to_yaml
from weftnet.compete import ensemble
from weftnet.compete.members import names, together, weights_of
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

NETWORKS = (
    [{"dense": {"dim": 6}}, "relu", {"residual": [{"dense": {"dim": 6}}]}, {"dense": {"dim": 3}}],
    {"dense": {"dim": 3}},
    {"graph": {
        "inputs": ["vector"],
        "nodes": {
            "a": {"from": "vector", "chain": [{"dense": {"dim": 4}, "name": "first"}, "gelu"]},
            "b": {"from": "a", "repeat": {"times": 2, "body": {"dense": {"dim": 4}}}},
            "c": {"from": "b", "shared": {"node": "a.first", "transposed": True}},
            "d": {"from": ["c", "vector"], "merge": "add", "dense": {"dim": 3}},
        },
        "outputs": ["d"],
    }},
    [{"dense": {"dim": 5}, "name": "in"}, {"shared": {"node": "in", "transposed": True}}, {"dense": {"dim": 3}}],
)  # fmt: skip


def test_the_network_is_the_weighted_mean_of_its_members() -> None:
    inputs = {"network": {"vector": parse("vector:5")}}
    architectures = [from_dict({**(each if isinstance(each, dict) else {"chain": each})}) for each in NETWORKS]
    models = [build(each, inputs, seed).double() for seed, each in enumerate(architectures)]
    for model in models:
        shaken(model)
    weights = [0.4, 0.3, 0.2, 0.1]
    architecture = together(architectures, weights, ["vector"])
    assert read_text(to_yaml(architecture)) == (architecture, [])
    whole = build(architecture, inputs).double()
    whole.load_state_dict(weights_of(models, architectures, ["vector"]))
    x = torch.randn(7, 5, dtype=torch.float64)
    expected = sum(weight * model["network"](x) for weight, model in zip(weights, models, strict=True))
    torch.testing.assert_close(whole["network"](x), expected)


def test_inputs_may_have_any_name() -> None:
    signals = {"member0": parse("vector:2"), "mean": parse("vector:3")}
    node = {"graph": {
        "inputs": ["member0", "mean"],
        "nodes": {"both": {"from": ["member0", "mean"], "merge": "concat", "dense": {"dim": 2}}},
        "outputs": ["both"],
    }}  # fmt: skip
    architectures, inputs = [from_dict(node)] * 2, ["member0", "mean"]
    assert not set(names(2, inputs)) & set(inputs)
    models = [build(each, {"network": signals}, seed) for seed, each in enumerate(architectures)]
    whole = build(together(architectures, [0.5, 0.5], inputs), {"network": signals})
    whole.load_state_dict(weights_of(models, architectures, inputs))
    values = {"member0": torch.randn(4, 2), "mean": torch.randn(4, 3)}
    expected = sum(model["network"](values) for model in models) / 2
    torch.testing.assert_close(whole["network"](values), expected)


def test_several_parts_can_be_no_member() -> None:
    with pytest.raises(RunError, match="don't answer alone"):
        together([from_dict({"parts": {"a": ["relu"], "b": ["relu"]}})], [1.0], ["vector"])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Three networks for three classes, each trained for a few steps from other weights."""
    folder = tmp_path_factory.mktemp("ensemble")
    draw = np.random.default_rng(0)
    x = draw.normal(size=(240, 4)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(int) + (x[:, 2] + x[:, 3] > 0.5)
    np.savez(folder / "data.npz", x=x, y=y)
    data = open_data(folder / "data.npz")
    task = TASKS.get("classification").from_data(data)
    chains = [[{"dense": {"dim": 8}}, "tanh"]] * 3
    made = []
    for seed, chain in enumerate(chains):
        recipe = Recipe(steps=12, lr=0.03, batch_size=32, plan="eager", seed=seed)
        made.append(fit(from_dict({"chain": chain}), task, data, recipe, folder / f"run{seed}", device="cpu"))
    return made


def test_chosen_as_a_plain_greedy_search_would(runs: list[Run]) -> None:
    data = open_data(runs[0].folder.parent / "data.npz")
    counts = ensemble.members(runs, data)
    (batch,) = data.batches("validation", 99)
    logits, classes = [load(run).outputs(batch).double().numpy() for run in runs], batch.target.numpy()  # type: ignore[union-attr]

    def loss(chosen: list[int]) -> float:
        z = np.mean([logits[number] for number in chosen], axis=0)
        z = z - z.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), classes]))

    chosen: list[int] = []
    sets = []
    for _ in range(ensemble.ROUNDS):
        chosen.append(min(range(len(runs)), key=lambda number: loss([*chosen, number])))
        sets.append(list(chosen))
    best = min(sets, key=loss)
    assert counts == {str(runs[number].folder): best.count(number) for number in set(best)}
    assert len(counts) > 1
    assert len(ensemble.members(runs, data, most=1)) == 1


def test_it_is_a_run_that_answers_with_the_mean(runs: list[Run], tmp_path: Path) -> None:
    data = open_data(runs[0].folder.parent / "data.npz")
    run = ensemble.write({str(runs[0].folder): 3, str(runs[2].folder): 1}, data, tmp_path / "both")
    assert run.status == "finished"
    assert [(each.name, each.weight) for each in run.facts.members] == [("run0", 0.75), ("run2", 0.25)]
    batch = next(iter(data.batches("test", 50)))
    first, second = (load(runs[number]).outputs(batch) for number in (0, 2))
    torch.testing.assert_close(load(run).outputs(batch), 0.75 * first + 0.25 * second)  # type: ignore[operator]
    assert run.facts.scores is not None
    assert set(run.facts.scores) == {"validation", "test"}
    assert not [path for path in tmp_path.iterdir() if path.name != "both"]


def test_other_data_or_another_task_are_refused(runs: list[Run], tmp_path: Path) -> None:
    data = open_data(runs[0].folder.parent / "data.npz")
    other = tmp_path / "other"
    other.mkdir()
    for path in runs[1].folder.iterdir():
        if path.is_file():
            (other / path.name).write_bytes(path.read_bytes())
    document = json.loads((other / "run.json").read_text())
    document["data"]["fingerprint"] = "0" * 64
    (other / "run.json").write_text(json.dumps(document))
    with pytest.raises(RunError, match="has another data than run0"):
        ensemble.members([runs[0], Run.open(other)], data)
    document["data"]["fingerprint"], document["task"]["settings"]["labels"] = data.fingerprint, ["0", "1", "3"]
    (other / "run.json").write_text(json.dumps(document))
    with pytest.raises(RunError, match="has another task than run0"):
        ensemble.write({str(runs[0].folder): 1, str(other): 1}, data, tmp_path / "new")
    assert not (tmp_path / "new").exists()
