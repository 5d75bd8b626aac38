"""Rows of JSON as raw columns: every kind's values arrive as they were, and nothing else gets through."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.data.fields import Field, fields_of
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.image import Image
from weftnet.data.kinds.number import Number
from weftnet.data.kinds.series import Series
from weftnet.data.kinds.text import Text
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.wire import from_json
from weftnet.data.wires import FileWire, NumbersWire
from weftnet.errors import DataError

RNG = np.random.default_rng(0)
NUMBERS, TOWNS = [1.5, None, 4.0, 2.25], ["Oslo", "Lima", "Oslo", None]
REVIEWS = ["a fine one", "not so fine", "", "fine fine fine"]
WAVES = RNG.normal(size=(4, 5, 3))
PICTURES = RNG.integers(0, 255, (4, 6, 5), dtype=np.uint8)
FITTED = Preprocessing(
    {
        "age": Number().fit(NUMBERS),
        "town": Category(least=1).fit(TOWNS),
        "review": Text(least=1).fit(REVIEWS),
        "wave": Series().fit(WAVES),
        "x": Image().fit(PICTURES),
    }
)
RAW = {"age": NUMBERS, "town": TOWNS, "review": REVIEWS, "wave": WAVES, "x": PICTURES}
ROWS = [
    {name: values[row].tolist() if isinstance(values, np.ndarray) else values[row] for name, values in RAW.items()}
    for row in range(4)
]


def test_rows_of_json_are_encoded_as_the_raw_columns() -> None:
    there = FITTED.encode(from_json(FITTED.fields, json.loads(json.dumps(ROWS))))
    here = FITTED.encode(RAW)
    assert there.inputs.keys() == here.inputs.keys() == {"table", "tokens", "series", "image"}
    for name, values in here.inputs.items():
        np.testing.assert_array_equal(there.inputs[name], values)


def test_the_input_schema() -> None:
    by_name = {field.name: field for field in FITTED.fields}
    assert {name: (field.kind, field.wire.name, field.optional) for name, field in by_name.items()} == {
        "age": ("number", "number", True),
        "town": ("category", "label", True),
        "review": ("text", "text", True),
        "wave": ("series", "numbers", False),
        "x": ("image", "media", False),
    }
    assert by_name["town"].facts == {"labels": ["Lima", "Oslo"]}
    json.dumps([field.facts for field in FITTED.fields])
    assert fields_of(FITTED.columns, FITTED.inputs) == FITTED.fields


def test_a_missing_value_may_be_left_out_where_the_kind_takes_it() -> None:
    row = {name: value for name, value in ROWS[0].items() if name not in ("age", "town")}
    columns = from_json(FITTED.fields, [row])
    assert columns["age"] == columns["town"] == [None]
    with pytest.raises(DataError, match=r"row 1, column 'x': the value is missing"):
        from_json(FITTED.fields, [ROWS[0], row | {"x": None}])


def test_an_input_of_one_column_may_be_called_by_its_name() -> None:
    row = {**ROWS[0], "tokens": "by another name"}
    del row["review"]
    assert from_json(FITTED.fields, [row])["review"] == ["by another name"]


def test_media_come_in_base64_and_a_string_is_never_a_path(tmp_path: Path) -> None:
    field = Field("photo", "image", FileWire(), "image", False)
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG secret")
    text = base64.b64encode(secret.read_bytes()).decode()
    for written in (text, f"data:image/png;base64,{text}"):
        assert from_json([field], [{"photo": written}])["photo"] == [b"\x89PNG secret"]
    with pytest.raises(DataError, match="wrong form"):
        from_json([field], [{"photo": str(secret)}])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"age": 3}, r"rows: the rows are not a list"),
        ([], r"rows: the rows are not a list"),
        ("age", r"rows: the rows are not a list"),
        ([ROWS[0], 7], r"row 1: a row is not a mapping"),
        ([ROWS[0] | {"agee": 3}], r"row 0: no column is called 'agee'[\s\S]*did you mean 'age'\?"),
        ([ROWS[0] | {"age": True}], r"row 0, column 'age': .*wrong form[\s\S]*expected: a number[\s\S]*got: True"),
        ([ROWS[0] | {"age": [3]}], r"column 'age'"),
        ([ROWS[0] | {"town": {"a": 1}}], r"column 'town'"),
        ([ROWS[0] | {"review": 3}], r"column 'review'"),
        ([ROWS[0] | {"wave": [[1, 2], [3]]}], r"column 'wave'"),
        ([ROWS[0] | {"wave": ["a"]}], r"column 'wave'"),
        ([ROWS[0] | {"x": "not base64!"}], r"column 'x'"),
    ],
)
def test_what_is_of_another_form_is_named_with_row_and_column(rows: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_json(FITTED.fields, rows)


WORDS = st.text("agex1:é", max_size=3)  # few letters: `age` and `x` come up as names of columns too
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(0, 3), st.sampled_from([*RAW, "other"]), NESTED)
def test_one_strange_value_is_read_or_refused_by_its_column(place: int, name: str, value: Any) -> None:
    """The other rows are encoded as ever."""
    rows = [row | {name: value} if number == place else row for number, row in enumerate(ROWS)]
    try:
        encoded = FITTED.encode(from_json(FITTED.fields, rows))
    except DataError as refusal:
        message = str(refusal)
    else:
        message = ""
        for key, values in FITTED.encode(RAW).inputs.items():
            np.testing.assert_array_equal(np.delete(encoded.inputs[key], place, 0), np.delete(values, place, 0))
    assert not message or re.search(rf"\b{name}\b", message)


@given(NESTED)
def test_rows_of_any_other_form_are_refused(rows: Any) -> None:
    """Names of three letters at most: the required column `wave` is never among them."""
    with pytest.raises(DataError):
        from_json(FITTED.fields, rows)


def test_a_list_of_numbers_is_asked_for_as_such() -> None:
    """On a page, a window of a forecast is a list, however it is broken into lines; a series is a list of lists."""
    assert NumbersWire((12,)).widget == {"widget": "numbers", "flat": True, "hint": "12 numbers in their order"}
    assert "flat" not in NumbersWire((12, 2)).widget
