"""Solved weights against scikit-learn's and NumPy's, and what a solver refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.preprocessing import StandardScaler
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.compose import build
from weftnet.data import Data, open_data
from weftnet.data.outputs import chosen
from weftnet.errors import SettingError
from weftnet.solvers import SOLVERS, baselines
from weftnet.solvers._problem import problem
from weftnet.solvers.ridge import least_squares
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Numbers of different scales, a class, an amount."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(240, 4)) * [1, 10, 0.1, 3] + [0, 5, 0, -2]
    logits = x @ draw.normal(size=(4, 3)) / [1, 1, 1]
    label = np.array(["red", "green", "blue"])[(logits + draw.gumbel(size=logits.shape) * 4).argmax(1)]
    amount = x @ [1.0, 0.2, 5, 0] + draw.normal(size=240)
    rows = ["a,b,c,d,label,amount"]
    rows += [",".join([*map(str, each), label[i], str(amount[i])]) for i, each in enumerate(x)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def setting(path: str | Path, task: str, network: Any, **options: Any) -> tuple[nn.ModuleDict, Task, Data]:
    data = open_data(str(path), **options)
    made = TASKS.get(task).from_data(data)
    complete = assemble(from_dict({"chain": network}), made, data.signals)
    return build(complete.architecture, complete.inputs, seed=0), made, data


def whole(data: Data) -> tuple[NDArray[Any], NDArray[Any]]:
    """Inputs and targets of the training split."""
    (batch,) = data.batches("train", 10_000)
    return next(iter(batch.inputs.values())).flatten(1).double().numpy(), batch.target.numpy()


def weights(model: nn.ModuleDict) -> tuple[NDArray[Any], NDArray[Any]]:
    weight, bias = list(model.parameters())[-2:]
    return weight.detach().double().flatten(1).numpy(), bias.detach().double().numpy()


def test_logistic_is_scikit_learns(table: Path) -> None:
    model, task, data = setting(table, "classification", ["flatten"], target="label")
    SOLVERS.get("logistic")(model, task, data, 0, penalty=0.01)
    x, y = whole(data)
    oracle = LogisticRegression(C=1 / (0.01 * len(x)), tol=1e-8, max_iter=2000).fit(
        StandardScaler().fit_transform(x), y
    )
    weight, bias = weights(model)
    logits = x @ weight.T + bias
    expected = oracle.decision_function(StandardScaler().fit_transform(x))
    assert np.allclose(logits - logits.mean(1, keepdims=True), expected - expected.mean(1, keepdims=True), atol=1e-3)


def test_ridge_is_scikit_learns(table: Path) -> None:
    model, task, data = setting(table, "regression", ["flatten"], target="amount")
    SOLVERS.get("ridge")(model, task, data, 0)
    x, y = whole(data)
    scaled = StandardScaler().fit_transform(x)
    oracle = RidgeCV([10.0**p * len(x) for p in range(-6, 3)]).fit(scaled, y.flatten())
    weight, bias = weights(model)
    assert np.allclose(x @ weight[0] + bias, oracle.predict(scaled), atol=0.05)


@pytest.mark.parametrize(("rows", "features"), [(30, 7), (7, 30), (12, 12)])
def test_least_squares_solve_the_normal_equations(rows: int, features: int) -> None:
    u, t = torch.randn(rows, features, dtype=torch.float64), torch.randn(rows, 2, dtype=torch.float64)
    u, t = u - u.mean(0), t - t.mean(0)
    w = least_squares(u, t, 0.3)
    expected = torch.linalg.solve(u.T @ u + 0.3 * rows * torch.eye(features, dtype=torch.float64), u.T @ t).T
    assert torch.allclose(w, expected, atol=1e-10)


def test_the_penalty_is_that_of_the_least_gcv() -> None:
    """Against the definition, by the hat matrix."""
    torch.manual_seed(4)
    u = torch.randn(25, 20, dtype=torch.float64)
    u, t = u - u.mean(0), torch.randn(25, 1, dtype=torch.float64)
    t = t - t.mean(0)

    def gcv(penalty: float) -> float:
        hat = u @ torch.linalg.solve(u.T @ u + penalty * 25 * torch.eye(20, dtype=torch.float64), u.T)
        return float((t - hat @ t).square().sum() / (1 - (hat.trace() + 1) / 25) ** 2)

    best = min([10.0**power for power in range(-6, 3)], key=gcv)
    assert torch.allclose(least_squares(u, t), least_squares(u, t, best))


def test_the_constant_is_the_share_and_the_mean(table: Path) -> None:
    model, task, data = setting(table, "classification", [{"dropout": {"rate": 0.0}}], target="label")
    SOLVERS.get("constant")(model, task, data, 0)
    _, y = whole(data)
    weight, bias = weights(model)
    assert not weight.any()
    assert np.allclose(np.exp(bias), (np.bincount(y) + 1) / (len(y) + 3))
    model, task, data = setting(table, "regression", [{"dropout": {"rate": 0.0}}], target="amount")
    SOLVERS.get("constant")(model, task, data, 0)
    assert np.allclose(weights(model)[1], whole(data)[1].mean(), atol=1e-6)


def test_the_constant_of_labels_is_their_odds(tmp_path: Path) -> None:
    rows = ["x,tags", *(f"{n},{'a;' * (n % 3 > 0)}b{';c' * (n == 7)}" for n in range(60))]
    (tmp_path / "tags.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    path = tmp_path / "tags.csv"
    model, task, data = setting(
        path, "multilabel", [{"dropout": {"rate": 0.0}}], target="tags", kinds={"tags": "labels"}
    )
    SOLVERS.get("constant")(model, task, data, 0)
    _, y = whole(data)
    having = y.sum(0)
    assert np.allclose(weights(model)[1], np.log((having + 1) / (len(y) - having + 1)), atol=1e-6)


def series(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    steps = np.arange(300)
    one = np.sin(steps / 5) + 0.1 * draw.normal(size=300)
    two = np.cos(steps / 9) + 0.1 * draw.normal(size=300)
    path = tmp_path / "series.csv"
    rows = ["one,two", *(f"{a},{b}" for a, b in zip(one, two, strict=True))]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_what_follows_the_layer_may_reorder_and_add(tmp_path: Path) -> None:
    """A forecast's head maps along time by a convolution that all channels share; the residual adds the window."""
    body = {"residual": {"dropout": {"rate": 0.0}}}
    model, task, data = setting(series(tmp_path), "forecasting", [body], horizon=5, context=12)
    posed = problem(model, task, data)
    (batch,) = data.batches("train", 10_000)
    x = 2 * next(iter(batch.inputs.values()))
    assert torch.allclose(posed.inputs, x.mT.reshape(-1, 12))
    assert torch.allclose(posed.targets, batch.target.mT.reshape(-1, 5), atol=1e-6)
    SOLVERS.get("ridge")(model, task, data, 0, penalty=1e-12)
    design = np.c_[posed.inputs.double().numpy(), np.ones(len(posed.inputs))]
    expected = design @ np.linalg.lstsq(design, posed.targets.double().numpy(), rcond=None)[0]
    with torch.no_grad():
        got = chosen(task.infer(model.eval(), batch))
    assert np.allclose(got.mT.reshape(-1, 5).numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("last", ["tanh", {"scale": {"factor": 2.0}}])
def test_what_follows_the_layer_may_not_change_it(last: Any, table: Path) -> None:
    network = ["flatten", {"dense": {"dim": 1}}, last]
    data = open_data(str(table), target="amount")
    task = TASKS.get("regression").from_data(data)

    class Headless(type(task)):  # type: ignore[misc]
        def head(self, *_: Any) -> tuple[()]:
            return ()

    own = Headless(**task.settings())
    complete = assemble(from_dict({"chain": network}), own, data.signals)
    model = build(complete.architecture, complete.inputs, seed=0)
    with pytest.raises(SettingError, match=r"the last one with weights change its output|end in a layer"):
        SOLVERS.get("ridge")(model, own, data, 0)


def test_a_solver_names_what_it_expects(table: Path) -> None:
    model, task, data = setting(table, "classification", ["flatten"], target="label")
    with pytest.raises(SettingError, match="outputs that are means"):
        SOLVERS.get("ridge")(model, task, data, 0)
    model, task, data = setting(
        table, "classification", ["flatten", {"dense": {"dim": 3, "bias": False}}], target="label"
    )
    with pytest.raises(SettingError, match="with a bias"):
        SOLVERS.get("logistic")(model, task, data, 0)
    model, task, data = setting(table, "regression", ["flatten"], target="amount")
    with pytest.raises(SettingError, match="solves for logits"):
        SOLVERS.get("logistic")(model, task, data, 0)


def test_every_task_with_a_link_has_baselines(table: Path) -> None:
    data = open_data(str(table), target="label")
    names = [candidate.name for candidate in baselines(data.signals, TASKS.get("classification").from_data(data))]
    assert {"constant", "logistic", "logistic_bins"} <= set(names)
    assert len(set(names)) == len(names)
    task = TASKS.get("gan").from_data(open_data("digits"))
    assert baselines(data.signals, task) == []


def test_series_with_weights_of_their_own_are_problems_of_their_own(tmp_path: Path) -> None:
    network = [{"along_time": {"steps": 5, "own": True}}, {"reshape": {"shape": [5, 2]}}]
    model, task, data = setting(series(tmp_path), "forecasting", network, horizon=5, context=12)
    SOLVERS.get("ridge")(model, task, data, 0, penalty=1e-12)
    (batch,) = data.batches("train", 10_000)
    x = next(iter(batch.inputs.values())).double().numpy()
    with torch.no_grad():
        got = chosen(task.infer(model.eval(), batch))
    for k in range(2):
        design = np.c_[x[..., k], np.ones(len(x))]
        expected = design @ np.linalg.lstsq(design, batch.target[..., k].double().numpy(), rcond=None)[0]
        assert np.allclose(got[..., k].numpy(), expected, atol=1e-4)
    with pytest.raises(SettingError, match="weights of its own for every feature"):
        SOLVERS.get("constant")(model, task, data, 0)
