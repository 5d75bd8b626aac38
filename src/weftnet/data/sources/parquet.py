"""Parquet, Feather and Arrow files (as a file or as a stream): columns with types. Or a folder of Parquet files, as the
Hub lays it:

    train-00000-of-00002.parquet, test-00000-of-00001.parquet        the name begins with its split
    train/0000.parquet, test/0000.parquet                            the folder is named for its split
    label=cat/part-0.parquet, label=dog/part-0.parquet               what the folders say is a column (`_layout.py`)

Files that name no split are one set. For how types are read see `_arrow.py`.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.limits import limit as limit_of
from weftnet.data.columns import Column, Columns
from weftnet.data.content import Content, short_name
from weftnet.data.kinds._kind import BadValue
from weftnet.data.order import Rows
from weftnet.data.read import LIMIT, Unpacked, budget, read_bytes, suffixes, too_large
from weftnet.data.sources._arrow import ArrowReader, class_names, index_names
from weftnet.data.sources._arrow_file import batches_of, columns_of, damaged, table_of
from weftnet.data.sources._layout import Together, key_values, keys_of, splits_of, table_files, unread
from weftnet.data.sources._place import Place
from weftnet.errors import DataError

ENDINGS = (".parquet", ".feather", ".arrow")
FOLDER = "Parquet files"
#: its columns may name files beside it
NAMES_FILES = True
#: bytes in memory for each byte of the file: it is compressed, and words become objects
WEIGHT = 10


def opens(place: Place) -> float:
    """Files by their ending, and folders that hold Parquet files, themselves or one level down."""
    if place.is_folder:
        return 0.7 if parquet_files(place.path) else 0.0
    return place.ends_in(ENDINGS)


def read(path: Path, *, columns: Sequence[str] | None = None, limit: int = LIMIT) -> Content:
    """Read a file, or a folder of Parquet files.

    Args:
        path: the file or folder.
        columns: the columns to read; all by default.
        limit: bytes that the files, decompressed, may have, and what is read of them in memory.

    Raises:
        DataError: a file is damaged, files differ in their columns, or a column is of an unsupported type.
    """
    import pyarrow as pa

    files = parquet_files(path) if path.is_dir() else {path: None}
    digest, count, room = hashlib.sha256(), 0, limit or limit_of("bytes")
    tables: list[Any] = []
    splits: dict[str | None, list[Rows]] = {}
    together = Together(path)
    for file, split in files.items():
        raw = read_bytes(file, limit)
        keys = keys_of(file, path) if path.is_dir() else {}
        own = None if columns is None else [name for name in columns if name not in keys]
        table = _keyed(table_of(file, raw, own, min(room, budget(limit, len(raw)))), keys, columns)
        room -= max(len(raw), table.nbytes)
        if path.is_dir() and not together.takes(file, split, table.schema.names):
            continue
        digest.update(raw)
        if tables:
            table = table.select(tables[0].schema.names)
        splits.setdefault(split, []).append(np.arange(count, count + len(table)))
        count += len(table)
        tables.append(table)
    try:
        table = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as fault:
        raise DataError("the files differ in the types of a column", where=str(path), got=str(fault)) from None
    rows = {str(split): np.concatenate(several) for split, several in splits.items()}
    content = of_table(table, path, digest.hexdigest(), {} if None in splits or len(rows) < 2 else rows)
    return _of_folder(content, together, files) if path.is_dir() else content


def _of_folder(content: Content, together: Together, files: Collection[Path]) -> Content:
    """The content of a folder's files, with what was left out of it."""
    notes = (*unread(together.path, files, ENDINGS[:1]), *together.notes)
    return replace(content, target=content.target or together.target or None, notes=notes, asked=tuple(together.asked))


def stream(
    path: Path, folder: Path, *, memory: int, columns: Sequence[str] | None = None, limit: int = LIMIT
) -> Content:
    """As `read`, with the columns left on disk; a compressed file is decompressed into `folder`."""
    files = parquet_files(path) if path.is_dir() else {path: None}
    digest, count, room = hashlib.sha256(), 0, limit or limit_of("bytes")
    splits: dict[str | None, list[Rows]] = {}
    unpacked: list[Path] = []
    readers: dict[str, ArrowReader] = {}
    keys: dict[str, list[str | None]] = {}
    counts: list[int] = []
    together = Together(path)
    for file, split in files.items():
        held = keys_of(file, path) if path.is_dir() else {}
        plain = folder / f"{len(unpacked)}{suffixes(file)[0]}" if suffixes(file)[1] else file
        if plain != file:
            _unpack(file, plain, limit)
        own = None if columns is None else [name for name in columns if name not in held]
        if path.is_dir() and not together.takes(file, split, [*_names_of(plain, own), *held]):
            continue
        room -= _digest(plain, limit, digest)
        if room < 0:
            raise too_large(path, limit or limit_of("bytes"))
        unpacked.append(plain)
        _inspect(path, file, plain, own, memory, readers)
        size = next(iter(readers.values())).rows - count
        counts.append(size)
        for name, word in held.items():
            keys.setdefault(name, []).append(word)
        splits.setdefault(split, []).append(np.arange(count, count + size))
        count += size
    if not count:
        raise DataError("the file has no rows", where=str(path))

    def blocks(name: str) -> Iterator[NDArray[Any]]:
        for file in unpacked:
            for batch in batches_of(file, name, memory):
                with _located(path, name):
                    yield readers[name].array(batch.column(0))

    on_disk: dict[str, Column | NDArray[Any]] = {name: Column(partial(blocks, name), count) for name in readers}
    for name, words in keys.items():
        if name not in readers and (columns is None or name in columns):
            on_disk[name] = key_values(words, counts)
    targets = [name for name, reader in readers.items() if reader.labels]
    rows = {str(split): np.concatenate(several) for split, several in splits.items()}
    content = Content(
        short_name(str(path)),
        str(path),
        Columns(on_disk),
        digest.hexdigest(),
        target=targets[0] if len(targets) == 1 else None,
        table=True,
        typed=True,
        splits={} if None in splits or len(rows) < 2 else rows,
        first=1,
        aside=frozenset(index_names(next(batches_of(unpacked[0], None, 1, schema=True)).metadata) & set(readers)),
    )
    return _of_folder(content, together, files) if path.is_dir() else content


