"""Common defects of real data, each from a file to its note or error: the table in docs/data.md, row by row."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from weftnet.data import open_data
from weftnet.errors import DataError

RNG = np.random.default_rng(7)
COUNT = 200
Rows = list[dict[str, Any]]


def rows() -> Rows:
    return [{"n": f"{RNG.normal():.6f}", "city": ["Oslo", "Rome"][row % 2], "y": "ab"[row % 2 ^ (row % 3 == 0)]}
            for row in range(COUNT)]  # fmt: skip


def written(path: Path, table: Rows) -> Path:
    lines = [",".join(table[0]), *(",".join(map(str, row.values())) for row in table)]
    (path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path / "a.csv"


def in_test(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A table of which some rows of the test split are changed."""
    table = rows()
    for row in open_data(written(path, table), target="y").rows("test").tolist()[:4]:
        change(table[row])
    return written(path, table)


def every(path: Path, change: Callable[[int, dict[str, Any]], None]) -> Path:
    table = rows()
    for number, row in enumerate(table):
        change(number, row)
    return written(path, table)


def gaps(number: int, row: dict[str, Any]) -> None:
    row["n"] = "" if number % 10 == 3 else row["n"]


def rare(number: int, row: dict[str, Any]) -> None:
    row["y"] = "rare" if number % 20 == 0 else "usual"


def twice(path: Path) -> Path:
    table = rows()
    return written(path, table[:150] + table[:50])


def photo(path: Path, form: str, size: tuple[int, int]) -> None:
    pixels = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path, form)


def photos(path: Path, spoil: Callable[[bytes], bytes]) -> Path:
    for number in range(20):
        photo(path / "ab"[number % 2] / f"{number}.jpg", "jpeg", (40, 40))
    file = path / "b" / "7.jpg"
    file.write_bytes(spoil(file.read_bytes()))
    return path


def waves(path: Path, spoil: Callable[[bytes], bytes] = bytes, odd: int = 8000) -> Path:
    for number in range(40):
        file, sound = path / "ab"[number % 2] / f"{number}.wav", io.BytesIO()
        file.parent.mkdir(exist_ok=True)
        rate = odd if number in (7, 8, 9, 10, 11, 12) else 8000
        soundfile.write(sound, RNG.normal(0, 0.1, rate // 8), rate, format="WAV")
        file.write_bytes(spoil(sound.getvalue()) if number == 7 else sound.getvalue())
    return path


NOTED: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "missing values": (
        lambda path: every(path, gaps),
        ["n: missing values read as the mean, and a further input marks them"],
    ),
    "a category that training never saw": (
        lambda path: in_test(path, lambda row: row.update(city="Atlantis")),
        ["city: 4 of 30 test rows hold a label that is not among those kept of the training rows; it is read like a "
         "rare one"],
    ),
    "unbalanced classes": (
        lambda path: every(path, rare),
        ["the classes are unbalanced: 'usual' has 95", "--task-set class_weights=balanced"],
    ),
    "equal rows in two splits": (
        twice,
        ["test rows are in the training split too, so the score is too good; to keep equal rows in one split: "
         "--data-set duplicates=group"],
    ),
    "a column that never changes": (
        lambda path: every(path, lambda _, row: row.update(city="Oslo", n=4)),
        ["n: the same in every training row, so it carries no information",
         "city: the same in every training row, so it carries no information"],
    ),
    "a column that determines the target": (
        lambda path: every(path, lambda _, row: row.update(city={"a": "Oslo", "b": "Rome"}[row["y"]])),
        ["city: determines the target 'y' almost exactly", "leave it out: --kind city=, kinds={'city': None}"],
    ),
    "a recording of another rate": (
        lambda path: waves(path, odd=16000),
        ["training recordings are resampled to 8000 Hz"],
    ),
    "images of several sizes": (
        lambda path: [photo(path / "a" / f"x{number}.png", "png", (20, 30 + number)) for number in range(9)]
        and photos(path, bytes),
        ["all are resized to"],
    ),
}  # fmt: skip

REFUSED: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "a missing target": (
        lambda path: in_test(path, lambda row: row.update(y="")),
        ["a.csv: row ", "column 'y': the target is missing in 4 of 200 rows", "fix: fill the values in"],
    ),
    "a class that training never saw": (
        lambda path: every(path, lambda number, row: row.update(
            part="test" if number > 150 else "train", y="c" if number == 180 else row["y"])),
        ["row 182, column 'y': the target is no label of the training rows", "expected: a, b", "got: 'c'"],
    ),
    "text of another encoding": (
        lambda path: _bytes(path / "a.csv", "n,city,y\n1,Oslo,a\n2,Köln,b\n".encode("cp1252")),
        ["a.csv: line 3 is not utf-8", "got: byte 0xf6", "encoding='cp1252'"],
    ),
    "a truncated image": (
        lambda path: photos(path, lambda whole: whole[: len(whole) // 2]),
        ["7.jpg", "damaged"],
    ),
    "an image without a byte": (lambda path: photos(path, lambda _: b""), ["7.jpg", "the image is empty"]),
    "a truncated recording": (lambda path: waves(path, lambda whole: whole[:30]), ["7.wav", "recording"]),
    "a recording without a byte": (lambda path: waves(path, lambda _: b""), ["7.wav", "the recording is empty"]),
    "an empty table": (lambda path: _bytes(path / "a.csv", b""), ["a.csv: the file is empty", "a header and rows"]),
    "a header alone": (lambda path: _bytes(path / "a.csv", b"n,y\n"), ["the file has a header but no rows"]),
    "an empty Parquet file": (lambda path: _bytes(path / "a.parquet", b""), ["the file is damaged or cut short"]),
    "an empty JSON file": (lambda path: _bytes(path / "a.jsonl", b""), ["the file is empty", "a JSON object per line"]),
    "an empty array file": (lambda path: _bytes(path / "a.npz", b""), ["this is not an intact .npz file"]),
    "numbers with a few words": (
        lambda path: every(path, lambda number, row: row.update(n="unknown" if number % 50 == 7 else row["n"])),
        ["column 'n': nearly every value is a number, but", "got: 'unknown'",
         "fix: if it means a missing value: --kind 'n={number: {gaps: [unknown]}}'"],
    ),
    "an infinite number": (
        lambda path: every(path, lambda number, row: row.update(n="inf" if number == 7 else row["n"])),
        ["row 9, column 'n': a number is infinite"],
    ),
}  # fmt: skip


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def opened(path: Path) -> Any:
    table = path.is_file()
    splits = {"column": "part"} if table and b"part" in path.read_bytes()[:20] else None
    return open_data(path, target="y" if table and path.suffix != ".npz" else None, splits=splits)


@pytest.mark.parametrize("name", NOTED)
def test_noted(name: str, tmp_path: Path) -> None:
    make, texts = NOTED[name]
    notes = "\n".join(opened(make(tmp_path)).notes)
    assert all(text in notes for text in texts), notes


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    make, texts = REFUSED[name]
    with pytest.raises(DataError) as fault:
        opened(make(tmp_path))
    assert all(text in str(fault.value) for text in texts), str(fault.value)


def test_the_table_in_the_docs_has_a_row_for_each() -> None:
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    shown = text[text.index("## What is noticed, and what is refused") :]
    shown = shown[: shown.index("\n## ", 5)]
    rows_shown = {line.split("|")[1].strip() for line in shown.splitlines() if line.startswith("|")}
    assert set(NOTED) | set(REFUSED) <= rows_shown
