"""Labels are found however they are written, and what a run does not know is counted and named."""

import csv
import random
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.data import open_data
from weftnet.data.kinds._spelling import Places, spelling
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.labels import Labels
from weftnet.data.kinds.number import Number
from weftnet.data.kinds.text import Text


def fitted(values: list[Any]) -> Category:
    return Category(least=1).fit(values)


@pytest.mark.parametrize(
    ("trained", "asked"),
    [
        (["3", "4"], ["3.0", "4.0"]), ([3, 4], ["3.0", "4."]), (["3", "4"], [3.0, 4]), (["3.0", "4.0"], ["3", "4"]),
        (["True", "False"], ["TRUE", "FALSE"]), (["TRUE", "FALSE"], ["true", "false"]),
        ([True, False], ["TRUE", "false"]), (["true", "false"], [True, False]),
        (["True", "False"], ["1", "0"]), ([True, False], [1, 0]), (["0", "1"], ["False", "True"]),
        (["no", "yes"], ["no ", "\tyes"]),
        (["a b", "c"], ["a\xa0b", "c\u202f"]),
        (["é", "ö"], [unicodedata.normalize("NFD", each) for each in "éö"]), (["yes", "no"], ["YES", "No"]),
        (["007", "042"], ["7", "42"]), (["7", "42"], ["007", "+42"]),
    ],
)  # fmt: skip
def test_the_same_labels_in_another_spelling(trained: list[Any], asked: list[Any]) -> None:
    kind = fitted(trained)
    expected = kind.encode(trained).tolist()
    assert sorted(expected) == [0, 1]
    for several in (asked, np.array(asked, dtype=object)):
        assert kind.encode(several).tolist() == expected
    assert not kind.unknown(asked)
    assert Category.from_state(kind.state()).encode(asked).tolist() == expected


def test_labels_of_an_earlier_version() -> None:
    old = {"kind": "category", "most": 64, "least": 2}
    assert Category.from_state({**old, "labels": [0, 1]}).encode(["TRUE", False, 1]).tolist() == [1, 0, 1]
    assert Category.from_state({**old, "labels": ["no", "no ", "yes"]}).encode(["no ", "no", "YES"]).tolist() == [
        1,
        0,
        2,
    ]


def test_what_differs_in_case_alone_is_kept_apart_and_what_is_written_twice_is_said() -> None:
    words = (["us", "US", "no", "no ", "3", "3.0"] * 20)[:120]
    data = open_data({"v": words, "y": ["ab"[row % 2] for row in range(120)]}, target="y")
    kind = data.preprocessing.columns["v"]  # type: ignore[attr-defined]
    assert kind.labels == ["3", "US", "no", "us"]
    assert kind.encode(["Us"]).tolist() == [4]
    notes = "\n".join(data.notes)
    assert "v: 2 labels are written in several ways, each read as one label: '3' and '3.0'; 'no' and 'no '" in notes
    assert "v: labels that are nearly the same are kept apart: 'US' and 'us'" in notes


@given(st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=6), min_size=1, max_size=8))
@settings(deadline=None)
def test_every_label_of_training_is_found_again(words: list[str]) -> None:
    kind = fitted(words)
    codes = kind.encode(words).tolist()
    for word, code in zip(words, codes, strict=True):
        spelt = spelling(word)
        assert spelling(spelt) == spelt
        assert kind.decode(np.array([code])) == [spelt or None]
    places = Places(kind.labels)
    assert [places[str(label)] for label in kind.labels] == list(range(len(kind.labels)))


def test_what_is_not_known_is_counted_and_named(tmp_path: Path) -> None:
    random.seed(0)

    def put(name: str, store: Any, size: float, words: str) -> Path:
        with (tmp_path / name).open("w", newline="") as file:
            rows = [[store(row % 4), size * (row % 7 + 0.5), words, "ab"[row % 2]] for row in range(120)]
            csv.writer(file).writerows([["store", "size", "text", "y"], *rows])
        return tmp_path / name

    kinds = {"text": {"text": {}}}
    train = open_data(put("train.csv", "shop {}".format, 1, "good old words"), target="y", kinds=kinds)
    same = open_data(put("same.csv", "Shop  {} ".format, 1, "good old words"), state=train.state())
    assert same.notes == []
    other = open_data(put("other.csv", "store {}".format, 100, "nie gehört davon"), state=train.state())
    assert other.notes == [
        "store: 120 of 120 rows hold a label that is not among those kept of the training rows, and is read like a "
        "rare one: 'store 0' (30), 'store 1' (30), 'store 2' (30), and 1 more",
        "size: 120 of 120 rows hold a number far outside those of the training rows: '50' (18), '150' (17), "
        "'250' (17), and 4 more",
        "text: 120 of 120 rows hold a text of which most words are not in the vocabulary: 'nie gehört davon' (120)",
    ]


def test_states_of_earlier_versions_know_no_bounds() -> None:
    state = Number().fit([1.0, 2.0]).state()
    for later in ("bounds", "unit"):
        del state[later]
    assert not Number.from_state(state).unknown([1e9])


def test_unknown_of_other_kinds() -> None:
    assert Labels(least=1).fit(["a;b"]).unknown(["A; c"]) == {"c": 1}
    assert Text(least=1).fit(["one two"]).unknown(["One, three four", "two"]) == {"One, three four": 1}
    assert Number().fit([0.0, 1.0]).unknown([1.4, 1.6, None, "-1"]) == {"1.6": 1, "-1": 1}
