"""Tables: odd files, errors that name row and column, statistics of the training rows only."""

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.architecture.signal import About
from weftnet.data import Data, open_data
from weftnet.data.opening import reopen
from weftnet.data.sources import table
from weftnet.errors import DataError, SettingError, UnknownName


def write(path: Path, rows: list[list[object]], name: str = "people.csv") -> Path:
    import csv

    with (path / name).open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path / name


def people(count: int = 60) -> list[list[object]]:
    rng = np.random.default_rng(0)
    rows: list[list[object]] = [["age", "city", "story", "income", "likes"]]
    for row in range(count):
        age = "" if row % 10 == 3 else int(rng.integers(18, 90))
        city = ["Köln", "Paris", "N/A", "Oslo"][rng.integers(4)]
        story = " ".join(rng.choice(["once", "upon", "a", "time,", "there\nwas", '"me"'], rng.integers(3, 9)))
        rows.append([age, city, story, round(float(rng.normal(3e4, 1e4)), 2), ["yes", "no"][row % 2]])
    return rows


@pytest.mark.parametrize("columns", [{}, {"a": []}, {"a": [1], "b": [1, 2]}], ids=["none", "no rows", "unequal"])
def test_columns_in_memory_that_are_no_table(columns: dict[str, list[int]]) -> None:
    with pytest.raises(DataError, match="the columns differ in length or are empty") as fault:
        table.hold(columns, "here")
    assert (fault.value.where, fault.value.got) == ("here", str({name: len(each) for name, each in columns.items()}))


@pytest.mark.parametrize("row", [1000, 1001])
def test_notes_are_the_same_however_a_table_is_read(tmp_path: Path, row: int) -> None:
    """A name of the header is looked for among the first thousand values; words that are lost are counted in all."""
    words = ["x"] * 3000
    words[row - 1], words[5], words[2500] = "word", "NA", "NA"
    path = write(tmp_path, [["word"], *([word] for word in words)])
    read, streamed = table.read(path), table.stream(path, tmp_path, memory=2**14)
    assert read.notes == streamed.notes
    *header, lost = read.notes
    assert ["the first row looks like data ('word')" in note for note in header] == [True] * (row == 1000)
    assert lost.startswith("word: 2 × 'NA' read as missing")


def test_mixed_columns(tmp_path: Path) -> None:
    rows = people()
    data = open_data(write(tmp_path, rows), target="likes")
    assert data.name == "people"
    assert data.target is not None
    assert data.target.labels == ["no", "yes"]  # type: ignore[attr-defined]
    assert data.sizes == {"train": 42, "validation": 9, "test": 9} or sum(data.sizes.values()) == 60
    assert {name: str(signal.kind) for name, signal in data.signals.items()} == {"table": "vector", "tokens": "tokens"}
    rows_known = data.sizes["train"]
    abouts = [data.signals[name].about for name in ("table", "tokens")]
    assert abouts == [About(rows_known, (2, 4, 1)), About(rows_known)]
    train = data.rows("train").tolist()
    ages = [rows[row + 1][0] for row in train]
    real = np.array([float(age) for age in ages if age != ""])
    (batch,) = data.batches("train", 1000)
    # age, age is missing, three cities and the slot for others, income
    assert batch.inputs["table"].shape == (len(train), 2 + 4 + 1)
    for place, age in enumerate(ages):
        expected = [0.0, 1.0] if age == "" else [(float(age) - real.mean()) / real.std(), 0.0]
        np.testing.assert_allclose(batch.inputs["table"][place, :2], expected, rtol=1e-4, atol=1e-5)
        city = rows[train[place] + 1][1]
        assert batch.inputs["table"][place, 2:6].tolist() == [
            float(city == c) for c in ("Köln", "Oslo", "Paris", "N/A")
        ]
        assert batch.target is not None
        assert data.target.decode(batch.target.numpy())[place] == rows[train[place] + 1][4]
    assert any("age: missing values" in note for note in data.notes)
    tokens, mask = batch.inputs["tokens"], batch.masks["tokens"]
    assert torch.equal(mask, tokens != 0)
    assert mask.any(1).all()


