"""Whether a difference could be chance: distributions against scipy, how often one is claimed that isn't."""

import numpy as np
import pytest
from comparing import NETWORKS, claimed, claimed_among

from weftnet.base.significance import LEAST, crossed, holm, quantile, tail

scipy = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 19, 40])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.7, 4.2, 30.0])
def test_the_tail_is_scipys(freedom: int, t: float) -> None:
    assert tail(t, freedom) == pytest.approx(2 * scipy.t.sf(t, freedom), abs=1e-12)
    assert tail(-t, freedom) == tail(t, freedom)


@pytest.mark.parametrize("freedom", [1, 2, 9, 30, 31, 499])
@pytest.mark.parametrize("p", [0.5, 0.05, 0.001])
def test_the_quantile_is_scipys(p: float, freedom: int) -> None:
    assert quantile(p, freedom) == pytest.approx(scipy.t.isf(p / 2, freedom), rel=1e-3)


def test_one_seed_or_one_example_says_nothing() -> None:
    assert crossed(np.ones((50, 1))) is None
    assert crossed(np.ones((1, 5))) is None


def test_no_difference_is_no_difference() -> None:
    tested = crossed(np.zeros((50, 3)))
    assert tested is not None
    assert (tested.mean, tested.half, tested.clear) == (0.0, 0.0, False)
    assert tested.p == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("better", "worse"), [(1, 0), (3, 0), (5, 0), (6, 0), (7, 1), (9, 1), (8, 2), (15, 5), (30, 15)]
)
def test_seeds_that_agree_leave_mcnemars_exact_test(better: int, worse: int) -> None:
    """Where no seed differs from another, what counts are the examples on which the networks disagree."""
    column = np.zeros(400)
    column[:better], column[-worse or len(column) :] = 1.0, -1.0
    tested = crossed(np.repeat(column[:, None], 3, axis=1))
    assert tested is not None
    exact = scipy.binomtest(better, better + worse, 0.5).pvalue
    assert tested.clear == (exact < 0.05)
    assert tested.clear == (tested.p < 0.05)


def test_many_examples_leave_students_test_over_seeds() -> None:
    draw = np.random.default_rng(1)
    leads = draw.normal(0.3, 1.0, 6)
    tested = crossed(np.repeat(leads[None], 5000, axis=0) + 1e-6 * draw.normal(size=(5000, 1)))
    assert tested is not None
    assert tested.p == pytest.approx(scipy.ttest_1samp(leads, 0.0).pvalue, rel=0.05)


def test_a_clear_difference_has_a_small_p() -> None:
    tested = crossed(np.ones((300, 4)))
    assert tested is not None
    assert tested.clear
    assert LEAST <= tested.p < 1e-6


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize(("rows", "seeds"), [(50, 3), (200, 2), (1000, 5)])
def test_differences_that_are_none_are_rarely_claimed(network: str, rows: int, seeds: int) -> None:
    """At most 5 %, and four standard errors of 250 repetitions; a real one of enough rows is seen."""
    none = claimed(NETWORKS[network], rows, seeds, lead=0.0, repetitions=250)
    assert none[0] == 0  # one seed can't tell
    assert max(none) <= 0.05 + 4 * (0.05 * 0.95 / 250) ** 0.5
    if rows == 1000 and network not in ("wavering", "guessing"):
        assert claimed(NETWORKS[network], rows, seeds, lead=0.05, repetitions=60)[-1] > 0.9


def test_the_luckiest_of_many_is_rarely_called_better() -> None:
    """Of six equal architectures, picked by a validation split: at most 5 %, and four standard errors of 120."""
    for share in claimed_among(NETWORKS["wavering"], rows=500, seeds=5, count=6, repetitions=120):
        assert share <= 0.05 + 4 * (0.05 * 0.95 / 120) ** 0.5


def test_holm() -> None:
    """Of five hypotheses, two of which nobody asked about."""
    assert holm([0.02, 0.001, 0.015], 5) == pytest.approx([0.06, 0.005, 0.06])
    assert holm([0.3, 0.4], 2) == pytest.approx([0.6, 0.6])
    assert holm([0.9], 3) == [1.0]
    assert holm([], 0) == []
