import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from torch import nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.data.batch import Batch
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.number import Number
from weftnet.data.kinds.vector import Vector
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks.regression.task import Regression


class Given(nn.Module):
    def forward(self, inputs, masks=None):
        return inputs["x"]


GIVEN = nn.ModuleDict({"network": Given()})


def batch(x, target):
    return Batch({"x": x}, {}, {} if target is None else {"y": target}, torch.arange(len(x)))


class FakeData:
    name = "houses"

    def __init__(self, target):
        self.target = target


def huber(e):
    return 0.5 * e * e if abs(e) <= 1 else abs(e) - 0.5


@pytest.mark.parametrize(("loss", "formula"), [("mse", lambda e: e * e), ("mae", abs), ("huber", huber)])
def test_loss_is_the_formula(loss, formula):
    y, t = torch.randn(9, 1, dtype=torch.float64) * 2, torch.randn(9, dtype=torch.float64)
    ((group, value),) = Regression(loss).losses(GIVEN, batch(y, t), torch.Generator())
    assert group == "network"
    expected = sum(formula(a - b) for a, b in zip(y[:, 0].tolist(), t.tolist(), strict=True)) / 9
    assert float(value) == pytest.approx(expected, abs=1e-12)


def test_metrics_are_in_the_targets_own_units():
    values = np.random.default_rng(0).normal(200, 35, 71)
    kind = Number().fit(values[:50])
    t = torch.from_numpy(kind.encode(values))
    y = t[:, None] + torch.randn(71, 1) * 0.4
    task = Regression.from_data(FakeData(kind))
    metrics = task.evaluate(GIVEN, [batch(*pair) for pair in zip(y.split(32), t.split(32), strict=True)])
    predicted = [answer["value"] for answer in task.answers(y)]
    assert metrics == {
        "rmse": pytest.approx(root_mean_squared_error(values, predicted), rel=1e-6),
        "mae": pytest.approx(mean_absolute_error(values, predicted), rel=1e-6),
        "r2": pytest.approx(r2_score(values, predicted), rel=1e-6),
    }


def test_r2_of_equal_targets_is_left_out():
    assert set(Regression().evaluate(GIVEN, [batch(torch.zeros(3, 1), torch.full((3,), 0.1))])) == {"rmse", "mae"}


def test_data_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match=r"houses: the target is of another kind(.|\n)*a category(.|\n)*classification"):
        Regression.from_data(FakeData(Category().fit(["a", "b"])))
    with pytest.raises(DataError, match="got: a vector"):
        Regression.from_data(FakeData(Vector().fit(np.ones((3, 2)))))
    with pytest.raises(DataError, match="have no target"):
        Regression.from_data(FakeData(None))
    with pytest.raises(DataError, match="no target"):
        next(Regression().losses(GIVEN, batch(torch.zeros(2, 1), None), torch.Generator()))


def test_bad_settings_are_refused():
    with pytest.raises(SettingError, match="no loss is called 'rmse'\n  fix: did you mean 'mse'"):
        Regression("rmse")
    with pytest.raises(SettingError, match="scale is out of range"):
        Regression(scale=0.0)


@pytest.mark.parametrize(
    ("gives", "last", "head"),
    [
        ("vector:64", "relu", [Block("dense", {"dim": 1})]),
        ("vector:1", "dense", []),
        ("series:7x64", "gru", [Block("global_average_pool1d"), Block("dense", {"dim": 1})]),
        ("image:8x5x4", "relu", [Block("global_average_pool2d"), Block("dense", {"dim": 1})]),
    ],
)
def test_head(gives, last, head):
    assert list(Regression().head("network", parse(gives), last)) == head


def test_softmax_is_refused():
    with pytest.raises(ArchitectureError, match=r"add up to 1.*remove the softmax"):
        Regression().head("network", parse("vector:4"), "softmax")
