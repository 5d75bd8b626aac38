"""Kinds recognise their columns as the rules of docs/data.md say, in one piece or in chunks; doubts are noted."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.data import open_data
from weftnet.data.infer import recognise
from weftnet.data.kinds import BadValue, RawColumn
from weftnet.errors import DataError

NUMBERS = st.integers(-999, 999).map(str) | st.floats(-9, 9).map(str)
WORDS = st.text("abc", min_size=1, max_size=4)
TEXTS = st.lists(WORDS, min_size=3, max_size=6).map(" ".join)
MISSING = st.none()


def column(values: list[Any]) -> Any:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def by_the_rules(values: list[Any], target: bool) -> str | None:
    """The rules for words, as one ladder."""
    present = [value for value in values if value is not None]
    if not present:
        return "category" if target else None
    try:
        numbers = [float(value) for value in present]
    except ValueError:
        words = sum(len(value.split()) for value in present) / len(present)
        texts = words >= 3 and len(set(present)) > len(present) / 2
        return ("subwords" if target else "text") if texts else "category"
    whole = all(number == round(number) for number in numbers) and len(set(numbers)) <= 20
    return "category" if target and whole else "number"


@given(
    st.one_of(*(st.lists(each | MISSING, min_size=1, max_size=60) for each in (NUMBERS, WORDS, TEXTS, WORDS | TEXTS))),
    st.booleans(),
    st.integers(1, 60),
)
@settings(max_examples=150, deadline=None)
def test_words_and_numbers(values: list[Any], target: bool, size: int) -> None:
    whole = column(values)
    taken, other = recognise(RawColumn([whole], target=target), "here")
    assert taken == by_the_rules(values, target)
    assert other != taken
    chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
    if not target:  # a target is read as a whole
        assert recognise(RawColumn(chunks), "here") == (taken, other)


@pytest.mark.parametrize(
    ("shape", "dtype", "table", "expected"),
    [
        ((5, 4), float, False, ("vector", "")),
        ((5, 4, 3), float, False, ("series", "")),
        ((5, 4, 4), float, False, ("image", "series")),
        ((5, 4, 3), np.uint8, False, ("image", "")),
        ((5, 4, 4, 3), float, False, ("image", "")),
        ((5, 4, 4), float, True, ("series", "")),
        ((5,), int, True, ("number", "")),
        ((5,), bool, True, ("category", "")),
    ],
)
def test_arrays(shape: tuple[int, ...], dtype: Any, table: bool, expected: tuple[str, str]) -> None:
    assert recognise(RawColumn([np.ones(shape, dtype)], table=table), "here") == expected


@pytest.mark.parametrize("shape", [(5,), (5, 2, 2, 2, 2, 2)])
def test_an_array_that_no_kind_recognises(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"no kind of column recognises these values[\s\S]*with shape"):
        recognise(RawColumn([np.ones(shape)], table=False), "here")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(30), ("number", "")),
        (np.arange(90) // 3, ("number", "category")),
        (np.arange(30) % 3, ("category", "")),
        (np.arange(30) % 3 * 1.0, ("category", "number")),
        (np.arange(30) / 7, ("number", "")),
    ],
)
def test_a_target_that_could_be_classes_or_a_quantity(values: Any, expected: tuple[str, str]) -> None:
    assert recognise(RawColumn([values], target=True), "here") == expected


@pytest.mark.parametrize("form", [int, float, str, "{:.1f}".format])
@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize(("count", "expected"), [(7, "category"), (40, "number"), (150, "number")])
def test_whole_numbers_are_one_kind_however_they_are_written(form: Any, table: bool, count: int, expected: str) -> None:
    values = [form(3 + row % count) for row in range(600)]
    whole = np.array(values) if form in (int, float) else column(values)
    taken, other = recognise(RawColumn([whole], target=True, table=table), "here")
    assert taken == expected
    assert other in ({"number", "category"} - {taken} if count == 40 else {"", "number", "category"})


@pytest.mark.parametrize("typed", [True, False])
def test_codes_that_begin_with_zero_are_labels_and_it_is_said(typed: bool) -> None:
    codes = column([f"{row % 90:05}" for row in range(300)])
    assert recognise(RawColumn([codes], typed=typed), "here") == ("category", "number")


def test_words_that_are_numbers_where_the_source_has_numbers() -> None:
    words = column([f"{row / 7:.3f}" for row in range(300)])
    assert recognise(RawColumn([words], typed=True), "here") == ("number", "category")
    assert recognise(RawColumn([words]), "here") == ("number", "")


def test_numbers_with_a_few_words_in_a_later_chunk_are_refused() -> None:
    good, bad = column(list(map(str, range(100)))), column([*map(str, range(100)), "x"])
    with pytest.raises(BadValue, match="nearly every value is a number, but 1 is not"):
        recognise(RawColumn([good, bad]), "here")


def test_a_doubt_is_noted_with_the_option() -> None:
    names = np.array([f"the {'old ' * (row % 5 == 0)}name {row}" for row in range(90)], object)  # 3.2 words a row
    columns = {"name": names, "size": np.arange(90.0), "count": np.arange(90) // 3}
    notes = open_data(columns, target="count").notes
    assert "name: read as text; to read it as category: --kind name=category, kinds={'name': 'category'}" in notes
    assert "count: read as number; to read it as category: --kind count=category, kinds={'count': 'category'}" in notes
    told = open_data(columns, target="count", kinds={"count": "number", "name": "text"}).notes
    assert not any("read as" in note and "to read it as" in note for note in told)
