"""Grouped cuts keep groups whole, cuts by time the past before the future, both as near to the shares as can be."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold

from weftnet.data import open_data
from weftnet.data.grouped import fold_of_groups, split_groups
from weftnet.data.splits import SPLITS, split
from weftnet.errors import DataError, SettingError

RNG = np.random.default_rng(3)
SHARES = {"train": 0.6, "validation": 0.25, "test": 0.15}


def distance(splits: dict[str, np.ndarray], shares: dict[str, float], count: int) -> float:
    return sum(abs(len(splits[name]) - share * count) for name, share in shares.items())


@given(st.lists(st.integers(1, 12), min_size=3, max_size=12), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_groups_stay_whole_and_no_single_move_helps(sizes: list[int], seed: int) -> None:
    groups = np.repeat([f"g{number}" for number in range(len(sizes))], sizes)
    rows = RNG.permutation(len(groups))
    groups = groups[np.argsort(rows)]
    splits = split_groups(np.arange(len(groups)), groups, SHARES, seed)
    assert sorted(np.concatenate(list(splits.values())).tolist()) == list(range(len(groups)))
    homes = {name: set(groups[rows]) for name, rows in splits.items()}
    assert all(homes.values())
    assert sum(map(len, homes.values())) == len(sizes)
    now = distance(splits, SHARES, len(groups))
    for start, end in product(SHARES, SHARES):
        for group in homes[start] if start != end and len(homes[start]) > 1 else ():
            moved = groups == group
            other = {
                name: np.flatnonzero((np.isin(groups, list(homes[name])) & ~moved) | (moved if name == end else False))
                for name in SHARES
            }
            assert distance(other, SHARES, len(groups)) >= now - 1e-9
    again = split_groups(np.arange(len(groups)), groups, SHARES, seed)
    assert all(np.array_equal(splits[name], again[name]) for name in SHARES)


def test_many_even_groups_meet_the_shares() -> None:
    groups = np.repeat(np.arange(100).astype(str), 7)
    splits = split_groups(np.arange(700), groups, SHARES, 0)
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 420, "validation": 175, "test": 105}
    assert not np.array_equal(splits["test"], split_groups(np.arange(700), groups, SHARES, 1)["test"])


def test_grouped_folds_are_as_even_as_sklearns() -> None:
    groups = RNG.integers(0, 23, 400).astype(str)
    by_fold = [fold_of_groups(groups, 5, fold, 0) for fold in range(5)]
    assert sorted(np.concatenate(by_fold).tolist()) == list(range(400))
    assert sum(len(set(groups[rows])) for rows in by_fold) == 23
    oracle = [len(test) for _, test in GroupKFold(5).split(groups, groups=groups)]
    assert np.ptp([len(rows) for rows in by_fold]) <= np.ptp(oracle) + 1
    whole = [
        split(400, {"by": "group", "column": "g", "folds": 5, "fold": fold}, 0, own={}, keys=groups)
        for fold in range(5)
    ]
    for splits, rows in zip(whole, by_fold, strict=True):
        assert np.array_equal(splits["test"], rows)
        assert len({name: set(groups[splits[name]]) for name in SPLITS}["train"] & set(groups[rows])) == 0
        assert set(groups[splits["validation"]]).isdisjoint(groups[splits["train"]])


@given(st.lists(st.integers(0, 20), min_size=20, max_size=60), st.tuples(st.floats(0.1, 0.4), st.floats(0.1, 0.4)))
@settings(max_examples=60, deadline=None)
def test_time_cuts_in_order_and_never_within_a_time(days: list[int], shares: tuple[float, float]) -> None:
    times = np.array(days, float)
    wanted = {"train": 1 - sum(shares), "validation": shares[0], "test": shares[1], "by": "time", "column": "day"}
    if len(set(days)) < 3:
        with pytest.raises(DataError, match=f"{len(set(days))} different times: too few for 3 splits"):
            split(len(days), wanted, 0, own={}, keys=times)
        return
    splits = split(len(days), wanted, 0, own={}, keys=times)
    assert sorted(np.concatenate(list(splits.values())).tolist()) == list(range(len(days)))
    assert times[splits["train"]].max() < times[splits["validation"]].min()
    assert times[splits["validation"]].max() < times[splits["test"]].min()


def test_time_edges_are_the_shares_where_every_row_has_its_own_time() -> None:
    splits = split(100, {"by": "time", "column": "day"}, 0, own={}, keys=np.arange(100.0)[::-1])
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 70, "validation": 15, "test": 15}
    assert splits["test"].tolist() == list(range(15)), "the latest rows stand first here"


def table(count: int = 60) -> dict[str, Any]:
    return {
        "patient": [f"p{number % 11}" for number in range(count)],
        "date": [f"2020-{1 + number % 12:02d}-{1 + number % 28:02d}" for number in range(count)],
        "age": RNG.normal(size=count),
        "y": [("ill", "well")[number % 2] for number in range(count)],
    }


def test_a_table_is_cut_by_its_groups() -> None:
    columns = table()
    data = open_data(columns, target="y", splits={"by": "group", "column": "patient"})
    patients = np.array(columns["patient"])
    homes = [set(patients[data.rows(name).numpy()]) for name in SPLITS]
    assert sum(map(len, homes)) == 11
    (note,) = [note for note in data.notes if "split by patient" in note]
    assert "train 7" in note
    assert "groups)" in note
    assert "patient" not in data.preprocessing.columns, "what no test row shares with a training row is no input"
    kept = open_data(columns, target="y", splits={"by": "group", "column": "patient"}, kinds={"patient": "category"})
    assert "patient" in kept.preprocessing.columns
    again = open_data(columns, state=data.state())
    assert all(np.array_equal(again.rows(name), data.rows(name)) for name in SPLITS)


def test_a_table_is_cut_by_its_dates() -> None:
    columns = table()
    data = open_data(columns, target="y", splits={"by": "time", "column": "date", "train": 0.5, "test": 0.5})
    dates = np.array(columns["date"])
    assert max(dates[data.rows("train").numpy()]) < min(dates[data.rows("test").numpy()])
    assert data.sizes["validation"] == 0


@pytest.mark.parametrize(
    ("splits", "change", "text"),
    [
        ({"by": "group"}, {}, "names its column"),
        ({"by": "random", "column": "patient"}, {}, "names its column"),
        ({"by": "group", "column": "pateint"}, {}, "did you mean 'patient'"),
        ({"by": "grouped", "column": "patient"}, {}, "did you mean 'group'"),
        ({"by": "time", "column": "date", "folds": 3, "fold": 0}, {}, "no folds"),
        ({"by": "group", "column": "patient", "train": 0.5}, {}, "add up to 1"),
        ({"by": "group", "column": "patient"}, {"patient": ["a", "b"] * 30}, "2 groups: too few for 3 splits"),
        ({"by": "group", "column": "patient", "folds": 12, "fold": 0}, {}, "11 groups: too few for 12 folds"),
        ({"by": "group", "column": "patient"}, {"patient": ["a", "b", "c", None] * 15}, r"row 3(.|\n)*no group"),
        ({"by": "time", "column": "date"}, {"date": ["2020-01-01"] * 60}, "1 different times"),
        ({"by": "time", "column": "date"}, {"date": ["2020-01-01", "yesterday"] * 30}, r"row 1(.|\n)*no time stamp"),
        ({"by": "time", "column": "date"}, {"date": ["2020-01-01", None] * 30}, r"row 1(.|\n)*time stamp is missing"),
    ],
)
def test_invalid_splits_are_errors(splits: dict[str, Any], change: dict[str, Any], text: str) -> None:
    with pytest.raises((DataError, SettingError), match=text):
        open_data(table() | change, target="y", splits=splits)
