"""Weights of classes by how often they occur."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from weftnet.data import open_data
from weftnet.tasks import TASKS
from weftnet.tasks._class_weights import class_weights, counts_of


def test_balanced_is_scikit_learns() -> None:
    labels = np.random.default_rng(0).choice(4, 300, p=[0.7, 0.2, 0.07, 0.03])
    counts = counts_of([torch.from_numpy(labels[:100]), torch.from_numpy(labels[100:])], 4)
    expected = compute_class_weight("balanced", classes=np.arange(4), y=labels)
    assert class_weights(counts, "balanced") == pytest.approx(list(expected))


@pytest.mark.parametrize("how", ["balanced", "root"])
def test_the_mean_weight_of_an_example_is_one(how: str) -> None:
    counts = [900, 90, 0, 10]
    weights = class_weights(counts, how)
    assert sum(w * n for w, n in zip(weights, counts, strict=True)) == pytest.approx(1000)
    assert weights[2] == 1.0  # occurs nowhere
    assert weights[0] < weights[1] < weights[3]


def test_root_lies_between_balanced_and_none() -> None:
    """Weights of two classes are in the ratio of the roots of their counts."""
    rare, usual = class_weights([16, 400], "root")
    assert rare / usual == pytest.approx((400 / 16) ** 0.5)


def test_of_the_pixels_that_count() -> None:
    """Of the training masks alone; void pixels are no class."""
    masks = np.zeros((20, 8, 8), np.uint8)
    masks[:, :2] = 1
    masks[:, 7] = 255
    masks = np.stack([np.roll(mask, row, axis=0) for row, mask in enumerate(masks)])
    x = np.random.default_rng(1).integers(0, 255, (20, 8, 8, 3), np.uint8)
    data = open_data({"x": x, "y": masks}, target="y", kinds={"y": {"mask": {"classes": ["ground", "sky"]}}})
    task = TASKS.get("segmentation").from_data(data, class_weights="root")
    rare, usual = task.class_weights[1], task.class_weights[0]
    assert rare / usual == pytest.approx((40 / 16) ** 0.5)
    assert (16 * rare + 40 * usual) / 56 == pytest.approx(1)
