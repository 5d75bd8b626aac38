"""Metrics of classes where some don't occur: as in scikit-learn they count where they were predicted, and are left out
where they were not."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, jaccard_score, recall_score

from weftnet.metrics._metric import Metric
from weftnet.metrics.balanced_accuracy import BalancedAccuracy
from weftnet.metrics.macro_f1 import MacroF1
from weftnet.metrics.mean_iou import MeanIou

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12)


def of(metric: Metric, answers: list[int], target: list[int], classes: int) -> float:
    metric.update(torch.nn.functional.one_hot(torch.tensor(answers), classes).double(), torch.tensor(target))
    return float(metric.compute())


@settings(deadline=None, max_examples=20)
@given(PAIRS)
def test_absent_classes_count_as_in_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    answers, target = ([pair[side] for pair in pairs] for side in (0, 1))
    how = {"average": "macro", "zero_division": 0.0}
    assert of(MacroF1(), answers, target, 6) == pytest.approx(f1_score(target, answers, **how))
    assert of(MeanIou(), answers, target, 6) == pytest.approx(jaccard_score(target, answers, **how))
    occurring = recall_score(target, answers, labels=sorted(set(target)), **how)
    assert of(BalancedAccuracy(), answers, target, 6) == pytest.approx(occurring)


def test_a_class_that_nobody_mentions_is_left_out() -> None:
    assert of(MacroF1(), [0, 0, 1], [0, 1, 1], 3) == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_a_class_that_is_only_predicted_counts_as_zero() -> None:
    assert of(MacroF1(), [0, 2, 1], [0, 1, 1], 3) == pytest.approx((1 + 2 / 3 + 0) / 3)
