"""What a person may write as a loss: names, settings, sums, one for each output, functions."""

import json
from typing import Any

import pytest
import torch
from torch import Tensor

from weftnet.errors import SettingError
from weftnet.losses import LOSSES
from weftnet.losses._objective import as_json, objective

Y = {"mask": torch.randn(2, 3, 4, 4), "depth": torch.randn(2, 5)}
T = {"mask": torch.randint(3, (2, 4, 4)), "depth": torch.randn(2, 5)}


def loss(name: str, output: str, **settings: Any) -> Tensor:
    return LOSSES.get(name)(Y[output], T[output], **settings)


def tilted(outputs: Tensor, target: Tensor) -> Tensor:
    return (outputs - target).clamp_min(0).mean()


def of_both(outputs: Any, target: Any, mask: Any = None) -> Tensor:
    return outputs["depth"].mean() * outputs["mask"].mean() + target["depth"].sum()


def test_a_sum_with_weights() -> None:
    got = objective(["cross_entropy", {"dice": {"weight": 0.5, "smooth": 2.0}}])(Y["mask"], T["mask"])
    assert torch.equal(got, loss("cross_entropy", "mask") + 0.5 * loss("dice", "mask", smooth=2.0))


def test_one_for_each_output() -> None:
    got = objective({"mask": [{"focal": {"gamma": 1.0}}, "dice"], "depth": {"huber": {"weight": 3}}})(Y, T)
    want = loss("focal", "mask", gamma=1.0) + loss("dice", "mask") + 3.0 * loss("huber", "depth")
    assert torch.equal(got, want)


def test_masks_by_name_where_there_are_any() -> None:
    counts = torch.rand(2, 4, 4) < 0.5
    got = objective({"mask": "cross_entropy", "depth": "mse"})(Y, T, {"mask": counts})
    assert torch.equal(got, loss("cross_entropy", "mask", mask=counts) + loss("mse", "depth"))


def test_a_lone_value_by_name_is_passed_bare() -> None:
    assert torch.equal(objective("mse")({"depth": Y["depth"]}, {"y": T["depth"]}, {}), loss("mse", "depth"))


def test_functions() -> None:
    assert torch.equal(objective(tilted)(Y["depth"], T["depth"]), tilted(Y["depth"], T["depth"]))
    assert torch.equal(
        objective({"depth": [tilted, "mse"]})(Y, T), tilted(Y["depth"], T["depth"]) + loss("mse", "depth")
    )
    assert torch.equal(objective(of_both)(Y, T), of_both(Y, T))
    assert torch.equal(objective(torch.nn.L1Loss())(Y["depth"], T["depth"]), loss("mae", "depth"))


def test_a_run_keeps_the_name_of_a_function_and_cannot_call_it() -> None:
    kept = json.loads(json.dumps(as_json({"depth": [tilted, {"mse": {"weight": 2}}]})))
    name = f"{tilted.__module__}.tilted"
    assert kept == {"depth": [{"function": name}, {"mse": {"weight": 2}}]}
    with pytest.raises(
        SettingError, match=r"was trained with the function .*tilted, which a run doesn't hold"
    ) as caught:
        objective(kept)(Y, T)
    with pytest.raises(SettingError, match="which a run doesn't hold"):
        objective(kept).require()
    assert "pass it again" in caught.value.fix


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("crossentropy", "loss: no loss is called 'crossentropy'\n  fix: did you mean 'cross_entropy'"),
        ({"crossentropy": {"weight": 1}}, "no loss is called 'crossentropy'"),
        ({"huber": {"detla": 1.0}}, "loss: huber: huber has no setting 'detla'\n  fix: did you mean 'delta'"),
        ({"huber": {"delta": "1"}}, "delta can't be used\n  expected: a finite number\n  got: '1'"),
        ({"dice": {"weight": 0}}, "weight can't be used\n  expected: a positive number\n  got: 0"),
        ({"depth": {"mask": "mse"}}, "no loss is called 'depth'"),
        ([], "is no loss"),
        (3, "is no loss"),
        ({"depth": 3}, "loss: depth: is no loss"),
    ],
)
def test_what_is_no_loss(spec: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        objective(spec)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "values", "message"),
    [
        ("mse", (Y, T, None), "reads one output, and there are several\n  got: mask, depth"),
        ({"edge": "mse"}, (Y, T, None), "there is no output called 'edge'"),
        (
            {"edge": "mse"},
            (Y["depth"], T["depth"], None),
            "there is no output called 'edge'\n  got: one output without",
        ),
        (tilted, (Y["depth"], T["depth"], torch.ones(2, dtype=torch.bool)), "the function takes no mask"),
        (lambda y, t: y, (Y["depth"], T["depth"], None), "a loss is one number\n  expected: a tensor of shape ()"),
    ],
)
def test_what_does_not_fit(spec: Any, values: Any, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        objective(spec)(*values)
    assert message in str(caught.value)
