import numpy as np
import pytest
from scipy import stats

from weftnet.base.intervals import interval, student


@pytest.mark.parametrize("freedom", [*range(1, 32), 60, 500])
def test_quantiles_are_students(freedom: int) -> None:
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=2e-4)


def test_interval_is_scipys() -> None:
    values = np.random.default_rng(0).normal(0.9, 0.01, 7)
    ours = interval(list(values))
    low, high = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
    assert (ours.mean - ours.half, ours.mean + ours.half) == pytest.approx((low, high), abs=1e-5)
    assert (ours.n, ours.low, ours.high) == (7, values.min(), values.max())


def test_one_value_has_no_spread() -> None:
    assert interval([0.5]).half is None
    assert interval([0.5]).text(100) == "50.00"
    assert interval([0.5, 0.7]).text(100, 1) == "60.0 ± 127.1"
