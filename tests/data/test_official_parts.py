"""Files named as validation and test part: read as they are, found again, and without a say in anything fitted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from weftnet.answer.predict import without_target
from weftnet.data import Data, open_data
from weftnet.data.opening import reopen
from weftnet.errors import DataError, SettingError

Rows = list[dict[str, Any]]


def rows(count: int, seed: int, scale: float = 1.0) -> Rows:
    rng = np.random.default_rng(seed)
    return [
        {"n": round(float(scale * rng.normal()), 4), "city": ["Oslo", "Rome"][rng.integers(2)],
         "who": f"p{rng.integers(8)}", "day": row, "y": ["a", "b"][row % 2]}
        for row in range(count)
    ]  # fmt: skip


def csv(path: Path, table: Rows) -> Path:
    lines = [",".join(table[0]), *(",".join(map(str, row.values())) for row in table)]
    path.write_text("\n".join(lines) + "\n")
    return path


def write(path: Path, table: Rows) -> Any:
    """A file by its ending; without one a frame in memory."""
    match path.suffix:
        case ".csv":
            return csv(path, table)
        case ".jsonl":
            path.write_text("\n".join(map(json.dumps, table)))
            return path
        case ".npz":
            np.savez(path, x=np.array([[row["n"], row["day"]] for row in table]), y=np.array([r["y"] for r in table]))
            return path
    frame = pa.table({name: [row[name] for row in table] for name in table[0]})
    if not path.suffix:
        return frame
    pq.write_table(frame, path)
    return path


def targets(data: Data, split: str) -> list[int]:
    return [int(each) for batch in data.batches(split, 7) for each in next(iter(batch.targets.values()))]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".npz", ""])
@pytest.mark.parametrize("with_validation", [False, True])
def test_parts_are_the_splits_and_decide_nothing(tmp_path: Path, ending: str, with_validation: bool) -> None:
    train = write(tmp_path / f"one{ending}", rows(60, 0))
    tests = [write(tmp_path / f"test{scale}{ending}", rows(21, 1, scale)) for scale in (1, 1000)]
    parts = {"validation": write(tmp_path / f"valid{ending}", rows(10, 2))} if with_validation else {}
    target = None if ending == ".npz" else "y"
    near, far = (open_data(train, target=target, test=test, **parts) for test in tests)
    held_out = 10 if with_validation else 6
    assert near.sizes == {"train": 60 if with_validation else 54, "validation": held_out, "test": 21}
    assert targets(near, "test") == [row % 2 for row in range(21)]
    assert near.state()["preprocessing"] == far.state()["preprocessing"]
    assert near.fingerprint != far.fingerprint
    for split in ("train", "validation"):
        for one, other in zip(near.batches(split, 100), far.batches(split, 100), strict=True):
            assert all((one.inputs[name] == other.inputs[name]).all() for name in one.inputs)


def test_they_are_found_again(tmp_path: Path) -> None:
    train, test = csv(tmp_path / "a.csv", rows(60, 0)), csv(tmp_path / "b.csv", rows(20, 1))
    data = open_data(str(train), test=str(test), target="y")
    state = json.loads(json.dumps(data.state()))
    again = reopen(state)
    assert again.fingerprint == data.fingerprint
    assert all((again.rows(split) == data.rows(split)).all() for split in data.sizes)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    names = [str(each.rename(moved / each.name)) for each in (train, test)]
    assert reopen(state, names[0], test=names[1]).fingerprint == data.fingerprint
    assert reopen(state, names[0]).sizes == {"train": 0, "validation": 0, "test": 60}  # other content
    csv(test, rows(20, 3))
    csv(train, rows(60, 0))
    assert reopen(state).fingerprint != data.fingerprint
    assert open_data(str(train), state=without_target(state)).sizes == {"train": 0, "validation": 0, "test": 60}


def test_files_that_rows_name_are_beside_their_own_table(tmp_path: Path) -> None:
    files = {}
    for part, count in (("one", 40), ("two", 8)):
        (home := tmp_path / part).mkdir()
        for row in range(count):
            Image.new("L", (6, 6), 5 * row + (part == "two")).save(home / f"{row}.png")
        files[part] = csv(home / "table.csv", [{"photo": f"{row}.png", "y": "ab"[row % 2]} for row in range(count)])
    data = open_data(files["one"], test=files["two"], target="y")
    assert data.sizes["test"] == 8
    assert [path.parent.name for path in data.raw(data.rows("test").numpy())["photo"]] == ["two"] * 8  # type: ignore[attr-defined]


def test_folders_of_images(tmp_path: Path) -> None:
    for part, count in (("one", 20), ("two", 4)):
        for label in "ab":
            (home := tmp_path / part / label).mkdir(parents=True)
            for row in range(count):
                Image.new("L", (6, 6), 9 * row + (part == "two")).save(home / f"{row}.png")
    data = open_data(tmp_path / "one", test=tmp_path / "two")
    assert data.sizes == {"train": 36, "validation": 4, "test": 8}


def test_validation_is_split_from_training_as_asked(tmp_path: Path) -> None:
    train, test = csv(tmp_path / "a.csv", rows(80, 0)), csv(tmp_path / "b.csv", rows(20, 1))
    by_group = {"by": "group", "column": "who", "validation": 0.25}
    data = open_data(train, test=test, target="y", splits=by_group)
    who = {split: set(data.raw(data.rows(split).numpy())["who"]) for split in data.sizes}  # type: ignore[attr-defined]
    assert not who["train"] & who["validation"]
    assert data.sizes["test"] == 20
    assert data.sizes["validation"] == pytest.approx(20, abs=8)
    late = open_data(train, test=test, target="y", splits={"by": "time", "column": "day", "train": 0.75})
    assert late.rows("validation").tolist() == list(range(60, 80))
    assert late.sizes["test"] == 20


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"y": None}, "no test part but to be answered: weftnet predict RUN"),
        ({"n": None, "city": None}, "has no column 'n', 'city'"),
    ],
)
def test_columns_that_are_missing_are_named(tmp_path: Path, change: dict[str, None], says: str) -> None:
    other = [{name: value for name, value in row.items() if name not in change} for row in rows(20, 1)]
    train, test = csv(tmp_path / "a.csv", rows(60, 0)), csv(tmp_path / "b.csv", other)
    with pytest.raises(DataError) as caught:
        open_data(train, test=test, target="y")
    assert says in str(caught.value)
    assert str(test) in str(caught.value)


def test_values_that_training_can_not_know_are_named_with_their_file(tmp_path: Path) -> None:
    train = csv(tmp_path / "a.csv", rows(60, 0))
    for name, value, says in (("n", "much", "b.csv: row 5, column 'n'"), ("y", "c", "b.csv: row 5, column 'y'")):
        other = rows(20, 1)
        other[3][name] = value
        with pytest.raises(DataError, match=says):
            open_data(train, test=csv(tmp_path / "b.csv", other), target="y")


def test_typed_columns_of_another_kind_are_named(tmp_path: Path) -> None:
    train = write(tmp_path / "a.parquet", rows(60, 0))
    words = [{**row, "n": "x"} for row in rows(20, 1)]
    with pytest.raises(DataError, match=r"column 'n' is of another kind than in .*a\.parquet"):
        open_data(train, test=write(tmp_path / "b.parquet", words), target="y")
    nothing = [{**row, "n": None} for row in rows(20, 1)]
    assert open_data(train, test=write(tmp_path / "c.parquet", nothing), target="y").sizes["test"] == 20


def test_what_can_not_be_meant_is_refused(tmp_path: Path) -> None:
    train, test = csv(tmp_path / "a.csv", rows(60, 0)), csv(tmp_path / "b.csv", rows(20, 1))
    with pytest.raises(DataError, match="the training part itself"):
        open_data(train, test=train, target="y")
    with pytest.raises(SettingError, match="nothing is left to split"):
        open_data(train, test=test, validation=csv(tmp_path / "c.csv", rows(9, 2)), target="y", splits="random")
    with pytest.raises(SettingError, match="only says how validation"):
        open_data(train, test=test, target="y", splits={"folds": 3, "fold": 0})
    with pytest.raises(SettingError, match="split in order"):
        open_data(train, test=test, horizon=3)
    with pytest.raises(DataError, match="different sorts of files"):
        open_data(train, test=write(tmp_path / "b.parquet", rows(20, 1)), target="y")
    with pytest.raises(DataError, match="one folder"):
        open_data(csv(tmp_path / "d.csv", rows(6000, 1)), test=test, target="y", memory="1MiB")


def test_a_folder_with_a_part_of_its_own(tmp_path: Path) -> None:
    for name, count in (("train", 60), ("valid", 10)):
        csv(tmp_path / f"{name}.csv", rows(count, count))
    test = csv(tmp_path / "b.txt", rows(20, 1)).rename(tmp_path.parent / f"{tmp_path.name}.csv")
    assert open_data(tmp_path, test=test, target="y").sizes == {"train": 60, "validation": 10, "test": 20}
    with pytest.raises(DataError, match="has a validation part of its own"):
        open_data(tmp_path, validation=test, target="y")


@pytest.mark.parametrize("names", [("adult_train", "adult_test"), ("train", "testing"), ("a-training", "a-test")])
def test_usual_names_in_a_folder(tmp_path: Path, names: tuple[str, str]) -> None:
    csv(tmp_path / f"{names[0]}.csv", rows(60, 0))
    csv(tmp_path / f"{names[1]}.csv", rows(20, 1))
    assert open_data(tmp_path, target="y").sizes == {"train": 54, "validation": 6, "test": 20}


def test_a_name_that_begins_with_a_split_has_precedence(tmp_path: Path) -> None:
    for name in ("train", "test", "y_test"):
        csv(tmp_path / f"{name}.csv", rows(60, 0))
    assert open_data(tmp_path, target="y").sizes["test"] == 60


def test_a_test_split_of_the_source_has_no_say_in_what_the_target_is(tmp_path: Path) -> None:
    train = [{**row, "y": row["day"] % 15} for row in rows(60, 0)]
    test = [{**row, "y": 100 + row["day"]} for row in rows(30, 0)]
    with pytest.raises(DataError, match=r"b\.csv: row 2"):  # as a category, of which training knows 15 labels
        open_data(csv(tmp_path / "a.csv", train), test=csv(tmp_path / "b.csv", test), target="y")
