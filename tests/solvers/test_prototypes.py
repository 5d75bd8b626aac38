"""Prototypes beside scikit-learn's nearest centroid and a loop of the formulas."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.neighbors import NearestCentroid
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.compose import build
from weftnet.data import Data, open_data
from weftnet.errors import SettingError
from weftnet.solvers.prototypes import joined, layer, means, prototypes, temperature
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Numbers in three classes of unequal sizes."""
    draw = np.random.default_rng(5)
    label = np.repeat(["red", "green", "blue"], [70, 50, 30])
    centre = {"red": [0.0, 1, 0, 2], "green": [1.0, 0, 0, -1], "blue": [0.0, 0, 2, 0]}
    x = np.array([centre[each] for each in label]) + draw.normal(size=(150, 4))
    rows = ["a,b,c,d,label"] + [",".join([*map(str, each), name]) for each, name in zip(x, label, strict=True)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def setting(path: Path, task: str, target: str) -> tuple[nn.ModuleDict, Task, Data]:
    data = open_data(str(path), target=target)
    made = TASKS.get(task).from_data(data)
    complete = assemble(from_dict({"chain": ["flatten"]}), made, data.signals)
    return build(complete.architecture, complete.inputs, seed=0), made, data


def test_the_answer_is_the_nearest_centroid(table: Path) -> None:
    model, task, data = setting(table, "classification", "label")
    prototypes(model, task, data, 0)
    (batch,) = data.batches("train", 10_000)
    x, y = next(iter(batch.inputs.values())).flatten(1).double().numpy(), batch.target.numpy()
    weight, bias = (each.detach().double().numpy() for each in model.parameters())
    oracle = NearestCentroid().fit(x, y)
    assert ((x @ weight.T + bias).argmax(1) == oracle.predict(x)).all()
    tau = -(weight**2).sum(1) / (4 * bias)
    assert np.allclose(tau, tau[0], rtol=1e-4)
    distances = ((x[:, None] - oracle.centroids_) ** 2).sum(2)
    logits = x @ weight.T + bias
    assert np.allclose(logits - logits[:, :1], -tau[0] * (distances - distances[:, :1]), atol=1e-3)


def loss_without_one_each(f: np.ndarray, y: np.ndarray, tau: float) -> float:
    """The cross-entropy of the docstring, every mean over examples computed by leaving each of them out in turn."""
    classes = range(y.max() + 1)
    judged = [i for i in range(len(f)) if (y == y[i]).sum() > 1]
    total = 0.0
    for i in judged:
        d = np.empty(len(classes))
        for k in classes:
            rows = [j for j in range(len(f)) if y[j] == k]
            if k == y[i]:
                d[k] = ((f[i] - f[[j for j in rows if j != i]].mean(0)) ** 2).sum()
            elif len(rows) == 1:
                d[k] = ((f[i] - f[rows[0]]) ** 2).sum()
            else:
                lacking = [f[[j for j in rows if j != out]].mean(0) for out in rows]
                d[k] = np.mean([((f[i] - each) ** 2).sum() for each in lacking])
        log_p = -tau * d - np.logaddexp.reduce(-tau * d)
        t = np.full(len(classes), 1 / (len(judged) + len(classes)))
        t[y[i]] *= len(judged) + 1
        total -= t @ log_p
    return total


@pytest.mark.parametrize("sizes", [(4, 3, 6), (1, 5, 2), (2, 2)])
def test_the_temperature_minimises_what_is_left_out_by_hand(sizes: tuple[int, ...]) -> None:
    draw = np.random.default_rng(sum(sizes))
    y = np.repeat(range(len(sizes)), sizes)
    f = draw.normal(size=(len(y), 3)) * 0.7 + 2 * np.eye(3)[y]
    features, classes = torch.from_numpy(f), torch.from_numpy(y)
    found = temperature(features, classes, means(features, classes, len(sizes)))
    best = minimize_scalar(lambda log: loss_without_one_each(f, y, np.exp(log)), bounds=(-6, 6), method="bounded",
                           options={"xatol": 1e-7})  # fmt: skip
    assert found == pytest.approx(np.exp(best.x), rel=1e-3)


def test_one_example_a_class_is_nine_tenths_sure_of_itself() -> None:
    features = torch.tensor([[0.0, 0], [3, 0]], dtype=torch.float64)
    tau = temperature(features, torch.tensor([0, 1]), features)
    weight, bias = layer(features, tau)
    assert (features @ weight.T + bias).softmax(1).diagonal().tolist() == pytest.approx([0.9, 0.9])


def test_equal_prototypes_are_refused() -> None:
    features = torch.ones(4, 2, dtype=torch.float64)
    with pytest.raises(SettingError, match="don't tell the classes apart"):
        temperature(features, torch.tensor([0, 0, 1, 1]), features[:2])


def test_a_joined_class_is_what_solving_with_it_would_give() -> None:
    """All means by hand, with the temperature of the first classes."""
    draw = torch.Generator().manual_seed(1)
    y = torch.tensor([0, 1, 2, 3, 1, 0, 2, 3, 3])
    f = torch.randn(9, 5, generator=draw, dtype=torch.float64)
    all_means = means(f, y, 4)
    old = layer(all_means[:2], 0.7)
    new = y > 1
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        got = joined(old[0].to(dtype), old[1].to(dtype), f[new], y[new] - 2)
        for mine, expected in zip(got, layer(all_means, 0.7), strict=True):
            assert mine.dtype == dtype
            assert torch.allclose(mine.double(), expected, atol=tolerance)


def test_a_layer_that_was_trained_holds_no_prototypes() -> None:
    with pytest.raises(SettingError, match="holds no prototypes"):
        joined(torch.randn(3, 4), torch.randn(3), torch.randn(2, 4), torch.tensor([0, 0]))


def test_amounts_have_no_prototypes(table: Path) -> None:
    model, task, data = setting(table, "regression", "a")
    with pytest.raises(SettingError, match="prototypes are of classes"):
        prototypes(model, task, data, 0)


def test_every_pair_of_classes_is_told_apart_by_the_middle() -> None:
    """A point between two prototypes is as likely of one as of the other, whatever their lengths."""
    centres = torch.tensor([[0.0, 4], [5, 1], [-2, -2]], dtype=torch.float64)
    weight, bias = layer(centres, 1.3)
    for a, b in product(range(3), range(3)):
        logits = (centres[a] + centres[b]) / 2 @ weight.T + bias
        assert logits[a] == pytest.approx(logits[b])
