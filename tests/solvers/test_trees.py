"""Forests and boosted trees in a network give what scikit-learn's give, also for values that are a threshold."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn import ensemble

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.compose import build
from weftnet.data import Data, open_data
from weftnet.errors import MissingExtra, SettingError
from weftnet.solvers import SOLVERS, baselines, gradient_boosting
from weftnet.solvers._trees import Tree, _not_above, write
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._propose.candidate import nodes_of
from weftnet.tasks._task import Task

DRAW = np.random.default_rng(1)
#: whole numbers meet thresholds, others come near them
X = np.c_[DRAW.integers(0, 6, (300, 2)), DRAW.normal(size=(300, 2)).astype(np.float32)]
SCORE = X[:, 0] - 2 * (X[:, 1] > 3) + X[:, 2] * X[:, 3]
TARGETS: dict[str, tuple[str, list[str]]] = {
    "two": ("classification", ["yes" if s > 1 else "no" for s in SCORE]),
    "three": ("classification", [("low", "mid", "high")[int(s > 0) + int(s > 3)] for s in SCORE]),
    "amount": ("regression", [str(s) for s in SCORE]),
    "labels": ("multilabel", [";".join(["a"] * (s > 0) + ["b"] * (s > 2) + ["c"] * (s < 1)) for s in SCORE.tolist()]),
}


def setting(folder: Path, target: str, network: dict[str, Any]) -> tuple[Any, Task, Data]:
    name, values = TARGETS[target]
    path = folder / "table.csv"
    lines = ["p,q,r,s,y", *(",".join([*map(str, row), value]) for row, value in zip(X, values, strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    kinds = dict.fromkeys("pqrs", "number") | ({"y": "labels"} if name == "multilabel" else {})
    data = open_data(str(path), target="y", kinds=kinds)
    task = TASKS.get(name).from_data(data)
    complete = assemble(from_dict({"chain": [network]}), task, data.signals)
    return build(complete.architecture, complete.inputs, seed=0), task, data


def split(data: Data, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    (batch,) = data.batches(name, 1000)
    return next(iter(batch.inputs.values())).numpy(), batch.target.numpy()


def outputs(model: Any, x: NDArray[Any]) -> NDArray[Any]:
    with torch.no_grad():
        given: NDArray[Any] = model["network"].eval()({"table": torch.from_numpy(x)}, {}).double().numpy()
    return given


SIZES: dict[str, Any] = {"trees": 12, "leaves": 20, "depth": 6}


@pytest.mark.parametrize("target", ["two", "three"])
def test_a_forest_of_classes(target: str, tmp_path: Path) -> None:
    dim = len(set(TARGETS[target][1]))
    model, task, data = setting(tmp_path, target, {"tree_ensemble": {"dim": dim, "gives": "log", **SIZES}})
    SOLVERS.get("random_forest")(model, task, data, 5)
    oracle = ensemble.RandomForestClassifier(12, max_leaf_nodes=20, max_depth=6, max_samples=1.0, random_state=5)
    oracle.fit(*split(data, "train"))
    for name in ("train", "test"):
        x, _ = split(data, name)
        got = torch.softmax(torch.from_numpy(outputs(model, x)), 1).numpy()
        assert np.abs(got - oracle.predict_proba(x)).max() < 4e-6


def test_a_forest_of_numbers(tmp_path: Path) -> None:
    model, task, data = setting(tmp_path, "amount", {"tree_ensemble": {"dim": 1, **SIZES}})
    SOLVERS.get("random_forest")(model, task, data, 5)
    x, y = split(data, "train")
    oracle = ensemble.RandomForestRegressor(12, max_leaf_nodes=20, max_depth=6, max_samples=1.0, random_state=5)
    oracle.fit(x, y.flatten())
    for name in ("train", "test"):
        assert np.abs(outputs(model, split(data, name)[0])[:, 0] - oracle.predict(split(data, name)[0])).max() < 1e-6


@pytest.mark.parametrize(("target", "trees"), [("two", 30), ("three", 90), ("amount", 30)])
def test_boosted_trees(target: str, trees: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_boosting, "_rounds", lambda make, settings, inputs, column: settings["max_iter"])
    dim = 1 if target == "amount" else len(set(TARGETS[target][1]))
    sizes = {"dim": dim, "trees": trees, "leaves": 8, "depth": 4}
    model, task, data = setting(tmp_path, target, {"tree_ensemble": sizes})
    SOLVERS.get("gradient_boosting")(model, task, data, 5)
    options = {"max_iter": 30, "max_leaf_nodes": 8, "max_depth": 4, "early_stopping": False, "random_state": 5}
    x, y = split(data, "train")
    number = target == "amount"
    oracle = (ensemble.HistGradientBoostingRegressor if number else ensemble.HistGradientBoostingClassifier)(**options)
    oracle.fit(x, y.flatten())
    for name in ("train", "test"):
        x, _ = split(data, name)
        got = outputs(model, x)
        if number:
            assert np.abs(got[:, 0] - oracle.predict(x)).max() < 2e-6
        else:
            assert np.abs(torch.softmax(torch.from_numpy(got), 1).numpy() - oracle.predict_proba(x)).max() < 1e-6


@pytest.mark.parametrize("numbers", [True, False])
def test_of_few_rows_as_many_rounds_as_rows_set_aside_want(numbers: bool) -> None:
    """Where the target is mostly noise few are wanted, and they answer other rows better than many."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 4))
    y = x[:, 0] + 2 * rng.normal(size=600)
    y = y if numbers else (y > 0).astype(int)
    make = ensemble.HistGradientBoostingRegressor if numbers else ensemble.HistGradientBoostingClassifier
    options = {"max_iter": 60, "max_leaf_nodes": 8, "early_stopping": False, "random_state": 5}
    rounds = gradient_boosting._rounds(make, options, x[:200], y[:200])
    assert 1 <= rounds < 40

    def loss(count: int) -> float:
        model = make(**{**options, "max_iter": count}).fit(x[:200], y[:200])
        if numbers:
            return float(np.square(model.predict(x[200:]) - y[200:]).mean())
        return float(-np.log(model.predict_proba(x[200:])[np.arange(400), y[200:]]).mean())

    assert loss(rounds) < loss(60)
    alone = np.zeros(200) if numbers else np.eye(200, dtype=int)[0]  # nothing to learn, or one row of a class
    assert gradient_boosting._rounds(make, options, x[:200], alone) == 60


