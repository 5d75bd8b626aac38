"""Robust scaling against scikit-learn's, and its clipping against the formula."""

import numpy as np
import pytest
import torch
from oracles import exports, gradients_match, normal, same
from sklearn.preprocessing import RobustScaler

from weftnet.blocks.normalisation.robust_scale import RobustScale


def table(count=300):
    """Normal values, a heavy tail, a column of which most are zero, a constant one."""
    random = np.random.default_rng(0)
    rare = np.where(random.random(count) < 0.1, random.uniform(1, 4, count), 0)
    columns = [random.normal(3, 5, count), random.standard_cauchy(count), rare, np.full(count, 7.0)]
    return torch.from_numpy(np.stack(columns, 1))


def test_it_is_scikit_learn_s_scaling_clipped():
    x, block = table(), RobustScale(4).double()
    block.learn(x)
    scaled = torch.from_numpy(RobustScaler().fit_transform(x.numpy()))
    scaled[:, 2] = 2 * x[:, 2] / x[:, 2].max()  # its quartiles are equal
    scaled[:, 3] = 0
    same(block(x), scaled / (1 + (scaled / 3).square()).sqrt())
    assert block(1e9 * x).abs().max() <= 3 + 1e-9


def test_before_it_has_learnt_it_only_clips():
    block = RobustScale(5).double()
    gradients_match(block, lambda x: x / (1 + x.square() / 9).sqrt(), [3 * normal(4, 5)])
    exports(block, normal(4, 5))
    assert not [*block.parameters()]


def test_a_vector_has_values():
    with pytest.raises(ValueError, match="robust_scale: dim: expected a positive integer, got 0"):
        RobustScale(0)