def _keyed(table: Any, keys: Mapping[str, str | None], columns: Sequence[str] | None) -> Any:
    """A file's table with the columns that its folders hold, of those that are to be read."""
    for name, word in keys.items():
        if name not in table.column_names and (columns is None or name in columns):
            values = key_values([word], [len(table)])
            table = table.append_column(name, [values.tolist()])
    return table


def _unpack(file: Path, plain: Path, limit: int) -> None:
    """Decompress a file into another."""
    with Unpacked(file, limit) as source, plain.open("wb") as copy:
        while chunk := source.read():
            copy.write(chunk)


def _digest(file: Path, limit: int, digest: Any) -> int:
    """Read a file into a digest; its bytes."""
    with Unpacked(file, limit) as source:
        while chunk := source.read():
            digest.update(chunk)
    return source.count


def _names_of(file: Path, columns: Sequence[str] | None) -> list[str]:
    """The columns of an uncompressed file that are to be read."""
    with damaged(file):
        names: list[str] = next(batches_of(file, None, 1, schema=True)).names
        return columns_of(file, columns, names) or names


def _inspect(
    path: Path,
    file: Path,
    plain: Path,
    columns: Sequence[str] | None,
    memory: int,
    readers: dict[str, ArrowReader],
) -> None:
    """Let a reader for each column inspect a file; the first file decides which columns there are."""
    with damaged(file):
        schema = next(batches_of(plain, None, 1, schema=True))
        names = list(readers) or columns_of(file, columns, schema.names) or schema.names
        labels = class_names(schema.metadata)
        for name in names:
            reader = readers.setdefault(name, ArrowReader(labels.get(name, [])))
            with _located(path, name):
                for batch in batches_of(plain, name, memory):
                    reader.inspect(batch.column(0))


def of_table(table: Any, path: Path, fingerprint: str, splits: dict[str, Any]) -> Content:
    """An arrow table as a content; a single class label of the Hub is the target."""
    if not len(table) or not table.num_columns:
        raise DataError("the file has no rows", where=str(path))
    if len(set(table.column_names)) < table.num_columns:
        raise DataError("two columns have the same name", where=str(path), got=", ".join(table.column_names))
    labels = {name: names for name, names in class_names(table.schema.metadata).items() if name in table.column_names}
    columns = {}
    for name in table.column_names:
        reader = ArrowReader(labels.get(name, []))
        with _located(path, name):
            reader.inspect(table[name])
            columns[name] = reader.array(table[name])
    return Content(
        short_name(str(path)),
        str(path),
        columns,
        fingerprint,
        target=next(iter(labels)) if len(labels) == 1 else None,
        table=True,
        typed=True,
        splits=splits,
        first=1,
        aside=frozenset(index_names(table.schema.metadata) & set(columns)),
    )


def parquet_files(path: Path) -> dict[Path, str | None]:
    """The Parquet files of a folder with their splits, ordered by split."""
    inside = [file for each in sorted(path.glob("*/*")) if suffixes(file := each)[0] == ".parquet" and file.is_file()]
    files = dict.fromkeys([*table_files(path, ENDINGS[:1]), *inside])
    splits = splits_of([file for file in files if not file.name.startswith(".")], path)
    order = ("train", "validation", "test", None)
    return dict(sorted(splits.items(), key=lambda item: (order.index(item[1]), str(item[0]))))


@contextmanager
def _located(path: Path, name: str) -> Iterator[None]:
    """Errors of a column's values, with their row."""
    try:
        yield
    except BadValue as fault:
        raise fault.of_column(name, f"{path}: row {fault.row + 1}, column {name!r}") from None


def example(folder: Path) -> Path:
    """A file with a column of numbers, and one of words."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"age": list(range(24)), "city": ["Oslo", "Rome", None] * 8})
    parquet.write_table(table, folder / "example.parquet")
    return folder / "example.parquet"
