"""One table, through every source: the same kinds, the same values, the same notes."""

import csv
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weftnet.data import open_data
from weftnet.data.rows import RowData

Table = dict[str, list[Any]]


def cell(value: Any) -> str:
    return "" if value is None else str(value)


def as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def objects(table: Table) -> list[dict[str, Any]]:
    return [
        {name: as_json(value) for name, value in zip(table, row, strict=True)}
        for row in zip(*table.values(), strict=True)
    ]


def write_csv(table: Table, path: Path, delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(table)
        writer.writerows([cell(value) for value in row] for row in zip(*table.values(), strict=True))
    return path


def write_lines(table: Table, path: Path) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in objects(table)), encoding="utf-8")
    return path


def write_json(table: Table, path: Path) -> Path:
    path.write_text(json.dumps(objects(table)), encoding="utf-8")
    return path


def write_parquet(table: Table, path: Path) -> Path:
    pq.write_table(pa.table(table), path)
    return path


def write_feather(table: Table, path: Path) -> Path:
    feather.write_feather(pa.table(table), str(path))
    return path


def write_stream(table: Table, path: Path) -> Path:
    with pa.ipc.new_stream(str(path), (whole := pa.table(table)).schema) as stream:
        stream.write_table(whole)
    return path


def write_arrays(table: Table, path: Path) -> Path:
    np.savez(path, **{name: np.array(values) for name, values in table.items()})
    return path


FILES: dict[str, Callable[[Table, Path], Path]] = {
    "csv": write_csv,
    "tsv": lambda table, path: write_csv(table, path, "\t"),
    "jsonl": write_lines,
    "json": write_json,
    "parquet": write_parquet,
    "feather": write_feather,
    "arrow": write_stream,
}


def halves(table: Table, ending: str, path: Path) -> Path:
    """The table as two files of a folder."""
    (folder := path / f"{ending} parts").mkdir()
    half = len(next(iter(table.values()))) // 2
    for number, part in enumerate((slice(half), slice(half, None))):
        values = {name: column[part] for name, column in table.items()}
        FILES[ending](values, folder / f"part-{number}.{ending}")
    return folder


class Interchanged:
    """A frame of a library that knows the protocol of data frames alone."""

    def __init__(self, table: Table) -> None:
        self.table = pa.table(table)

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        return self.table.__dataframe__(nan_as_null, allow_copy)


class Streamed:
    """A frame of a library that knows Arrow's stream alone, as of polars."""

    def __init__(self, table: Table) -> None:
        self.table = pa.table(table)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


def sources(table: Table, path: Path) -> dict[str, Any]:
    made: dict[str, Any] = {name: write(table, path / f"a.{name}") for name, write in FILES.items()}
    made |= {f"a folder of {ending}": halves(table, ending, path) for ending in ("csv", "jsonl", "parquet")}
    made |= {"a mapping": table, "pandas": pd.DataFrame(table).convert_dtypes(), "arrow's stream": Streamed(table)}
    if not any(isinstance(value, date | bool) for column in table.values() for value in column):
        made["interchange"] = Interchanged(table)
    if not any(isinstance(value, date) or value is None for column in table.values() for value in column):
        made["npz"] = write_arrays(table, path / "b.npz")
    return made


def known(data: Any) -> tuple[Any, ...]:
    """What was understood, without where it lies."""
    assert isinstance(data, RowData)
    state = data.preprocessing.state()
    return (
        {name: kind["kind"] for name, kind in state["columns"].items()},
        state["target"] and state["target"]["kind"],
        [note for note in data.notes if not re.search(r"rows of a (random )?sample", note)],
    )


COUNT = 60
DAYS = st.integers(0, 900).map(lambda days: date(2020, 1, 1) + timedelta(days))
WORDS = st.sampled_from(["red", "green", "blue", "Straße", "很好"])
COLUMNS = {
    "whole": st.integers(-(10**6), 10**6),
    "few": st.integers(0, 3),
    "real": st.floats(-1e6, 1e6).map(lambda value: round(value, 3) + 0.5),
    "word": WORDS,
    "truth": st.booleans(),
    "day": DAYS,
    "text": st.lists(WORDS, min_size=5, max_size=9).map(" ".join),
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=4, unique=True))
    gaps = draw(st.lists(st.sampled_from(names), max_size=1))
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    table: Table = {}
    for name in names:
        pool = draw(st.lists(COLUMNS[name], min_size=30, max_size=30))
        table[name] = [pool[place] for place in rng.integers(0, len(pool), COUNT)]
        if name in gaps:
            table[name] = [None if rng.random() < 0.1 else value for value in table[name]]
    kind = draw(st.sampled_from(["class", "real", "many"]))
    targets = {"class": ["a", "b", "c"], "real": [n / 7 + 0.05 for n in range(40)], "many": list(range(30))}
    table["y"] = [targets[kind][place] for place in rng.permutation(COUNT) % len(targets[kind])]
    return table


@given(tables())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_same_table_from_every_source(tmp_path_factory: pytest.TempPathFactory, table: Table) -> None:
    made = sources(table, tmp_path_factory.mktemp("t"))
    opened = {name: open_data(source, target="y") for name, source in made.items()}
    expected = known(opened["csv"])
    for name, data in opened.items():
        assert known(data) == expected, name
        for split, rows in opened["csv"].sizes.items():
            assert data.sizes[split] == rows, name
        for batch, first in zip(data.batches("test", 99), opened["csv"].batches("test", 99), strict=True):
            for each in batch.inputs:
                np.testing.assert_allclose(batch.inputs[each], first.inputs[each], atol=1e-5, err_msg=f"{name}: {each}")
            assert batch.target.tolist() == first.target.tolist(), name
