"""Every option that a note or an error offers is one that the command line takes, for columns called anything."""

import ast
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from weftnet.cli._options import kinds_of, values_of
from weftnet.data import open_data
from weftnet.data.opening import open_data as opening
from weftnet.errors import WeftnetError

SOURCE = Path(opening.__code__.co_filename).parents[1]
#: an option, and its value as a shell reads it: a word, or one with quoted parts
OPTION = re.compile(r"--(kind|data-set|target|task-set|task) ((?:'[^']*'|\"[^\"]*\"|[^\s,;'\"])+)")
NAMES = ["v", "post title", "it's=so", "größe/2"]
RNG = np.random.default_rng(0)
X = RNG.normal(10, 3, 120).round(2)
LABELS = ["warm" if v > 10 else "cold" for v in X]


def table(values: list[Any], **others: Any) -> dict[str, Any]:
    return {"v": values, "y": LABELS[: len(values)], **others}


def form(pattern: str, rows: int = 120) -> list[str]:
    return [pattern.format(d=row % 12 + 1, m=row * 5 % 12 + 1, y=2000 + row % 20) for row in range(rows)]


#: values of a column with a doubt, by what it is
COLUMNS: dict[str, list[Any]] = {
    "decimal comma": [f"{v:.2f}".replace(".", ",") for v in X],
    "two notations": [f"{v * 1e4:,.0f}" for v in X],
    "a stray word": ["about 8", *map(str, X[1:])],
    "a tenth unknown": ["unknown" if row % 10 == 3 else str(v) for row, v in enumerate(X)],
    "several units": [f"{v:.1f}{'kM'[row % 2]}" for row, v in enumerate(X)],
    "gaps": ["-" if row % 9 == 3 else str(v) for row, v in enumerate(X)],
    "two forms of dates": form("{d:02d}/{m:02d}/{y}"),
    "a form of dates": [*form("{d:02d}.{m:02d}.{y}", 119), "28.02.2020"],
    "days as numbers": [f"{2000 + row // 6}{row % 12 + 1:02d}{row % 28 + 1:02d}" for row in range(120)],
    "months of no language": [f"{row % 28 + 1} {'abcdefgh'[row % 8] * 4} 2020" for row in range(120)],
    "a date among words": [*form("2020-01-{d:02d}", 60), *form("2021-03-{d:02d}", 57), "x", "x", "x"],
    "seconds": [1_500_000_000 + 86_400 * row for row in range(120)],
    "codes": [f"{row:04d}" for row in range(120)],
    "a counter": list(range(120)),
    "a copy of the target": [v > 10 for v in X],
    "identifiers": [f"row {row}" for row in range(120)],
    "short texts": [f"{'abc'[row % 3]} {row} {row * 7}" for row in range(120)],
    "splits": ["train" if row % 5 else "test" for row in range(120)],
    "folds": [f"{row % 4}" for row in range(120)],
}


def said(columns: Any, **options: Any) -> str:
    try:
        return "\n".join(open_data(columns, **options).notes)
    except WeftnetError as error:
        return str(error)


def check(text: str, columns: set[str] | None = None) -> int:
    """How many options a text offers; each is parsed, and names a column there is."""
    found = OPTION.findall(text)
    assert len(found) == len(re.findall(r"--(?:kind|data-set|target|task-set|task)\b", text)), text
    for option, word in found:
        (value,) = shlex.split(word)
        if option == "kind":
            (name,) = kinds_of([value])
            assert columns is None or name in columns, text
        elif option in ("data-set", "task-set"):
            assert values_of([value])
    assert "COLUMN" not in text
    return len(found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", COLUMNS)
def test_an_option_about_a_column_is_typed_as_it_is_printed(what: str, name: str) -> None:
    renamed = {"splits": f"{name} split", "folds": f"{name} fold"}.get(what, name)
    columns = {renamed: COLUMNS[what], "other": X.tolist(), "y": LABELS}
    assert check(said(columns, target="y"), set(columns))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ["decimal comma", "two notations", "a stray word", "a tenth unknown", "several units"])
def test_the_same_of_a_target(what: str, name: str) -> None:
    assert check(said({name: COLUMNS[what], "other": X.tolist()}, target=name), {name, "other"})


@pytest.mark.parametrize("what", ["a stray word", "a tenth unknown", "a date among words", "two forms of dates"])
def test_a_fix_that_is_typed_helps(what: str) -> None:
    columns = {"v": COLUMNS[what], "other": X.tolist(), "y": LABELS}
    words = [shlex.split(word)[0] for option, word in OPTION.findall(said(columns, target="y")) if option == "kind"]
    assert words
    for word in words:
        open_data(columns, target="y", kinds=kinds_of([word]))


def stray_quotes(path: Path) -> Path:
    lines = [f"{'ab'[n % 2]}\t{chr(34) * (n in (5, 9))}good {n}" for n in range(40)]
    (path / "a.tsv").write_text("label\ttext\n" + "\n".join(lines) + "\n")
    return path / "a.tsv"


def without_header(path: Path) -> Path:
    (path / "a.csv").write_text("\n".join(f"{v},{y}" for v, y in zip(X, LABELS, strict=True)) + "\n")
    return path / "a.csv"


def other_delimiter(path: Path) -> Path:
    (path / "a.csv").write_text("v|y\n" + "\n".join(f"{v}|{y}" for v, y in zip(X, LABELS, strict=True)) + "\n")
    return path / "a.csv"


def latin(path: Path) -> Path:
    (path / "a.csv").write_bytes("v,y\nschön,a\n".encode("cp1252"))
    return path / "a.csv"


def indexed(path: Path) -> Path:
    (path / "a.csv").write_text(",v\n" + "".join(f"{n},{v}\n" for n, v in enumerate(X)))
    return path / "a.csv"


def odd_type(path: Path) -> Path:
    pq.write_table(pa.table({"it's": [{"a": 1}] * 9, "n": list(range(9))}), path / "a.parquet")
    return path / "a.parquet"


def deep_images(path: Path) -> Path:
    for number in range(12):
        (path / f"set/{'ab'[number % 2]}").mkdir(parents=True, exist_ok=True)
        pixels = np.full((9 + number, 12), 1000 + number, np.uint16)
        Image.fromarray(pixels).save(path / f"set/{'ab'[number % 2]}/{number}.png")
    return path / "set"


def missing_files(path: Path) -> Path:
    (path / "pictures").mkdir()
    Image.new("L", (4, 4)).save(path / "pictures/a.png")
    (path / "a.csv").write_text("photo,y\na.png,1\nb.png,2\n")
    return path / "a.csv"


FILES: list[Callable[[Path], Path]] = [
    stray_quotes, without_header, other_delimiter, latin, indexed, odd_type, deep_images, missing_files,
]  # fmt: skip


@pytest.mark.parametrize("make", FILES)
def test_options_about_a_file(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    assert check(said(make(tmp_path)))


def literals(file: Path) -> list[str]:
    """The texts of a module that are no docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
    return [node.value for node in constants if isinstance(node.value, str)]


def test_no_other_module_spells_an_option_of_the_data() -> None:
    spelt = re.compile(r"--(kind|data-set)\s|\bkinds=\{|COLUMN=")
    files = [file for room in ("data", "tasks", "train", "answer") for file in (SOURCE / room).rglob("*.py")]
    assert len(files) > 100
    for file in files:
        if file.name != "ways.py":
            assert not [text for text in literals(file) if spelt.search(text)], file
