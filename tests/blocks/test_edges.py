"""Edges of bins: quantiles where no value is common, and edges in the other values where one is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.blocks._edges import edges_of


def test_of_values_that_all_differ_they_are_the_quantiles() -> None:
    values = np.random.default_rng(0).normal(size=200)
    assert edges_of(values, 7) == pytest.approx(np.quantile(values, np.arange(8) / 7))


def test_a_column_of_zeros_has_its_edges_in_the_other_values() -> None:
    others = np.random.default_rng(0).uniform(1, 2, 100)
    edges = edges_of(np.concatenate([np.zeros(900), others]), 8)
    assert edges == pytest.approx([0, *np.quantile(others, np.arange(8) / 7)])


def test_two_common_values_are_both_edges() -> None:
    others = np.linspace(-1, 3, 50)[1:-1]
    edges = edges_of(np.concatenate([np.zeros(500), np.full(400, 1.5), others]), 6)
    assert edges == pytest.approx(np.unique([0, 1.5, *np.quantile(others, np.arange(5) / 4)]))


@pytest.mark.parametrize("values", [[3.0], [1, 0, 1, 1], [5, 4, 4, 4, 3, 3]])
def test_few_distinct_values_are_all_edges(values: list[float]) -> None:
    assert edges_of(np.array(values), 2) == sorted(set(values))


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=60), st.integers(1, 6))
def test_they_span_the_values_and_no_bin_between_two_is_repeated(values: list[int], bins: int) -> None:
    edges = edges_of(np.array(values), bins)
    assert edges == sorted(set(edges))
    assert len(edges) <= bins + 1
    assert (edges[0], edges[-1]) == (min(values), max(values))
