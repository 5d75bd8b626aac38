"""A folder of tables (.csv, .tsv, .jsonl …) as people and programs lay them (`_layout.py`).

    train.csv, test.csv, sample_submission.csv    the splits; other files are left out, with a note
    label=cat/part-0.csv, label=dog/part-0.csv    parts of one table; what the folders say is a column
    part-0.csv, part-1.csv                        parts of one table, if they have the same columns
    people.csv                                    the only table of a folder

A test table that lacks a column of the training table is no test split: it is to be answered. What it lacks is the
target, if that is one column.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, short_name
from weftnet.data.read import LIMIT
from weftnet.data.sources._layout import key_values, keys_of, split_of, table_files
from weftnet.data.sources._place import Place
from weftnet.errors import DataError

FOLDER = "tables (train.csv, test.csv; key=value/part.csv)"
#: bytes in memory for each byte of the files
WEIGHT = 10


def opens(place: Place) -> float:
    """Folders that hold tables; surer where one is named for the training split."""
    if not place.is_folder or not (files := table_files(place.path, _endings())):
        return 0.0
    return 0.55 if any(split_of(file, place.path) == "train" for file in files) else 0.4


def read(path: Path, *, encoding: str = "utf-8", limit: int = LIMIT) -> Content:
    """Read the tables of a folder as one.

    Args:
        path: the folder.
        encoding: of the files.
        limit: bytes that each file may have, decompressed.

    Raises:
        DataError: a file can't be read, or the tables don't belong together.
    """
    files = table_files(path, _endings())
    splits = [split_of(file, path) for file in files]
    notes = []
    if "train" in splits and (others := [file for file, split in zip(files, splits, strict=True) if split is None]):
        names = ", ".join(file.relative_to(path).as_posix() for file in others)
        notes.append(f"{names}: named for no split, and left out")
        files = [file for file in files if file not in others]
    parts = [_Part(file, split_of(file, path), keys_of(file, path), _opened(file, encoding, limit)) for file in files]
    parts.sort(key=lambda part: ("train", "validation", "test", None).index(part.split))
    used, target, more = _alike(path, parts)
    columns = _joined(path, used)
    digest = hashlib.sha256()
    for part in used:
        digest.update(f"{part.file.relative_to(path).as_posix()}:{part.content.fingerprint};".encode())
    counts = [part.content.count for part in used]
    starts = np.cumsum([0, *counts])
    rows: dict[str, list[NDArray[np.int64]]] = {}
    for part, start in zip(used, starts.tolist(), strict=False):
        rows.setdefault(str(part.split), []).append(np.arange(start, start + part.content.count))
    first = used[0].content
    return Content(
        short_name(str(path)),
        str(path),
        columns,
        digest.hexdigest(),
        target=target,
        table=True,
        typed=first.typed,
        splits={} if len(rows) < 2 else {split: np.concatenate(several) for split, several in rows.items()},
        first=first.first,
        notes=tuple(dict.fromkeys([*notes, *more, *(note for part in used for note in part.content.notes)])),
        parts=tuple((str(part.file), count) for part, count in zip(used, counts, strict=True)),
    )


@dataclass(frozen=True)
class _Part:
    """One of the tables: its file, the split and the columns that its place says, and what it holds."""

    file: Path
    split: str | None
    keys: dict[str, str | None]
    content: Content

    @property
    def names(self) -> list[str]:
        return [*self.content.columns, *(key for key in self.keys if key not in self.content.columns)]


def _endings() -> list[str]:
    """Those of the sources that read a table from one file."""
    from weftnet.data.sources import SOURCES

    tables = [source for name in SOURCES if getattr(source := SOURCES.get(name), "NAMES_FILES", False)]
    return [ending for source in tables for ending in source.ENDINGS]


def _opened(file: Path, encoding: str, limit: int) -> Content:
    from weftnet.data.sources import source_of

    reader = source_of(Place(str(file), file))
    options = {"encoding": encoding} if "encoding" in reader.read.__kwdefaults__ else {}
    content: Content = reader.read(file, limit=limit, **options)
    return content


def _alike(path: Path, parts: Sequence[_Part]) -> tuple[list[_Part], str | None, list[str]]:
    """The parts that have all columns of the first one, the target that a test part shows by lacking it, and notes."""
    names, target, notes, used = parts[0].names, None, [], []
    for part in parts:
        lacks = [name for name in names if name not in part.names]
        extra = [name for name in part.names if name not in names]
        where = part.file.relative_to(path).as_posix()
        if lacks and part.split == parts[0].split:
            fix = f"open one of them: {part.file}" if part.split is None else "give them the same columns"
            raise DataError("the tables differ in their columns", where=str(part.file), expected=", ".join(names),
                            got=", ".join(part.names), fix=fix)  # fmt: skip
        if lacks:
            target = lacks[0] if len(lacks) == 1 else target
            notes.append(
                f"{where}: has no {', '.join(map(repr, lacks))}, so it is no {part.split} split but to be answered: "
                f"weftnet predict RUN {part.file}"
            )
            continue
        if extra:
            notes.append(f"{where}: {', '.join(map(repr, extra))} left out, as the training table has no such column")
        used.append(part)
    if target is not None:
        notes.append(f"{target!r} is taken for the target, as {parts[0].file.name} alone has it")
    return used, target, notes


def _joined(path: Path, used: Sequence[_Part]) -> dict[str, NDArray[np.generic]]:
    """The columns of all parts, one after another."""
    columns = {}
    counts = [part.content.count for part in used]
    for name in used[0].names:
        if name not in used[0].content.columns:
            columns[name] = key_values([part.keys[name] for part in used], counts)
            continue
        several = [part.content.columns[name] for part in used]
        try:
            columns[name] = np.concatenate(several)
        except ValueError:
            shapes = ", ".join(str(each.shape[1:]) for each in several)
            raise DataError("rows differ in shape", where=f"{path}: column {name!r}", got=shapes) from None
    return columns


def example(folder: Path) -> Path:
    """Tables of two splits, with a target."""
    (folder / "tables").mkdir()
    for split, rows in (("train", range(16)), ("test", range(16, 24))):
        lines = ["age,city", *(f"{n},{('Oslo', 'Rome')[n % 2]}" for n in rows)]
        (folder / "tables" / f"{split}.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "tables"
