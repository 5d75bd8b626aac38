"""Folders and files of tables are read as anybody would: splits, partitions, indices, missing headers."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from weftnet.answer.predict import example_files, without_target
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.data.sources._header import looks_like_data
from weftnet.data.sources._layout import key_values, keys_of
from weftnet.errors import DataError, SettingError

LITTLE = "1MiB"


def rows(count: int, start: int = 0) -> list[str]:
    draw = random.Random(start)
    return [f"{draw.gauss(0, 1):.4f},{'ab'[row % 2]}" for row in range(start, start + count)]


def table(path: Path, count: int = 40, head: str = "n,y", start: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *rows(count, start)]) + "\n")
    return path


def noted(data: Data, *words: str) -> bool:
    return any(all(word in note for word in words) for note in data.notes)


def test_tables_named_for_splits(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", 60)
    table(tmp_path / "test.csv", 21, start=100)
    table(tmp_path / "sample_submission.csv", 5)
    data = open_data(tmp_path, target="y")
    assert data.sizes["test"] == 21
    assert sum(data.sizes.values()) == 81
    assert noted(data, "sample_submission.csv", "left out")


def test_a_test_table_without_the_target_is_to_be_answered_and_says_what_the_target_is(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", 60)
    (tmp_path / "test.csv").write_text("n\n1\n2\n")
    data = open_data(tmp_path)
    assert data.target_column == "y"  # type: ignore[attr-defined]
    assert sum(data.sizes.values()) == 60
    assert noted(data, "test.csv", "has no 'y'", "weftnet predict RUN")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("memory", [None, LITTLE])
def test_partitions_are_columns(tmp_path: Path, ending: str, memory: str | None) -> None:
    for year in (2019, 2020):
        for label in ("cat", "big dog"):
            folder = tmp_path / f"year={year}" / f"label={label.replace(' ', '%20')}"
            if ending == "csv":
                table(folder / "part-0.csv", 20, "n,m")
            else:
                folder.mkdir(parents=True)
                values = np.random.default_rng(year).normal(size=20)
                pq.write_table(pa.table({"n": values, "m": values > 0}), folder / "part-0.parquet")
    data = open_data(tmp_path, target="label", memory=memory)
    assert data.target.labels == ["big dog", "cat"]  # type: ignore[union-attr]
    assert sum(data.sizes.values()) == 80
    raw = data.raw(np.array([0, 79]))  # type: ignore[attr-defined]
    assert raw["year"].tolist() == [2019, 2020]


def test_values_of_partitions() -> None:
    assert keys_of(Path("/x/a=1/b=x%2Fy/c=__HIVE_DEFAULT_PARTITION__/d/f.csv"), Path("/x")) == {
        "a": "1",
        "b": "x/y",
        "c": None,
    }
    assert key_values(["1", "-20"], [1, 2]).tolist() == [1, -20, -20]
    assert key_values(["01", "2"], [1, 1]).tolist() == ["01", "2"]


def test_tables_that_do_not_belong_together_are_named(tmp_path: Path) -> None:
    table(tmp_path / "people.csv")
    table(tmp_path / "shops.csv", head="a,b")
    with pytest.raises(DataError, match=r"differ in their columns[\s\S]*open one of them: .*shops.csv"):
        open_data(tmp_path)


def test_errors_of_joined_tables_name_their_file_and_row(tmp_path: Path) -> None:
    for part in ("part-0.csv", "part-1.csv"):
        table(tmp_path / part, 40)
    path = tmp_path / "part-1.csv"
    path.write_text(path.read_text().replace("\n", "\nsomething,a\n", 1))
    with pytest.raises(DataError, match=r"part-1.csv: row 2, column 'n'"):
        open_data(tmp_path, target="y")


def test_a_folder_inside_a_folder(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / "photos" / "photos" / label).mkdir(parents=True)
        for number in range(12):
            name = tmp_path / "photos" / "photos" / label / f"{number}.png"
            Image.new("L", (4, 4), number).save(name)
    (tmp_path / "photos" / "__MACOSX").mkdir()
    data = open_data(tmp_path / "photos")
    assert data.target.labels == ["cat", "dog"]  # type: ignore[union-attr]
    assert noted(data, "the folder inside it is read")
    hidden = tmp_path / "photos" / "photos" / "cat" / "._0.png"
    hidden.write_bytes(b"Mac OS X")
    assert hidden not in example_files(tmp_path / "photos")
    assert len(example_files(tmp_path / "photos")) == 24


@pytest.mark.parametrize("memory", [None, LITTLE])
def test_a_line_that_names_the_delimiter(tmp_path: Path, memory: str | None) -> None:
    lines = "\n".join(rows(3000)).replace(",", ";")
    (tmp_path / "excel.csv").write_text(f"sep=;\nn;y\n{lines}\n")
    data = open_data(tmp_path / "excel.csv", target="y", memory=memory)
    assert sum(data.sizes.values()) == 3000
    (tmp_path / "excel.csv").write_text(f"sep=;\nn;y\n{lines}\nx;a\n")
    with pytest.raises(DataError, match="row 3003, column 'n'"):
        open_data(tmp_path / "excel.csv", target="y", memory=memory)


@pytest.mark.parametrize("memory", [None, LITTLE])
def test_a_missing_header_is_said_with_the_option_that_names_the_columns(tmp_path: Path, memory: str | None) -> None:
    draw = random.Random(0)
    lines = [
        f"{draw.gauss(10, 3):.1f},{draw.gauss(0, 1):.2f},{'setosa' if n % 2 else 'virginica'}" for n in range(2000)
    ]
    (tmp_path / "iris.csv").write_text("\n".join(lines) + "\n")
    assert noted(open_data(tmp_path / "iris.csv", memory=memory), "looks like data", "--data-set 'columns=[column_1, ")
    data = open_data(tmp_path / "iris.csv", columns=["a", "b", "c"], target="c", memory=memory)
    assert sum(data.sizes.values()) == 2000
    assert not noted(data, "looks like data")


def test_one_fraction_among_the_names_is_enough() -> None:
    columns = {name: np.array(["a", "b"]) for name in ("5.1", "name", "kind", "2020")}
    (note,) = looks_like_data(list(columns), columns)
    assert "the first row looks like data ('5.1', 'name', 'kind')" in note
    del columns["5.1"]
    assert looks_like_data(list(columns), columns) == ()


def test_names_of_years_are_no_header_that_is_missed(tmp_path: Path) -> None:
    assert not noted(open_data(table(tmp_path / "t.csv", head="n,2020"), target="2020"), "looks like data")


def test_a_saved_index_is_left_out(tmp_path: Path) -> None:
    lines = [f"{number},{line}" for number, line in enumerate(rows(60))]
    (tmp_path / "saved.csv").write_text("\n".join([",n,y", *lines]) + "\n")
    data = open_data(tmp_path / "saved.csv", target="y")
    assert data.signals["table"].numel == 1
    assert noted(data, "Unnamed: 0", "left out", "--kind 'Unnamed: 0=number'")
    kept = open_data(tmp_path / "saved.csv", target="y", kinds={"Unnamed: 0": "number"})
    assert kept.signals["table"].numel == 2


@pytest.mark.parametrize("memory", [None, LITTLE])
def test_what_pandas_calls_an_index_in_its_metadata(tmp_path: Path, memory: str | None) -> None:
    draw = np.random.default_rng(0)
    columns = {"n": draw.normal(size=300), "y": np.repeat(["a", "b"], 150), "row": np.arange(300)}
    described: Any = {"index_columns": ["row"], "columns": []}
    table_ = pa.table(columns).replace_schema_metadata({b"pandas": json.dumps(described).encode()})
    pq.write_table(table_, tmp_path / "sorted.parquet")
    data = open_data(tmp_path / "sorted.parquet", target="y", memory=memory)
    assert data.signals["table"].numel == 1
    assert noted(data, "row: the index of the table", "--kind row=number")


def test_texts_and_labels_without_a_header_are_said(tmp_path: Path) -> None:
    words = [f"{'ham' if n % 2 else 'spam'}\tgood day number {n} of all" for n in range(40)]
    (tmp_path / "sms.tsv").write_text("\n".join(words) + "\n")
    assert noted(open_data(tmp_path / "sms.tsv"), "looks like data", "--data-set 'columns=[column_1, column_2]'")


def test_a_name_with_a_fraction_is_data(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("".join(f"name{n},street{n % 9},{n / 8 + 0.125}\n" for n in range(40)))
    assert noted(open_data(tmp_path / "a.csv"), "looks like data")


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_delimiter_is_named(tmp_path: Path, mark: str) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["n,y", *rows(40)]).replace(",", mark))
    with pytest.raises(DataError, match="the header is a single column") as why:
        open_data(tmp_path / "a.csv")
    assert f"delimiter={mark!r}" in str(why.value)


def frames(folder: Path, ending: str, test: dict[str, Any], count: int = 60) -> None:
    train = {
        "n": np.random.default_rng(0).normal(size=count).round(3).tolist(),
        "y": ["ab"[n % 2] for n in range(count)],
    }
    for split, columns in (("train", train), ("test", test)):
        folder.mkdir(exist_ok=True)
        if (ending if split == "test" else "parquet") == "parquet":
            pq.write_table(pa.table(columns), folder / f"{split}.parquet")
        else:
            lines = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
            (folder / f"{split}.csv").write_text("\n".join([",".join(columns), *lines]) + "\n")


@pytest.mark.parametrize("ending", ["parquet", "csv"])
@pytest.mark.parametrize("memory", [None, LITTLE])
def test_a_test_file_beside_parquet_without_the_target_is_to_be_answered(
    tmp_path: Path, ending: str, memory: str | None
) -> None:
    frames(tmp_path / "set", ending, {"n": [1.5, 2.5, -1.0]})
    data = open_data(tmp_path / "set", memory=memory)
    assert data.target_column == "y"  # type: ignore[attr-defined]
    assert sum(data.sizes.values()) == 60
    assert noted(data, f"test.{ending}", "weftnet predict RUN")
    asked = open_data(tmp_path / "set", state=without_target(data.state()))
    assert asked.sizes == {"train": 0, "validation": 0, "test": 3}


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_test_file_beside_parquet_with_the_target_is_a_split(tmp_path: Path, ending: str) -> None:
    frames(tmp_path / "set", ending, {"y": ["a", "b", "a"], "n": [1.5, 2.5, -1.0]})
    data = open_data(tmp_path / "set", target="y")
    assert data.sizes["test"] == 3
    assert sum(data.sizes.values()) == 63


def test_folders_that_say_something_nobody_reads_are_named(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / "a" / label).mkdir(parents=True)
        pq.write_table(pa.table({"n": list(range(20)), "m": [0.5] * 20}), tmp_path / "a" / label / "0.parquet")
        table(tmp_path / "b" / label / "0.csv", 20)
    table(tmp_path / "b" / "whole.csv", 40)
    assert noted(open_data(tmp_path / "a"), "folders cat, dog", "label=cat")
    assert noted(open_data(tmp_path / "b"), "folders cat, dog", "not read")


def opened_alike(path: Path, memory: str, **options: Any) -> None:
    whole, streamed = open_data(path, **options), open_data(path, memory=memory, **options)
    assert whole.sizes == streamed.sizes
    assert whole.notes == [note for note in streamed.notes if "on disk" not in note and "encoded" not in note]
    for one, other in zip(whole.batches("train", 500), streamed.batches("train", 500), strict=True):
        assert all((one.inputs[name] == other.inputs[name]).all() for name in one.inputs)
        assert (one.target == other.target).all()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_parts_larger_than_memory_are_streamed(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    draw = np.random.default_rng(0)
    (tmp_path / "set").mkdir()
    for part in range(3):
        n = draw.normal(size=2500).round(4).tolist()
        y = [("a", "b")[value > 0] for value in n]
        path = tmp_path / "set" / f"part-{part}.{ending}"
        if ending == "csv":
            path.write_text("\n".join(["n,y", *(f"{a},{b}" for a, b in zip(n, y, strict=True))]) + "\n")
        elif ending == "jsonl":
            path.write_text("\n".join(json.dumps({"n": a, "y": b}) for a, b in zip(n, y, strict=True)))
        else:
            pq.write_table(pa.table({"n": n, "y": y}), path)
    opened_alike(tmp_path / "set", "1MiB", target="y")


def test_options_of_the_files_of_a_folder(tmp_path: Path) -> None:
    for part in ("part-0.csv", "part-1.csv"):
        path = table(tmp_path / "set" / part)
        path.write_text(path.read_text().replace(",", ";").replace(".", ","))
    data = open_data(tmp_path / "set", target="y", delimiter=";", decimal=",")
    assert data.preprocessing.columns["n"].std < 3  # type: ignore[attr-defined]
    (tmp_path / "set" / "part-2.jsonl").write_text('{"n": 1.5, "y": "a"}')
    with pytest.raises(SettingError, match="the option 'delimiter' can't be used"):
        open_data(tmp_path / "set", target="y", delimiter=";")
    pq.write_table(pa.table({"n": [1.5] * 20, "y": ["a", "b"] * 10}), tmp_path / "set" / "part-3.parquet")
    assert noted(open_data(tmp_path / "set"), "part-0.csv, part-1.csv", "another format")


def test_images_are_asked_for_and_their_masks_are_not(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for folder in ("images", "masks"):
            (tmp_path / split / folder).mkdir(parents=True)
            Image.new("L", (4, 4)).save(tmp_path / split / folder / "0.png")
    images = [tmp_path / split / "images" / "0.png" for split in ("test", "train")]
    assert example_files(tmp_path) == images
    assert example_files(tmp_path / "test") == images[:1]
    assert example_files(tmp_path / "test" / "masks") == [tmp_path / "test" / "masks" / "0.png"]