def test_batches_are_trimmed(tmp_path: Path) -> None:
    rows = [["text", "y"], *([" ".join(["word"] * (1 + row)), "ab"[row % 2]] for row in range(40))]
    path = write(tmp_path, rows)
    for trim in (True, False):
        data = open_data(path, target="y", kinds={"text": {"text": {"length": 35, "trim": trim}}})
        for batch in data.batches("train", 1):
            longest = int(batch.rows[0]) + 1
            assert batch.inputs["tokens"].shape[1] == (max(16, min(35, longest)) if trim else 35)
            assert batch.masks["tokens"].sum() == min(35, longest)


def test_packed_files_are_the_same_data(tmp_path: Path) -> None:
    path = write(tmp_path, people())
    (tmp_path / "other.csv.xz").write_bytes(lzma.compress(path.read_bytes()))
    (tmp_path / "other.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    datas = [open_data(tmp_path / name, target="likes") for name in ("people.csv", "other.csv.xz", "other.csv.gz")]
    datas.append(open_data(tmp_path / "bom.csv", target="likes"))
    assert len({data.fingerprint for data in datas}) == 1
    assert len({json.dumps(data.state()["preprocessing"]) for data in datas}) == 1


def test_formats(tmp_path: Path) -> None:
    rows = people()
    plain = open_data(write(tmp_path, rows), target="income")
    (tmp_path / "a.tsv").write_text("\n".join("\t".join(map(str, [r[0], r[4], r[3]])) for r in rows))
    assert open_data(tmp_path / "a.tsv", target="income").signals["table"].sizes == (5,)
    (tmp_path / "b.csv").write_text("\n".join(";".join(map(str, [r[0], r[4], r[3]])) for r in rows[1:]), "cp1252")
    data = open_data(
        tmp_path / "b.csv", target="income", delimiter=";", columns=["age", "likes", "income"], encoding="cp1252"
    )
    assert data.sizes == plain.sizes
    with pytest.raises(DataError, match=r"single column\n.*\n.*delimiter=';'"):
        open_data(tmp_path / "b.csv", target="income")


def test_number_target_is_standardised_and_decoded(tmp_path: Path) -> None:
    rows = people()
    data = open_data(write(tmp_path, rows), target="income")
    (batch,) = data.batches("train", 1000)
    assert batch.target is not None
    assert data.target is not None
    assert batch.target.dtype == torch.float32
    assert batch.target.mean().item() == pytest.approx(0, abs=1e-5)
    expected = [rows[row + 1][3] for row in batch.rows.tolist()]
    np.testing.assert_allclose(data.target.decode(batch.target.numpy()), np.array(expected, float), rtol=1e-5)


def test_kinds_and_options_overrule(tmp_path: Path) -> None:
    path = write(tmp_path, people())
    data = open_data(path, target="likes", kinds={"age": "category", "income": {"number": {"bins": 4}}, "story": None})
    assert set(data.signals) == {"table"}
    columns = data.state()["preprocessing"]["columns"]
    assert [columns[name]["kind"] for name in ("age", "city", "income")] == ["category", "category", "number"]
    assert len(columns["income"]["edges"]) == 5
    with pytest.raises(UnknownName, match=r"'categry'.*\n.*did you mean 'category'"):
        open_data(path, target="likes", kinds={"age": "categry"})
    with pytest.raises(SettingError, match=r"kinds: age: the settings of kind 'number'.*\n.*bin"):
        open_data(path, target="likes", kinds={"age": {"number": {"bin": 4}}})
    with pytest.raises(DataError, match=r"no column 'agee'\n.*age, city.*\n.*'age'"):
        open_data(path, target="likes", kinds={"agee": "number"})
    with pytest.raises(SettingError, match=r"no option 'contxt'\n.*delimiter, columns, .*encoding, limit"):
        open_data(path, target="likes", contxt=3)
    with pytest.raises(DataError, match="no column is left"):
        open_data(path, target="likes", kinds=dict.fromkeys(["age", "city", "story", "income"]))


def test_whole_numbers_as_target(tmp_path: Path) -> None:
    few = [["x", "y"], *([row, row % 3] for row in range(60))]
    many = [["x", "y"], *([row, row % 30] for row in range(60))]
    assert open_data(write(tmp_path, few), target="y").state()["preprocessing"]["target"]["kind"] == "category"
    assert open_data(write(tmp_path, many), target="y").state()["preprocessing"]["target"]["kind"] == "number"
    data = open_data(write(tmp_path, few), target="y", kinds={"y": "number"})
    assert data.state()["preprocessing"]["target"]["kind"] == "number"


def test_columns_that_say_nothing_are_noted(tmp_path: Path) -> None:
    rows = [["id", "nil", "same", "x", "y"], *([f"k{n}", "", 7, n, "ab"[n % 2]] for n in range(60))]
    data = open_data(write(tmp_path, rows), target="y")
    assert set(data.state()["preprocessing"]["columns"]) == {"same", "x"}
    notes = "\n".join(data.notes)
    assert "'nil' is empty" in notes
    assert "id: no label occurs 2 times" in notes
    assert "same: the same in every training row" in notes


def test_a_column_names_the_splits(tmp_path: Path) -> None:
    words = ["train", "val", "test"]
    rows = [["x", "part", "y"], *([n, words[n % 3], n / 7] for n in range(30))]
    data = open_data(write(tmp_path, rows), target="y", splits={"column": "part"})
    assert data.rows("validation").tolist() == list(range(1, 30, 3))
    assert set(data.state()["preprocessing"]["columns"]) == {"x"}
    rows[4][1] = "tets"
    with pytest.raises(DataError, match=r"row 5, column 'part': this names no split\n.*\n.*'tets'"):
        open_data(write(tmp_path, rows), target="y", splits={"column": "part"})


def faulty(tmp_path: Path, text: str | bytes, **arguments: Any) -> str:
    path = tmp_path / "bad.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as fault:
        open_data(path, **arguments)
    assert str(path) in str(fault.value)
    return str(fault.value)


ROWS = "".join(f"{n},{n % 2}\n" for n in range(20))


def test_errors_name_the_place(tmp_path: Path) -> None:
    assert "the file is empty" in faulty(tmp_path, " \n")
    assert "a header but no rows" in faulty(tmp_path, "a,b\n")
    assert "two columns are called 'a'" in faulty(tmp_path, "a,a\n1,2\n")
    ragged = faulty(tmp_path, "a,b\n1,2\n3,4\n5,6,7\n8,9\n")
    assert "row 4: a row has another number of values" in ragged
    assert "expected: 2 values\n  got: 3: '5,6,7'" in ragged
    assert "line 3 is not utf-8" in faulty(tmp_path, b"a,b\n1,2\n\xff,4\n")
    missing = faulty(tmp_path, "age,y\n" + ROWS, target="aeg")
    assert "no column 'aeg'" in missing
    assert "expected: one of age, y" in missing
    assert "did you mean 'age'?" in missing
    stray = faulty(tmp_path, "a,y\n" + ROWS.replace("7,1", "seven,1"), target="y", kinds={"a": "number"})
    assert "row 9, column 'a': this is not a number" in stray
    assert "got: 'seven'" in stray
    holes = faulty(tmp_path, "a,y\n" + ROWS.replace("7,1", "7,").replace("9,1", "9,NA"), target="y")
    assert "row 9, column 'y': the target is missing in 4 of 20 rows" in holes
    assert "the target is the same in every row" in faulty(tmp_path, "a,y\n" + ROWS.replace(",1", ",0"), target="y")
    assert "infinite" in faulty(tmp_path, "a,y\n" + ROWS.replace("\n7,1", "\ninf,1"), target="y")
    rare = faulty(tmp_path, "a,y\n" + ROWS + "4,2\n", target="y")
    assert "class '2' has 1 row: too few for 3 splits" in rare
    numbers = faulty(tmp_path, "a,y\n" + ROWS.replace("7,1", "7,one"), target="y", kinds={"y": "number"})
    assert "row 9, column 'y': this is not a number" in numbers


def test_only_the_training_rows_decide(tmp_path: Path) -> None:
    """Whatever the other rows hold, the fitted state is the same."""
    rows = people()
    first = open_data(write(tmp_path, rows), target="likes")
    for row in first.rows("test").tolist() + first.rows("validation").tolist():
        rows[row + 1][:4] = [-(10**6), "Atlantis", "words never seen before " * 30, 1e9]
    second = open_data(write(tmp_path, rows), target="likes")
    assert first.fingerprint != second.fingerprint
    assert first.state()["preprocessing"] == second.state()["preprocessing"]
    rows[int(first.rows("test")[0]) + 1][3] = "a word"
    with pytest.raises(
        DataError, match=rf"row {int(first.rows('test')[0]) + 2}, column 'income': this is not a number"
    ):
        open_data(write(tmp_path, rows), target="likes")


def same(first: Data, second: Data, split: str) -> None:
    for one, two in zip(first.batches(split, 7), second.batches(split, 7), strict=True):
        assert one.rows.equal(two.rows)
        assert all(one.inputs[name].equal(two.inputs[name]) for name in one.inputs)
        assert one.targets.keys() == two.targets.keys()
        assert all(one.targets[name].equal(two.targets[name]) for name in one.targets)


def test_state_opens_the_same_and_other_data(tmp_path: Path) -> None:
    rows = people()
    first = open_data(write(tmp_path, rows), target="likes", splits={"folds": 5, "fold": 2}, seed=3)
    state = json.loads(json.dumps(first.state()))
    for again in (reopen(state), open_data(tmp_path / "people.csv", state=state)):
        assert again.state() == first.state()
        for split in ("train", "validation", "test"):
            same(first, again, split)
    some = first.rows("test").tolist()
    new = open_data(write(tmp_path, [rows[0], *(rows[row + 1] for row in some)], "new.csv"), state=state)
    assert new.sizes == {"train": 0, "validation": 0, "test": len(some)}
    (expected,), (got,) = first.batches("test", 99), new.batches("test", 99)
    assert expected.inputs["table"].equal(got.inputs["table"])
    assert expected.inputs["tokens"].equal(got.inputs["tokens"])
    bare = open_data(write(tmp_path, [rows[0][:4], *(rows[row + 1][:4] for row in some)], "bare.csv"), state=state)
    (unlabelled,) = bare.batches("test", 99)
    assert unlabelled.targets == {}
    assert unlabelled.inputs["table"].equal(expected.inputs["table"])
    raw = {name: [rows[row + 1][place] for row in some] for place, name in enumerate(rows[0])}
    served = first.encode(raw)
    assert served.inputs["table"].equal(expected.inputs["table"])
    assert served.inputs["tokens"].equal(expected.inputs["tokens"])


def test_state_refuses(tmp_path: Path) -> None:
    rows = people()
    state = open_data(write(tmp_path, rows), target="likes").state()
    less = write(tmp_path, [row[1:] for row in rows], "less.csv")
    with pytest.raises(DataError, match=r"less.csv: there is no column 'age'\n.*city"):
        open_data(less, state=state)
    rows[5][4] = "maybe"
    with pytest.raises(DataError, match=r"row 6, column 'likes': the target is no label.*\n.*no, yes\n.*'maybe'"):
        open_data(write(tmp_path, rows, "odd.csv"), state=state)
    with pytest.raises(SettingError, match="already"):
        open_data(tmp_path / "people.csv", state=state, splits="random")
    with pytest.raises(DataError, match="it lacks preprocessing"):
        open_data(tmp_path / "people.csv", state={k: v for k, v in state.items() if k != "preprocessing"})
    with pytest.raises(DataError, match="the same number of values"):
        open_data(tmp_path / "people.csv", target="likes").encode({"age": [1], "city": ["Oslo", "Paris"]})


@given(st.lists(st.tuples(st.integers(-5, 5), st.text("ab,\"\n;' é", max_size=5)), min_size=12, max_size=20))
@settings(max_examples=25, deadline=None)
def test_a_file_reads_as_the_columns_it_was_written_from(rows: list[tuple[int, str]]) -> None:
    import tempfile

    table = [["a", "b", "y"], *([a, f"x{b}", n] for n, (a, b) in enumerate(rows))]
    with tempfile.TemporaryDirectory() as folder:
        kinds: dict[str, Any] = {"b": {"category": {"least": 1}}, "y": "number"}
        # lines of a value that have as many commas as a row are asked about
        like_rows = any(b.count(",") >= 2 and b.count("\n") >= 2 for _, b in rows)
        quote = {"quote": "double"} if like_rows else {}
        file = open_data(write(Path(folder), table), target="y", kinds=kinds, **quote)
    columns = {str(name): [row[place] for row in table[1:]] for place, name in enumerate(table[0])}
    memory = open_data(columns, target="y", kinds=kinds)
    assert file.state()["preprocessing"] == memory.state()["preprocessing"]
    same(file, memory, "train")
