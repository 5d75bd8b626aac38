"""Counters, copies of the target and columns of splits are said, with the option that leaves them out."""

from typing import Any

import numpy as np
import pytest

from weftnet.data import open_data

DRAW = np.random.default_rng(0)
COUNT = 80
CLASSES = DRAW.permutation(np.repeat(["a", "b"], COUNT // 2))
AMOUNT = np.exp(DRAW.normal(size=COUNT))


def notes(column: Any, target: Any = CLASSES, name: str = "what") -> str:
    columns = {name: column, "other": DRAW.normal(size=COUNT), "y": target}
    return "\n".join(note for note in open_data(columns, target="y").notes if note.startswith(name))


@pytest.mark.parametrize("column", [np.arange(COUNT), np.arange(COUNT)[::-1] + 7, DRAW.permutation(COUNT) + 1000.0])
def test_counters(column: Any) -> None:
    assert "--kind what=, kinds={'what': None}" in notes(column)


def test_identifiers_by_their_name() -> None:
    numbers = DRAW.choice(10**6, COUNT, replace=False)
    assert "like an identifier" in notes(numbers, name="customer_id")
    assert not notes(numbers, name="income")


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (np.where(CLASSES == "a", 1.0, 9.0) + DRAW.uniform(size=COUNT), CLASSES),
        (np.log(AMOUNT), AMOUNT),
        (-(AMOUNT**3), AMOUNT),
        (np.where(CLASSES == "a", "ja", "nein"), CLASSES),
        (3 * AMOUNT + 2, AMOUNT),
    ],
)
def test_copies_of_the_target(column: Any, target: Any) -> None:
    assert "target 'y'" in notes(column, target)
    assert "leave it out: --kind what=" in notes(column, target)


@pytest.mark.parametrize(
    "column", [DRAW.normal(size=COUNT), DRAW.integers(0, 5, COUNT), AMOUNT + DRAW.normal(size=COUNT)]
)
def test_plain_columns_are_not_suspected(column: Any) -> None:
    assert not notes(column)
    assert not notes(column, AMOUNT)


def test_columns_of_splits_are_offered_as_such() -> None:
    split = DRAW.permutation(np.repeat(["train", "test"], [60, 20]))
    said = notes(split, name="part")
    assert "--data-set 'splits={column: part}', splits={'column': 'part'}" in said
    columns = {"part": split, "other": DRAW.normal(size=COUNT), "y": CLASSES}
    assert open_data(columns, target="y", splits={"column": "part"}).sizes["test"] == 20
    fold = notes(DRAW.integers(0, 5, COUNT), name="fold")
    assert "splits={by: group, column: fold}" in fold
