"""Splits are disjoint, complete, fair and reproducible."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, train_test_split

from weftnet.data.order import mix, permutation
from weftnet.data.splits import SPLITS, split
from weftnet.errors import DataError, SettingError

CLASSES = np.random.default_rng(0).choice(list("abcd"), 501, p=[0.6, 0.25, 0.1, 0.05])


def whole(splits: dict[str, np.ndarray], count: int) -> None:
    assert sorted(np.concatenate([splits[name] for name in SPLITS]).tolist()) == list(range(count))
    for name in SPLITS:
        assert (np.diff(splits[name]) > 0).all()


@given(st.integers(3, 400), st.integers(0, 5), st.booleans(), st.tuples(st.floats(0.05, 0.4), st.floats(0.05, 0.4)))
@settings(max_examples=60, deadline=None)
def test_parts_make_up_the_rows(count: int, seed: int, fair: bool, shares: tuple[float, float]) -> None:
    classes = np.arange(count) % 2 if fair and count >= 6 else None
    wanted = {"train": 1 - sum(shares), "validation": shares[0], "test": shares[1]}
    splits = split(count, wanted, seed, classes=classes, own={})
    whole(splits, count)
    assert all(len(rows) for rows in splits.values())
    again = split(count, wanted, seed, classes=classes, own={})
    assert all(np.array_equal(splits[name], again[name]) for name in SPLITS)


def test_another_seed_cuts_otherwise() -> None:
    first, second = (split(100, None, seed, own={})["test"] for seed in (0, 1))
    assert not np.array_equal(first, second)
    assert len(first) == 15


def test_stratified_shares_are_sklearns() -> None:
    splits = split(len(CLASSES), None, 0, classes=CLASSES, own={})
    whole(splits, len(CLASSES))
    _, test = train_test_split(CLASSES, test_size=0.15, stratify=CLASSES, random_state=0)
    counts, oracle = Counter(CLASSES[splits["test"]]), Counter(test)
    assert all(abs(counts[label] - oracle[label]) <= 1 for label in "abcd")
    assert min(counts.values()) >= 1


@pytest.mark.parametrize("by", ["stratified", "random"])
def test_folds(by: str) -> None:
    seen = []
    for fold in range(7):
        splits = split(501, {"folds": 7, "fold": fold, "by": by}, 3, classes=CLASSES, own={})
        whole(splits, 501)
        seen += splits["test"].tolist()
        assert len(splits["test"]) in (71, 72)
        assert len(splits["validation"]) == pytest.approx(43, abs=2)
        if by == "stratified":
            oracle = [Counter(CLASSES[test]) for _, test in StratifiedKFold(7).split(np.zeros((501, 1)), CLASSES)]
            counts = Counter(CLASSES[splits["test"]])
            assert all(abs(counts[label] - oracle[0][label]) <= 1 for label in "abcd")
    assert sorted(seen) == list(range(501))


def test_splits_of_the_source() -> None:
    own = {"train": np.arange(80), "test": np.arange(80, 100)}
    splits = split(100, None, 0, classes=np.arange(100) % 2, own=own)
    whole(splits, 100)
    assert splits["test"].tolist() == list(range(80, 100))
    assert Counter((splits["validation"] % 2).tolist()) == {0: 4, 1: 4}
    own["validation"] = np.arange(70, 80)
    own["train"] = np.arange(70)
    assert split(100, "given", 0, own=own)["validation"].tolist() == list(range(70, 80))
    whole(split(100, "random", 0, own=own), 100)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("stratfied", r"can't be split by 'stratfied'\n.*\n.*'stratified'"),
        ("given", "has no splits of its own"),
        ("stratified", "only a category"),
        ({"train": 0.5, "test": 0.2}, "add up to 1"),
        ({"train": 0.5, "val": 0.5}, "add up to 1"),
        ({"train": 1.5, "test": -0.5}, "add up to 1"),
        ({"train": "1"}, "add up to 1"),
        ({"folds": 5, "fold": 5}, "0 ≤ k < n"),
        ({"folds": 1}, "0 ≤ k < n"),
        ({"folds": 5, "flod": 1}, "0 ≤ k < n"),
    ],
)
def test_settings_that_make_no_sense(wanted: Any, text: str) -> None:
    with pytest.raises(SettingError, match=text):
        split(100, wanted, 0, own={})


def test_too_small() -> None:
    classes = np.array(["a"] * 20 + ["rare"] * 2)
    with pytest.raises(DataError, match=r"class 'rare' has 2 rows: too few for 3 splits\n.*at least 3\n.*random"):
        split(22, None, 0, classes=classes, own={})
    with pytest.raises(DataError, match="2 rows: too few for 5 folds"):
        split(22, {"folds": 5}, 0, classes=classes, own={})
    with pytest.raises(DataError, match="2 rows: too few for 3 splits"):
        split(2, None, 0, own={})
    whole(split(22, "random", 0, classes=classes, own={}), 22)


def test_orders_are_fixed_for_ever() -> None:
    """Written down once: a change of these numbers would silently change every resumed run."""
    assert permutation(8, "order", 0, 0).tolist() == permutation(8, "order", 0, 0).tolist()
    assert mix(0, 1) != mix(1, 0) != mix("01")
    assert sorted(permutation(1000, 5).tolist()) == list(range(1000))
    first = np.stack([permutation(6, "uniform", seed) for seed in range(3000)])
    for place in range(6):  # every row is as likely in every place: 500 ± 5 standard deviations
        assert abs(np.bincount(first[:, place]) - 500).max() < 105
