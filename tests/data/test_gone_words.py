"""Values that are missing or not: words that are answers like others, numbers that stand for a missing one."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.answer.manifest import TableFacts
from weftnet.data import open_data
from weftnet.data.kinds._stand_ins import stand_ins
from weftnet.errors import DataError

PRESENT = {"present": ["None", "NA"]}


def rows(number: int = 240) -> str:
    grades, zones = ("none", "mild", "severe"), ("NA", "EU", "AS", "NA ")
    return "".join(
        f"{row % 17},{zones[row % 4]},{'n/a' if row % 5 == 0 else row / 7:},{grades[row % 3]}\n"
        for row in range(number)
    )


def written(folder: Path, form: str) -> Path:
    header = "x,zone,size,grade\n"
    if form == "folder":
        (folder / "data").mkdir()
        (folder / "data" / "train.csv").write_text(header + rows())
        (folder / "data" / "test.csv").write_text(header + rows(60))
        return folder / "data"
    text, name = header + rows(), "data.csv"
    if form == "tabs":
        text, name = text.replace(",", "\t"), "data.tsv"
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("memory", [None, "1MiB"])
@pytest.mark.parametrize("form", ["commas", "tabs", "folder"])
def test_a_word_that_is_an_answer(form: str, memory: str | None, tmp_path: Path) -> None:
    options: dict[str, Any] = {"target": "grade"} | ({"memory": memory} if memory else {})
    path = written(tmp_path, form)
    with pytest.raises(DataError, match=r"(?s)the target is missing in.*--data-set 'present=\[none, NA\]'"):
        open_data(path, **options)
    data = open_data(path, **options, **PRESENT)
    assert data.target is not None
    assert sorted(data.state()["preprocessing"]["target"]["labels"]) == ["mild", "none", "severe"]
    assert not [note for note in data.notes if "read as missing" in note and note.startswith(("zone", "grade"))]
    assert "NA" in data.state()["preprocessing"]["columns"]["zone"]["labels"]
    lost = open_data(path, **options, present=["none"])
    told = [note for note in lost.notes if note.startswith("zone: ") and "× 'NA' read as missing" in note]
    assert len(told) == (2 if form == "folder" else 1)  # of each file
    assert all(note.endswith("--data-set 'present=[none, NA]', present=['none', 'NA']") for note in told)
    assert not [note for note in lost.notes if note.startswith("size: ") and "like others" in note]  # beside numbers


def test_an_exported_runner_knows_them() -> None:
    cells = TableFacts.of(PRESENT).cells
    assert [cells(word) for word in ("none", "NA", "null", "")] == ["none", "NA", None, None]


@given(
    seed=st.integers(0, 2**32), value=st.sampled_from([-999.0, 0.0, 1e20, 9999.0]), count=st.integers(1, 40),
    chunk=st.integers(1, 50),
)  # fmt: skip
def test_numbers_that_stand_for_a_missing_one(seed: int, value: float, count: int, chunk: int) -> None:
    rng = np.random.default_rng(seed)
    real = rng.uniform(150, 200, rng.integers(20, 90))
    assert not stand_ins([real, real, np.array([np.nan])])
    mixed = rng.permutation([*real, *[value] * count, np.nan])
    found = stand_ins(mixed[start : start + chunk] for start in range(0, len(mixed), chunk))
    assert dict(found) == ({value: count} if 1 < count <= len(real) else {})


def test_counts_and_truth_values_are_none() -> None:
    few = np.repeat([0.0, 1.0, 100.0], [50, 40, 10])
    assert not stand_ins([few])
    assert not stand_ins([np.repeat([0.0, 1.0], 50)])
    assert not stand_ins([np.full(9, np.nan)])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_they_are_named_and_read_as_missing(form: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    age = np.where(rng.random(300) < 0.1, -999.0, rng.integers(1, 90, 300))
    frame, path = pd.DataFrame({"age": age, "y": rng.normal(size=300)}), tmp_path / f"data.{form}"
    getattr(frame, f"to_{form}")(path, index=False)
    notes = [note for note in open_data(path, target="y").notes if note.startswith("age: ")]
    (note,) = notes
    assert note.endswith("kinds={'age': {'number': {'gaps': ['-999']}}}")
    data = open_data(path, target="y", kinds={"age": {"number": {"gaps": ["-999"]}}})
    state = data.state()["preprocessing"]["columns"]["age"]
    assert (state["missing"], state["bounds"]) == (True, [1.0, 89.0])
