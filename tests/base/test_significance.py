import random

import pytest

from weftnet.base.significance import paired, tail

scipy = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 19, 40])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.7, 4.2, 30.0])
def test_the_tail_is_scipys(freedom: int, t: float) -> None:
    assert tail(t, freedom) == pytest.approx(2 * scipy.t.sf(t, freedom), abs=1e-12)
    assert tail(-t, freedom) == tail(t, freedom)


def test_a_paired_test_is_scipys() -> None:
    draw = random.Random(3)
    one, two = ([draw.gauss(mean, 1) for _ in range(6)] for mean in (0.4, 0.0))
    expected = scipy.ttest_rel(one, two).pvalue
    assert paired([a - b for a, b in zip(one, two, strict=True)]) == pytest.approx(expected)


def test_differences_without_spread() -> None:
    assert paired([0.1]) is None
    assert paired([0.0, 0.0]) == 1.0
    assert paired([0.3, 0.3, 0.3]) == 0.0
