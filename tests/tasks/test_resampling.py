"""Intervals over examples against SciPy and against what is known of the mean of noise."""

import math

import numpy as np
import pytest
from scipy import stats

from weftnet.tasks._resampling import bootstrap_weights, bootstrapped_mean, middle, wilson


@pytest.mark.parametrize(("right", "n"), [(0, 5), (5, 5), (17, 40), (1, 1), (960, 1000)])
def test_wilsons_interval(right: int, n: int) -> None:
    wanted = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson(right, n) == pytest.approx((wanted.low, wanted.high), abs=1e-6)


def test_blocks_of_one_are_the_usual_bootstrap() -> None:
    values = np.random.default_rng(3).normal(2, 1, 300) ** 2
    wanted = stats.bootstrap(
        (values,), np.mean, method="percentile", rng=np.random.default_rng(1), n_resamples=2000
    ).confidence_interval
    assert bootstrapped_mean(values) == pytest.approx((wanted.low, wanted.high), rel=0.02)
    counts = [float(weights @ values / len(values)) for weights in bootstrap_weights(len(values), 1000)]
    assert middle(counts) == pytest.approx((wanted.low, wanted.high), rel=0.02)


def test_weights_are_how_often_each_was_drawn() -> None:
    for weights in bootstrap_weights(31, 5, seed=2):
        assert weights.sum() == 31
        assert set(weights) <= set(range(32))


def test_longer_blocks_see_that_neighbours_are_alike() -> None:
    """Means of m neighbours of white noise: the mean's standard error is that of the noise, which blocks of m find."""
    noise, m = np.random.default_rng(0).normal(size=4019), 20
    values = np.convolve(noise, np.ones(m), "valid")
    narrow, wide = bootstrapped_mean(values, 1), bootstrapped_mean(values, 4 * m)
    assert narrow is not None
    assert wide is not None
    expected = 2 * 1.96 * m / math.sqrt(len(values))
    assert wide[1] - wide[0] == pytest.approx(expected, rel=0.2)
    assert narrow[1] - narrow[0] < 0.4 * expected
    assert bootstrapped_mean(values[:39], 20) is None
    assert bootstrapped_mean(np.full(50, 3.0), 7) == pytest.approx((3.0, 3.0))
