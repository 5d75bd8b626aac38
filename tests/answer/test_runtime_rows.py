"""Files of examples for the copied runner: every form gives the same columns, and bad ones are told."""

import gzip
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from weftnet.answer.manifest import TableFacts
from weftnet.answer.rows import read
from weftnet.base.typed import read as read_facts
from weftnet.data.fields import Field
from weftnet.data.sources.table import read as table_of_run
from weftnet.data.wires import FileWire, LabelWire, NumbersWire, NumberWire, Wire, WordsWire
from weftnet.errors import DataError, RunError

SIZE = Field("size", "number", NumberWire(), "table", True)
COLOUR = Field("colour", "category", LabelWire(), "table", True)
WORDS = Field("words", "text", Wire(), "tokens", True)
PICTURE = Field("x", "image", FileWire(), "image", False)
SERIES = Field("x", "series", NumbersWire(), "series", False)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", 'size,stray,colour\n1.5,7,"red, or so"\nNA,8,\n')
    assert read(path, [COLOUR, SIZE]) == ({"colour": ["red, or so", None], "size": ["1.5", None]}, [])
    tabs = put(tmp_path, "a.tsv", "size\tcolour\n1\tred\n")
    assert read(tabs, [SIZE]) == ({"size": ["1"]}, [])


def test_lines_of_json(tmp_path: Path) -> None:
    rows = [{"size": 1.5, "colour": "red", "answer": 3}, {"size": None}]
    path = put(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n")
    assert read(path, [SIZE, COLOUR]) == ({"size": [1.5, None], "colour": ["red", None]}, [])


def test_an_input_may_be_called_by_its_own_name(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jsonl", '{"tokens": "a b"}\n')
    assert read(path, [WORDS]) == ({"words": ["a b"]}, [])
    path = put(tmp_path, "a.csv", "tokens\na b\n")
    assert read(path, [WORDS]) == ({"words": ["a b"]}, [])


def test_lines_of_text(tmp_path: Path) -> None:
    assert read(put(tmp_path, "a.txt", "one\ntwo words\n"), [WORDS]) == ({"words": ["one", "two words"]}, [])


SENTENCES = Field("tokens", "word_list", WordsWire(), "tokens", False)


def test_words_in_columns(tmp_path: Path) -> None:
    """As the CoNLL tasks write them, with tags or without; the run says which column the word is in."""
    expected = ({"tokens": [["Ada", "wrote"], ["it", "too"]]}, [])
    tagged = "-DOCSTART- O\n\n# a comment\nAda B-PER\nwrote O\n\nit O\ntoo O\n"
    for name, text in (("a.conll", tagged), ("a.iob", "Ada\nwrote\n\nit\ntoo\n"), ("a.txt", tagged)):
        assert read(put(tmp_path, name, text), [SENTENCES]) == expected
    columns = "1 NNP Ada B-PER\n2 VBD wrote O\n\n1 PRP it O\n2 RB too O\n"
    assert read(put(tmp_path, "b.conll", columns), [SENTENCES], table=TableFacts(token=3)) == expected
    lines = put(tmp_path, "c.jsonl", '{"tokens": ["Ada", "wrote"]}\n{"tokens": ["it", "too"]}\n')
    assert read(lines, [SENTENCES]) == expected
    with pytest.raises(DataError, match="another number of columns"):
        read(put(tmp_path, "d.conll", "Ada B-PER\nwrote\n"), [SENTENCES])


def test_arrays(tmp_path: Path) -> None:
    x = np.arange(24.0).reshape(2, 4, 3)
    np.save(tmp_path / "a.npy", x)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(2))
    for name in ("a.npy", "a.npz"):
        columns, files = read(tmp_path / name, [SERIES])
        np.testing.assert_array_equal(columns["x"], x)
        assert files == []


def test_pictures(tmp_path: Path) -> None:
    (tmp_path / "p" / "q").mkdir(parents=True)
    for name in ("p/b.png", "p/q/a.png", "p/.hidden.png"):
        Image.new("L", (4, 4)).save(tmp_path / name)
    columns, files = read(tmp_path / "p", [PICTURE])
    assert files == [{"file": "b.png"}, {"file": "q/a.png"}]
    assert columns == {"x": [tmp_path / "p" / "b.png", tmp_path / "p" / "q" / "a.png"]}
    assert read(tmp_path / "p" / "b.png", [PICTURE]) == ({"x": [tmp_path / "p" / "b.png"]}, [{"file": "b.png"}])
    table = put(tmp_path, "a.csv", "x\np/b.png\n")
    assert read(table, [PICTURE])[0] == {"x": [tmp_path / "p" / "b.png"]}


@pytest.mark.parametrize(
    ("name", "text", "fields", "message"),
    [
        ("a.csv", "siz\n1\n", [SIZE], "there is no column 'size'"),
        ("a.csv", "size,colour\n1\n", [SIZE], "another number of values"),
        ("a.csv", 'size\n"1\n', [SIZE], "is no table"),
        ("a.csv", "", [SIZE], "there is no column 'size'"),
        ("a.csv", "x\n1\n", [SERIES], "can't hold many numbers"),
        ("a.jsonl", "{\n", [SIZE], "line 1: is not JSON"),
        ("a.jsonl", "[]\n", [SIZE], "line 1: is no mapping"),
        ("a.jsonl", '{"siz": 1}\n', [SIZE], "there is no column 'size'"),
        ("a.txt", "x\n", [SIZE], "can't be read from such a file"),
        ("a.npz", "x", [SERIES], "not an intact .npz"),
        ("a.png", "x", [SIZE, COLOUR], "can't be read from such a file"),
    ],
)
def test_what_can_not_be_read(name: str, text: str, fields: list[Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read(put(tmp_path, name, text), fields)


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read(tmp_path / "a.csv", [SIZE])


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"x": 1}], object), allow_pickle=True)
    with pytest.raises(DataError, match="Python objects"):
        read(tmp_path / "a.npy", [SERIES])


