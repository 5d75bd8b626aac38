"""Parquet files: every type read as documented, against pandas' and Python's own values; bad ones refused by name."""

import datetime as dt
import decimal
import gzip
import io
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import feather, parquet

from weftnet.data import open_data
from weftnet.data.sources import parquet as source
from weftnet.data.sources._ipc_size import largest_message
from weftnet.errors import DataError

COUNT = 40


def picture(row: int) -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(row).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def table() -> pa.Table:
    day = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return pa.table(
        {
            "whole": pa.array(range(COUNT), pa.int16()),
            "holes": pa.array([None if row % 7 == 2 else row for row in range(COUNT)], pa.int64()),
            "real": pa.array([None if row % 9 == 1 else row / 3 for row in range(COUNT)], pa.float32()),
            "yes": pa.array([row % 3 == 0 for row in range(COUNT)]),
            "price": pa.array([decimal.Decimal(row) / 4 for row in range(COUNT)], pa.decimal128(10, 2)),
            "date": pa.array([(day + dt.timedelta(days=row)).date() for row in range(COUNT)], pa.date32()),
            "when": pa.array([None if row == 5 else day + dt.timedelta(hours=row) for row in range(COUNT)]),
            "clock": pa.array([dt.time(row % 24, row) for row in range(COUNT)], pa.time32("s")),
            "zip": pa.array([f"0{row % 4}" for row in range(COUNT)]),
            "city": pa.array(["Oslo", "Rome", None, "Kyiv"] * 10).dictionary_encode(),
            "tags": pa.array([["a"], ["b", "a"], [], ["b"]] * 10, pa.list_(pa.string())),
            "vector": pa.array([[row, 1.5, -row] for row in range(COUNT)], pa.list_(pa.float32())),
            "pulse": pa.array([[[row], [2], [3], [4]] for row in range(COUNT)]),
            "photo": pa.array([{"bytes": picture(row), "path": "x.png"} for row in range(COUNT)]),
        }
    )


def test_every_type(tmp_path: Path) -> None:
    parquet.write_table(table(), tmp_path / "all.parquet", row_group_size=7)
    content = source.read(tmp_path / "all.parquet")
    raw = {name: values.tolist() for name, values in content.columns.items()}
    expected = {name: column.to_pylist() for name, column in zip(table().column_names, table().columns, strict=True)}
    for name in ("whole", "holes", "yes", "zip", "city", "tags", "pulse"):
        assert raw[name] == expected[name]
    numbers = [np.nan if value is None else float(value) for value in expected["price"]]
    np.testing.assert_array_equal(raw["price"], numbers)
    np.testing.assert_array_equal(content.columns["real"], np.array(expected["real"], np.float32))
    assert [moment.date() for moment in raw["date"]] == expected["date"]
    assert raw["when"][5] is None
    assert raw["when"][6].replace(tzinfo=dt.UTC) == expected["when"][6]
    assert raw["clock"] == [time.isoformat() for time in expected["clock"]]
    assert content.columns["vector"].shape == (COUNT, 3)
    assert content.columns["pulse"].shape == (COUNT, 4, 1)
    assert raw["photo"] == [value["bytes"] for value in expected["photo"]]


def test_kinds_follow_the_types(tmp_path: Path) -> None:
    parquet.write_table(table(), tmp_path / "all.parquet")
    data = open_data(tmp_path / "all.parquet", target="yes")
    kinds = {name: kind["kind"] for name, kind in data.state()["preprocessing"]["columns"].items()}
    assert kinds == {
        "whole": "number", "holes": "number", "real": "number", "price": "number", "date": "date", "when": "date",
        "clock": "date", "zip": "category", "city": "category", "tags": "labels", "vector": "vector",
        "pulse": "series", "photo": "image",
    }  # fmt: skip
    few = open_data(tmp_path / "all.parquet", target="yes", columns=["yes", "real", "zip"])
    assert few.signals["table"].sizes == (1 + 1 + 5,)
    assert few.state()["options"] == {"columns": ["yes", "real", "zip"]}


