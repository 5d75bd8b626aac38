"""Macro F1 where a class doesn't occur: it counts where it was predicted, and is left out where it was not."""

import pytest
import torch

from weftnet.metrics.macro_f1 import MacroF1


def f1(answers: list[int], target: list[int], classes: int) -> float:
    metric = MacroF1()
    metric.update(torch.nn.functional.one_hot(torch.tensor(answers), classes).double(), torch.tensor(target))
    return float(metric.compute())


def test_a_class_that_nobody_mentions_is_left_out() -> None:
    assert f1([0, 0, 1], [0, 1, 1], 3) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert f1([0, 0, 1], [0, 1, 1], 3) == f1([0, 0, 1], [0, 1, 1], 2)


def test_a_class_that_is_only_predicted_counts_as_zero() -> None:
    assert f1([0, 2, 1], [0, 1, 1], 3) == pytest.approx((1 + 2 / 3 + 0) / 3)
