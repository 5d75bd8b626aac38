"""Scores as text by their unit, and compared by their direction."""

import pytest

from weftnet.base.intervals import interval
from weftnet.base.scores import Score, in_unit


def test_shares_are_printed_in_per_cent() -> None:
    assert in_unit(0.98704, "share") == "98.70 %"
    assert in_unit(interval([0.98, 0.99, 0.985]), "share") == "98.50 ± 1.24 %"


@pytest.mark.parametrize("unit", ["", "nats", "target"])
def test_everything_else_is_printed_as_it_is(unit: str) -> None:
    assert in_unit(1.43208, unit) == "1.4321"


def test_a_lead_is_positive_where_the_first_value_is_better() -> None:
    assert Score("accuracy", "max", "share").lead(0.9, 0.7) == pytest.approx(0.2)
    assert Score("rmse", "min", "target").lead(0.9, 0.7) == pytest.approx(-0.2)