def test_packed_and_feather_hold_the_same(tmp_path: Path) -> None:
    parquet.write_table(table(), tmp_path / "a.parquet")
    (tmp_path / "b.parquet.xz").write_bytes(lzma.compress((tmp_path / "a.parquet").read_bytes(), preset=0))
    feather.write_feather(table(), tmp_path / "c.feather")
    first, second, third = (
        open_data(tmp_path / name, target="yes") for name in ("a.parquet", "b.parquet.xz", "c.feather")
    )
    assert first.fingerprint == second.fingerprint
    for other in (second, third):
        assert other.state()["preprocessing"] == first.state()["preprocessing"]


def as_stream(path: Path, rows: pa.Table) -> Path:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=700)
    return path


def test_an_arrow_stream_holds_the_same(tmp_path: Path) -> None:
    whole = pa.concat_tables([table()] * 50)
    with pa.OSFile(str(tmp_path / "file.arrow"), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    stream = as_stream(tmp_path / "stream.arrow", whole)
    (tmp_path / "packed.arrow.gz").write_bytes(gzip.compress(stream.read_bytes()))
    expected = open_data(tmp_path / "file.arrow", target="yes").state()["preprocessing"]
    for name in ("stream.arrow", "packed.arrow.gz"):
        for memory in (None, "1MiB"):
            assert open_data(tmp_path / name, target="yes", memory=memory).state()["preprocessing"] == expected
    few = open_data(stream, target="yes", columns=["yes", "whole"])
    assert {name: signal.text() for name, signal in few.signals.items()} == {"table": "vector:1"}


@pytest.mark.parametrize("memory", [None, "1MiB"])
def test_an_arrow_stream_that_is_cut_short_is_refused(tmp_path: Path, memory: str | None) -> None:
    """A stream may end behind any batch: only the mark at its end tells that none is lacking."""
    rows = pa.table({"n": np.arange(200000.0), "y": np.arange(200000) % 2})
    whole = as_stream(tmp_path / "a.arrow", rows).read_bytes()
    for length in (len(whole) - 8, len(whole) // 2, 100, 1):
        (tmp_path / "bad.arrow").write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"bad\.arrow: the file is damaged or cut short"):
            open_data(tmp_path / "bad.arrow", target="y", memory=memory)


def hub_table(count: int, shift: int = 0) -> pa.Table:
    info = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    rows = {"size": [float(row + shift) for row in range(count)], "label": [row % 2 for row in range(count)]}
    return pa.table(rows).replace_schema_metadata({"huggingface": json.dumps(info)})


@pytest.mark.parametrize("layout", ["data/{}-00000-of-00001.parquet", "{}/0000.parquet"])
def test_a_folder_as_the_hub_lays_it(tmp_path: Path, layout: str) -> None:
    for split, count in (("train", 30), ("test", 10)):
        file = tmp_path / layout.format(split)
        file.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(hub_table(count, 1000 * (split == "test")), file)
    data = open_data(tmp_path)
    assert data.sizes == {"train": 26, "validation": 4, "test": 10}
    assert data.target is not None
    assert data.target.labels == ["cat", "dog"]  # type: ignore[attr-defined]
    assert data.rows("test").tolist() == list(range(30, 40))


def refused(path: Path, content: Any, name: str = "bad.parquet", **arguments: Any) -> str:
    if isinstance(content, bytes):
        (path / name).write_bytes(content)
    else:
        parquet.write_table(pa.table(content), path / name)
    with pytest.raises(DataError) as fault:
        open_data(path / name, **arguments)
    assert str(path / name) in str(fault.value)
    return str(fault.value)


def test_bad_files_are_refused(tmp_path: Path) -> None:
    parquet.write_table(table(), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    assert "damaged or cut short" in refused(tmp_path, whole[:-100])
    assert "damaged or cut short" in refused(tmp_path, b"")
    assert "damaged or cut short" in refused(tmp_path, b"nothing of it", "bad.feather")
    assert "no rows" in refused(tmp_path, {"a": pa.array([], pa.int64())})
    assert "larger than the limit" in refused(tmp_path, {"a": np.zeros(100000)}, limit=20000)
    mistaken = refused(tmp_path, {"age": [1, 2], "y": [0, 1]}, columns=["aeg"])
    assert "there is no column 'aeg'" in mistaken
    assert "did you mean 'age'?" in mistaken


def test_bad_values_are_named(tmp_path: Path) -> None:
    y = [0, 1, 0, 1]
    ragged = refused(tmp_path, {"v": [[1, 2], [3, 4], [5], [6, 7]], "y": y}, target="y")
    assert "row 3, column 'v': the lists of a column differ in length" in ragged
    assert "expected: shape (2,), as in the first row\n  got: shape (1,)" in ragged
    assert "row 2, column 'v': a list is missing" in refused(tmp_path, {"v": [[1], None, [2], [3]], "y": y})
    assert "row 2, column 'v': a list holds a missing" in refused(tmp_path, {"v": [[1], [None], [2], [3]], "y": y})
    assert "row 4, column 'v': the lists within a row" in refused(
        tmp_path, {"v": [[[1], [2]], [[1], [2]], [[3], [4]], [[5], [6, 7]]], "y": y}
    )
    nested = refused(tmp_path, {"v": [{"a": 1}] * 4, "y": y})
    assert "column 'v': a column of the type struct<a: int64> is not supported" in nested
    assert "fix: read other columns than " in nested
    outside = pa.array(
        [{"bytes": None, "path": "/etc/passwd"}] * 4, pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    )
    assert "a path in the data is never opened" in refused(tmp_path, {"v": outside, "y": y})


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    parquet.write_table(hub_table(4), tmp_path / "train-0.parquet")
    parquet.write_table(hub_table(4).rename_columns(["size", "other"]), tmp_path / "test-0.parquet")
    with pytest.raises(
        DataError, match=r"test-0.parquet: the tables differ in their columns\n.*size, label\n.*size, other"
    ):
        open_data(tmp_path)


def test_a_feather_file_that_would_fill_the_memory(tmp_path: Path) -> None:
    """Arrow would allocate the whole batch at once: its size is known before."""
    feather.write_feather(pa.table({"a": np.zeros(2**23)}), tmp_path / "a.feather", compression="zstd", chunksize=2**23)
    assert (tmp_path / "a.feather").stat().st_size < 10_000
    for memory in (None, "1MiB"):
        with pytest.raises(DataError, match=r"larger than the limit[\s\S]*WEFTNET_LIMITS=expansion"):
            open_data(str(tmp_path / "a.feather"), memory=memory)


@pytest.mark.parametrize("compression", ["zstd", "lz4", "uncompressed"])
def test_sizes_of_messages_are_those_of_their_buffers(compression: str, tmp_path: Path) -> None:
    table = pa.table(
        {"a": np.arange(4000.0), "w": pa.array(["x", "yy"] * 2000), "d": pa.array([7, 9] * 2000).dictionary_encode()}
    )
    feather.write_feather(table, tmp_path / "a.feather", compression=compression, chunksize=4000)
    with pa.memory_map(str(tmp_path / "a.feather")) as stream:
        stream.seek(8)
        assert table.nbytes * 0.9 < largest_message(stream) < table.nbytes * 1.1
    data = open_data(str(tmp_path / "a.feather"))
    assert sum(data.sizes.values()) == 4000


@pytest.mark.parametrize("memory", [None, "1MiB"])
@pytest.mark.parametrize("what", ["offsets", "indices"])
def test_what_points_out_of_the_memory_is_refused(what: str, memory: str | None, tmp_path: Path) -> None:
    words = pa.array([f"word {row % 3}" for row in range(40)])
    column = words if what == "offsets" else words.dictionary_encode()
    table = pa.table({"word": column, "y": list(range(40))})
    path = tmp_path / "a.feather"
    feather.write_feather(table, path, compression="uncompressed")
    raw = path.read_bytes()
    values = range(0, 40 * 6, 6) if what == "offsets" else [row % 3 for row in range(40)]
    there = np.array(values, np.int32).tobytes()
    assert raw.count(there) == 1
    for wrong in (2**31 - 1, -(2**31), -1, 2**20):
        spoilt = np.array([*values[:20], wrong, *values[21:]], np.int32).tobytes()
        path.write_bytes(raw.replace(there, spoilt))
        with pytest.raises(DataError, match="damaged or cut short"):
            open_data(path, target="y", **({"memory": memory} if memory else {}))