def test_a_name_in_a_table_stays_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    table = put(tmp_path / "in", "a.csv", "x\n../secret.png\n")
    with pytest.raises(RunError, match="is refused"):
        read(table, [PICTURE])


FOREIGN = "size;colour\r\n1.234,5;'red; or so'\r\nk.A.;'gr\u00fcn'\r\n"


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_foreign_table_is_read_as_the_run_read_its_own(tmp_path: Path, ending: str) -> None:
    raw = FOREIGN.encode("cp1252")
    path = tmp_path / f"a{ending}"
    path.write_bytes(gzip.compress(raw) if ending.endswith("gz") else raw)
    options = {"delimiter": ";", "quote": "single", "decimal": ",", "missing": ["k.a."], "encoding": "cp1252"}
    facts = TableFacts.of({**options, "files": "images"})
    assert read_facts(TableFacts, json.loads(json.dumps(asdict(facts))), "here") == facts
    columns, _ = read(path, [SIZE, COLOUR], table=facts)
    own = table_of_run(path, **options).columns
    assert columns == {name: own[name].tolist() for name in ("size", "colour")}
    assert columns == {"size": ["1234.5", None], "colour": ["red; or so", "grün"]}


def test_a_table_without_a_header_and_stray_quotes(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "1,red\n2,blue\n")
    assert read(path, [SIZE], table=TableFacts(columns=("size", "colour")))[0] == {"size": ["1", "2"]}
    lines = [f"a\t{chr(34) * (row == 3)}good{chr(34) * (row == 7)}" for row in range(20)]
    stray = put(tmp_path, "a.tsv", "\n".join(["y\twords", *lines]) + "\n")
    with pytest.raises(DataError, match="line 5: a value in quotes runs over 5 lines"):
        read(stray, [WORDS])
    assert len(read(stray, [WORDS], table=TableFacts(quote="none"))[0]["words"]) == 20
