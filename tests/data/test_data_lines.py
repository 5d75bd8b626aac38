"""JSON-lines and lists of JSON objects: columns as the values say, faults named by their line."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weftnet.data import open_data
from weftnet.data.sources import lines, table
from weftnet.errors import DataError


def people(count: int = 40) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for row in range(count):
        person = {
            "age": row, "zip": f"0{row % 3}", "size": {"width": row / 2, "depth": 3}, "well": row % 3 == 0,
            "tags": ["new"] * (row % 2) + ["big"], "pulse": [[row], [row + 1]], "y": "ab"[row % 2],
        }  # fmt: skip
        if row % 8 == 5:
            del person["age"]
        rows.append(person)
    return rows


def write(path: Path, rows: list[Any], name: str = "people.jsonl") -> Path:
    (path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path / name


def test_columns(tmp_path: Path) -> None:
    content = lines.read(write(tmp_path, people()))
    assert list(content.columns) == ["age", "zip", "size.width", "size.depth", "well", "tags", "pulse", "y"]
    assert content.columns["age"].tolist() == [None if row % 8 == 5 else row for row in range(40)]
    assert content.columns["size.width"].dtype == np.float64
    assert content.columns["well"].dtype == np.bool_
    assert content.columns["pulse"].shape == (40, 2, 1)
    assert content.columns["tags"].tolist()[1] == ["new", "big"]
    data = open_data(tmp_path / "people.jsonl", target="y")
    kinds = {name: kind["kind"] for name, kind in data.state()["preprocessing"]["columns"].items()}
    assert kinds == {
        "age": "number", "zip": "category", "size.width": "number", "size.depth": "number", "well": "category",
        "tags": "labels", "pulse": "series",
    }  # fmt: skip


def test_forms_are_the_same_data(tmp_path: Path) -> None:
    path = write(tmp_path, people())
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "c.json").write_text(json.dumps(people(), indent=2))
    (tmp_path / "d.jsonl").write_text("\n" + path.read_text().replace("\n", "\r\n\n"))
    datas = [open_data(tmp_path / name, target="y") for name in ("people.jsonl", "b.ndjson.gz", "c.json", "d.jsonl")]
    assert datas[0].fingerprint == datas[1].fingerprint
    for data in datas:
        assert data.state()["preprocessing"] == datas[0].state()["preprocessing"]


def test_a_table_says_the_same(tmp_path: Path) -> None:
    """Numbers and words written as CSV and as JSON are fitted the same."""
    rows = [{"n": row / 4, "word": ["red", "blue", None][row % 3], "y": "ab"[row % 2]} for row in range(40)]
    text = "n,word,y\n" + "".join(f"{row['n']},{row['word'] or ''},{row['y']}\n" for row in rows)
    (tmp_path / "a.csv").write_text(text)
    first, second = open_data(tmp_path / "a.csv", target="y"), open_data(write(tmp_path, rows), target="y")
    assert first.state()["preprocessing"] == second.state()["preprocessing"]
    assert table.read(tmp_path / "a.csv").columns["word"].tolist() == [row["word"] for row in rows]


def refused(path: Path, text: str, name: str = "bad.jsonl", **arguments: Any) -> str:
    (path / name).write_text(text)
    with pytest.raises(DataError) as fault:
        open_data(path / name, **arguments)
    assert str(path / name) in str(fault.value)
    return str(fault.value)


GOOD = '{"a": 1, "y": 0}\n{"a": 2, "y": 1}\n'


def test_faults_name_their_line(tmp_path: Path) -> None:
    assert "the file is empty" in refused(tmp_path, "\n \n")
    assert "the file is empty" in refused(tmp_path, "", "bad.json")
    broken = refused(tmp_path, GOOD + '{"a": 3, "y"\n')
    assert "line 3: this line is not JSON" in broken
    assert """got: '{"a": 3, "y"' (""" in broken
    assert "line 3: a row is not an object" in refused(tmp_path, GOOD + "[3, 1]\n")
    assert "line 4: a row is not an object" in refused(tmp_path, GOOD + "\n{}\n")
    assert "line 3: this line is not JSON" in refused(tmp_path, GOOD + '{"a": Infinity}')
    assert "line 3: this line is not JSON" in refused(tmp_path, GOOD + "[" * 100000)
    assert "line 1: two values are called 'a.b'" in refused(tmp_path, '{"a.b": 1, "a": {"b": 2}}')
    assert "no list of rows" in refused(tmp_path, '{"a": 1}', "bad.json")
    assert "row 2: a row is not an object" in refused(tmp_path, '[{"a": 1}, 5]', "bad.json")
    assert "not JSON" in refused(tmp_path, '[{"a": 1}, ', "bad.json")


def test_lists_that_do_not_fit(tmp_path: Path) -> None:
    def rows(*values: str) -> str:
        return "".join(f'{{"v": {value}, "y": {row % 2}}}\n' for row, value in enumerate(values))

    longer = refused(tmp_path, rows("[1, 2]", "[3, 4]", "[5]"))
    assert "row 3, column 'v': the lists of a column differ in length" in longer
    assert "row 2, column 'v': a list holds neither words nor numbers" in refused(tmp_path, rows("[1, 2]", '[1, "a"]'))
    assert "row 2, column 'v': a list holds neither" in refused(tmp_path, rows("[[1], [2]]", "[[1], [2, 3]]"))
    assert "row 3, column 'v': some rows hold a list and some do not" in refused(
        tmp_path, rows("[1, 2]", "[3, 4]", "null")
    )


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "the key 'a' occurs twice" in refused(tmp_path, '{"a": 1, "a": 2}')