@pytest.mark.parametrize(("solver", "gives"), [("random_forest", "logit"), ("gradient_boosting", "sum")])
def test_each_of_several_labels(solver: str, gives: str, tmp_path: Path) -> None:
    sizes = {"dim": 3, "gives": gives, **SIZES, "trees": 60}
    model, task, data = setting(tmp_path, "labels", {"tree_ensemble": sizes})
    SOLVERS.get(solver)(model, task, data, 0)
    x, y = split(data, "test")
    assert ((outputs(model, x) > 0) == y.astype(bool)).mean() > 0.85


def test_thresholds_in_float32_divide_as_those_in_float64() -> None:
    near = np.float32(0.1)
    values = np.array([np.nextafter(near, np.float32(0)), near, np.nextafter(near, np.float32(1))])
    for threshold in (0.1, float(near), np.nextafter(float(near), 0), np.nextafter(float(near), 1), np.inf):
        (narrow,) = _not_above(np.array([threshold]))
        assert ((values.astype(float) <= threshold) == (values <= narrow)).all()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    model, task, data = setting(tmp_path, "amount", {"tree_ensemble": {"dim": 1, "trees": 1, "leaves": 1, "depth": 1}})
    (block,) = (module for module in model.modules() if hasattr(module, "threshold"))
    one = Tree(np.zeros(3, int), np.zeros(3), np.array([1, -1, -1]), np.array([2, -1, -1]), np.zeros((3, 1)))
    with pytest.raises(SettingError, match="don't fit"):
        write(block, [one])
    model, task, data = setting(tmp_path, "amount", {"dense": {"dim": 4}})
    with pytest.raises(SettingError, match="one tree_ensemble"):
        SOLVERS.get("random_forest")(model, task, data, 0)


def test_without_scikit_learn_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, task, data = setting(tmp_path, "amount", {"tree_ensemble": {"dim": 1, **SIZES}})

    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name=name.partition(".")[0])

    monkeypatch.setattr("weftnet.base.extras.import_module", missing)
    with pytest.raises(MissingExtra, match=r"weftnet\[trees\]"):
        SOLVERS.get("gradient_boosting")(model, task, data, 0)


@pytest.mark.parametrize(("classes", "leaves"), [(3, 512), (32, 256), (256, 32), (257, None)])
def test_leaves_of_a_proposed_forest(classes: int, leaves: int | None) -> None:
    """All trees' leaves hold 8192 values at most; a forest of fewer than 32 leaves is not proposed."""
    signals = {"table": parse("vector:4")}
    task = TASKS.get("classification")(labels=[str(number) for number in range(classes)])
    proposed = [each for each in baselines(signals, task) if each.name == "random_forest"]
    found = [node.settings for each in proposed for node in nodes_of(each) if isinstance(node, Block)]
    assert [each["leaves"] for each in found] == ([] if leaves is None else [leaves])
    assert all(each["trees"] == ensemble.RandomForestClassifier().n_estimators for each in found)
