"""What is noticed about a data set as a whole: the words of each note, and that nothing else changes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weftnet.data import open_data
from weftnet.errors import DataError, SettingError

RNG = np.random.default_rng(0)


def table(count: int = 200, **columns: Any) -> dict[str, Any]:
    return {"n": RNG.normal(size=count), "y": np.array(["a", "b"] * (count // 2), dtype=object), **columns}


def notes(columns: dict[str, Any], **arguments: Any) -> str:
    return "\n".join(open_data(columns, target="y", **arguments).notes)


def test_nothing_to_notice() -> None:
    assert notes(table()) == ""


def test_equal_rows_in_two_splits() -> None:
    columns = table()
    columns["n"][100:] = columns["n"][:100]
    data = open_data(columns, target="y")
    kept = {split: {columns["n"][row] for row in data.rows(split).tolist()} for split in data.sizes}
    again = sum(columns["n"][row] in kept["train"] for row in data.rows("test").tolist())
    assert f"{again} of {data.sizes['test']} test rows are in the training split too" in "\n".join(data.notes)
    assert sum(data.sizes.values()) == 200  # nothing is left out
    grouped = open_data(columns, target="y", duplicates="group")
    assert "are in the training split too" not in "\n".join(grouped.notes)
    splits = [{columns["n"][row] for row in grouped.rows(split).tolist()} for split in grouped.sizes]
    assert not splits[0] & splits[1] | splits[0] & splits[2] | splits[1] & splits[2]
    state = json.loads(json.dumps(grouped.state()))
    restored = open_data(columns, state=state)
    assert all(restored.rows(split).equal(grouped.rows(split)) for split in grouped.sizes)


def test_grouping_refuses_what_it_cannot_do() -> None:
    with pytest.raises(SettingError, match="already determine where a row goes"):
        open_data(table(part=["train", "test"] * 100), target="y", splits={"column": "part"}, duplicates="group")
    with pytest.raises(SettingError, match="kept or grouped"):
        open_data(table(), target="y", duplicates="drop")
    arrays = {"x_train": RNG.normal(size=(50, 2)), "y_train": np.arange(50) % 2,
              "x_test": RNG.normal(size=(9, 2)), "y_test": np.arange(9) % 2}  # fmt: skip
    with pytest.raises(SettingError, match="own splits can't be changed"):
        open_data(arrays, duplicates="group")


def test_unbalanced_classes() -> None:
    columns = table()
    columns["y"] = np.array(["rare" if row % 20 == 0 else "usual" for row in range(200)], dtype=object)
    lines = notes(columns)
    assert "the classes are unbalanced: 'usual' has 95.7% of the training rows, 'rare' 4.35%" in lines
    assert "class_weights=balanced" in lines


def test_a_column_that_says_the_target() -> None:
    lines = notes(table(code=[7, 9] * 100))
    assert "code: determines the target 'y' almost exactly" in lines
    assert "leave it out: --kind code=, kinds={'code': None}" in lines
    columns = table(copy=np.zeros(200))
    columns["y"] = RNG.normal(size=200)
    columns["copy"] = 3 - 2 * columns["y"] + 1e-4 * RNG.normal(size=200)
    assert "copy: determines the target 'y' almost exactly" in notes(columns)
    assert "determines the target" not in notes(columns, kinds={"copy": None})


def test_a_constant_column_and_an_identifier() -> None:
    lines = notes(table(same=[4] * 200, word=["one"] * 200, name=[f"n{row}" for row in range(200)]))
    assert "same: the same in every training row, so it carries no information" in lines
    assert "word: the same in every training row, so it carries no information" in lines
    assert "name: no label occurs 2 times, as in dates or identifiers; left out" in lines


def test_a_few_words_among_numbers_are_refused(tmp_path: Path) -> None:
    lines = ["n,y", *(f"{row},{row % 2}" for row in range(300))]
    for row in range(1, 301):
        lines[row] = lines[row].replace(f"{row - 1},", "unknown,", 1) if row in (70, 71, 72, 73, 74) else lines[row]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(DataError) as fault:
        open_data(tmp_path / "a.csv", target="y")
    assert "column 'n': nearly every value is a number, but" in str(fault.value)
    assert "row 7" in str(fault.value)
    assert "got: 'unknown'" in str(fault.value)
    data = open_data(tmp_path / "a.csv", target="y", kinds={"n": "category"})
    assert data.state()["preprocessing"]["columns"]["n"]["kind"] == "category"
