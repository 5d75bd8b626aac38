"""When two models count as equal: |y − ŷ| ≤ 1e−5 + 1e−4 · max |y|."""

import numpy as np
import pytest
import torch

from weftnet.architecture.signal import parse
from weftnet.data.batch import Batch
from weftnet.export.parity import arguments_of, compare, random_inputs


@pytest.mark.parametrize("size", [0.0, 1.0, 1000.0])
def test_the_tolerance_is_as_documented(size: float) -> None:
    y = np.array([[size, 0.0]])
    allowed = 1e-5 + 1e-4 * size
    inputs = {"x": np.zeros((1, 3))}
    for factor, close in ((0.99, True), (1.01, False)):
        compared = compare(inputs, [y], [y + np.array([[0.0, factor * allowed]])])
        assert compared.allowed == pytest.approx(allowed)
        assert compared.difference == pytest.approx(factor * allowed)
        assert compared.close is close


@pytest.mark.parametrize("got", [np.array([[np.nan]]), np.array([[1.0, 1.0]]), np.array([[np.inf]])])
def test_what_is_no_number_or_of_another_shape_is_never_equal(got: np.ndarray) -> None:
    assert not compare({"x": np.zeros((1, 3))}, [np.array([[1.0]])], [got]).close


@pytest.mark.parametrize(("size", "few"), [(1000, 2), (5000, 5)])
def test_few_truths_may_differ(size: int, few: int) -> None:
    numbers, decided = np.ones((2, 3), np.float32), np.zeros((1, size), bool)
    other = decided.copy()
    other[0, :few] = True
    assert compare({}, [numbers, decided], [numbers, other]).close
    other[0, few] = True
    assert not compare({}, [numbers, decided], [numbers, other]).close
    assert not compare({}, [numbers, decided], [numbers, decided[:, :9]]).close
    assert not compare({}, [numbers, decided | True], [numbers, decided.astype(np.float32)]).close


def test_a_batch_is_passed_by_the_names_of_inputs_and_their_masks() -> None:
    x, mask, y = torch.randn(2, 3, 4), torch.tensor([[True, True, False], [True, False, False]]), torch.randn(2, 5)
    got = arguments_of(Batch({"x": x, "y": y}, {"x": mask}, {}, torch.arange(2)))
    assert sorted(got) == ["x", "x_mask", "y"]
    assert all(np.array_equal(got[name], want) for name, want in {"x": x, "x_mask": mask, "y": y}.items())


def test_random_lengths_reach_from_one_step_to_all() -> None:
    signals = {"x": parse("series:3x2,padded")}
    given = [values for seed in range(9) for values in random_inputs(signals, {"x": True}, seed)]
    full = [values["x_mask"].sum(1) for values in given if values["x"].shape[1] == 3]
    assert {*np.concatenate(full).tolist()} == {1, 2, 3}
    assert all(values["x_mask"].shape == values["x"].shape[:2] for values in given)
    assert {values["x"].shape[1] for values in given} == {2, 3}  # never one step alone


def test_random_tokens_are_the_whole_vocabulary() -> None:
    signals = {"x": parse("tokens:9,vocabulary=4")}
    given = [values["x"] for seed in range(3) for values in random_inputs(signals, {"x": False}, seed)]
    assert {*np.concatenate([tokens.flatten() for tokens in given]).tolist()} == {0, 1, 2, 3}
