"""A folder of tables (.csv, .tsv, .jsonl …) as people and programs lay them (`_layout.py`).

    train.csv, test.csv, sample_submission.csv    the splits; other files are left out, with a note
    label=cat/part-0.csv, label=dog/part-0.csv    parts of one table; what the folders say is a column
    part-0.csv, part-1.csv                        parts of one table, if they have the same columns
    people.csv                                    the only table of a folder

A test table that lacks a column of the training table is no test split: it is to be answered (`Together`). The options
of the files' own source are taken too. Where the tables are larger than memory, each is read as by itself, from disk.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.columns import Column, Columns
from weftnet.data.content import Content, short_name
from weftnet.data.quotes import Quote
from weftnet.data.read import LIMIT, suffixes
from weftnet.data.sources._layout import Together, key_values, keys_of, splits_of, table_endings, table_files, unread
from weftnet.data.sources._place import Place
from weftnet.errors import DataError, SettingError

#: of the options
_DEFAULTS = ("utf-8", LIMIT)
FOLDER = "tables (train.csv, test.csv; key=value/part.csv)"
#: bytes in memory for each byte of the files
WEIGHT = 10


def opens(place: Place) -> float:
    """Folders that hold tables; surer where one is named for the training split, or splits have several formats."""
    if not place.is_folder or not (files := table_files(place.path, table_endings())):
        return 0.0
    splits = splits_of(files, place.path)
    if len({suffixes(file)[0] for file in files if splits[file]}) > 1:
        return 0.75
    return 0.55 if "train" in splits.values() else 0.4


def read(
    path: Path,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    quote: Quote | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    present: Sequence[str] = (),
    encoding: str = "utf-8",
    limit: int = LIMIT,
) -> Content:
    """Read the tables of a folder as one.

    Args:
        path: the folder.
        delimiter, columns, quote, decimal, thousands, missing, present, encoding: as of each file (`table.py`).
        limit: bytes that each file may have, decompressed.

    Raises:
        DataError: a file can't be read, or the tables don't belong together.
        SettingError: an option that the tables' source does not take.
    """
    options = _set(delimiter=delimiter, columns=columns, quote=quote, decimal=decimal, thousands=thousands,
                   missing=missing, present=present, encoding=encoding, limit=limit)  # fmt: skip
    return _together(path, lambda file, number: _reader(file, options).read(file, **options))


def stream(path: Path, folder: Path, *, memory: int, **options: Any) -> Content:
    """As `read`, whose options these are, with the columns of every file on disk, in folders of `folder`."""
    options = _set(**options)

    def opened(file: Path, number: int) -> Content:
        (own := folder / str(number)).mkdir()
        content: Content = _reader(file, options).stream(file, own, memory=memory, **options)
        return content

    return _together(path, opened)


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


def _set(**options: Any) -> dict[str, Any]:
    """The options that differ from their defaults."""
    return {name: value for name, value in options.items() if value not in (None, (), *_DEFAULTS)}


def _reader(file: Path, options: Mapping[str, Any]) -> Any:
    """The source of a file, which must take the options."""
    from weftnet.data.sources import source_of

    reader = source_of(Place(str(file), file))
    for name, value in options.items():
        if name not in reader.read.__kwdefaults__:
            what, expected = f"the option {name!r} can't be used", ", ".join(reader.read.__kwdefaults__)
            raise SettingError(what, where=str(file), expected=expected, got=repr(value))
    return reader


def _together(path: Path, opened: Callable[[Path, int], Content]) -> Content:
    """The tables of a folder as one content, each read by `opened(file, number)`."""
    files = table_files(path, table_endings())
    splits = splits_of(files, path)
    notes = unread(path, files, table_endings())
    if "train" in splits.values() and (others := [file for file in files if splits[file] is None]):
        names = ", ".join(file.relative_to(path).as_posix() for file in others)
        notes.append(f"{names}: named for no split, and left out")
        files = [file for file in files if file not in others]
    files.sort(key=lambda file: ("train", "validation", "test", None).index(splits[file]))
    parts = [_Part(file, splits[file], keys_of(file, path), opened(file, n)) for n, file in enumerate(files)]
    together = Together(path)
    used = [part for part in parts if together.takes(part.file, part.split, part.names)]
    digest, rows, count = hashlib.sha256(), dict[str, list[NDArray[np.int64]]](), 0
    for part in used:
        digest.update(f"{part.file.relative_to(path).as_posix()}:{part.content.fingerprint};".encode())
        rows.setdefault(str(part.split), []).append(np.arange(count, count + part.content.count))
        count += part.content.count
    first = used[0].content
    return Content(
        short_name(str(path)),
        str(path),
        _joined(path, used),
        digest.hexdigest(),
        target=together.target or None,
        table=True,
        typed=first.typed,
        splits={} if len(rows) < 2 else {split: np.concatenate(several) for split, several in rows.items()},
        first=first.first,
        notes=tuple(dict.fromkeys([*notes, *together.notes, *(note for part in used for note in part.content.notes)])),
        parts=tuple((str(part.file), part.content.count) for part in used),
        asked=tuple(together.asked),
    )


def _joined(path: Path, used: Sequence[_Part]) -> Mapping[str, NDArray[Any]]:
    """The columns of all parts, one after another: in memory, or on disk where theirs are."""
    columns: dict[str, NDArray[Any] | Column] = {}
    counts = [part.content.count for part in used]
    for name in used[0].names:
        if name not in used[0].content.columns:
            columns[name] = key_values([part.keys[name] for part in used], counts)
        elif any(part.content.on_disk(name) for part in used):
            columns[name] = Column(partial(_blocks, name, used), sum(counts))
        else:
            several = [part.content.columns[name] for part in used]
            if len({each.shape[1:] for each in several}) > 1:
                shapes = ", ".join(str(each.shape[1:]) for each in several)
                raise DataError("rows differ in shape", where=f"{path}: column {name!r}", got=shapes)
            columns[name] = np.concatenate(several)
    held = {name: column for name, column in columns.items() if not isinstance(column, Column)}
    return held if len(held) == len(columns) else Columns(columns)


def _blocks(name: str, used: Sequence[_Part]) -> Iterator[NDArray[Any]]:
    """A column of all parts, in blocks of one type."""
    types = {next(part.content.chunks(name)).dtype for part in used}
    whole = np.result_type(*types)
    for part in used:
        for block in part.content.chunks(name):
            yield block.astype(whole, copy=False)


def example(folder: Path) -> Path:
    """Tables of two splits, with a target."""
    (folder / "tables").mkdir()
    for split, rows in (("train", range(16)), ("test", range(16, 24))):
        lines = ["age,city", *(f"{n},{('Oslo', 'Rome')[n % 2]}" for n in rows)]
        (folder / "tables" / f"{split}.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "tables"
