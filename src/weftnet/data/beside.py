"""Files that a table names: images or recordings beside it, one per row.

A column is one of files if its kind was set to one of files, such as image or audio, or if all values end like names of
the files of one kind; a target, only if its kind was set. The names are relative to the table's folder, or to one
inside it (`files="images"`); nothing outside of it is opened, whatever a name, a `..` or a link says.

A column on disk stays there: its names become paths block by block, whenever it is read.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.columns import Column, Columns
from weftnet.data.content import Content
from weftnet.data.folder import digest_of, inside
from weftnet.data.infer import Spec
from weftnet.data.kinds import KINDS
from weftnet.data.order import Rows
from weftnet.data.ways import leave_out, read_as, setting
from weftnet.errors import DataError

#: sub-folders that are searched for a missing file
_SEARCHED = 1000


def names_files(reader: Any, path: Path) -> bool:
    """Whether a source is a table on disk, whose columns may name files beside it."""
    return getattr(reader, "NAMES_FILES", False) and path.is_file()


def kinds_of(state: Mapping[str, Any], content: Content) -> dict[str, Spec | None]:
    """The kinds of columns that a state records; None for columns that it leaves out."""
    known = dict(state["preprocessing"].get("columns", {}))
    if target := state["preprocessing"].get("target"):
        known[state["target"]] = target
    return {name: str(known[name].get("kind")) if name in known else None for name in content.columns}


def resolve_files(
    content: Content, folder: Path, kinds: Mapping[str, Spec | None], digest: bool = True, *, files: str = ""
) -> Content:
    """A table whose columns of file names have become checked paths.

    Args:
        content: of the table.
        folder: of the table.
        kinds: of columns, where they were set.
        digest: whether the files are read for the content's fingerprint.
        files: a folder inside that one, to which the names are relative.

    Raises:
        DataError: a file is missing or outside the folder; names row and column.
    """
    if not content.table:
        return content
    home = folder.resolve()
    base = _base(content, home, files)
    columns: dict[str, NDArray[Any] | Column] = {}
    notes = list(content.notes)
    holds_bytes = any(isinstance(_first(content, name), bytes) for name in content.columns)
    for name in content.columns:
        requested = _is_of_files(kinds.get(name))
        if (
            (name == content.target and not requested)
            or _dtype_kind(content, name) != "O"
            or (not requested and name in kinds)
        ):
            continue
        if not requested and not _has_file_endings(content, name):
            continue
        if holds_bytes and not requested and not _any_exists(content, name, base):
            notes.append(
                f"{name}: names files that do not exist, beside a column that holds their bytes; read as words"
            )
        elif any(isinstance(value, str) for chunk in content.chunks(name) for value in chunk):
            columns[name] = _resolved(content, name, base, home, _may_be_folders(kinds.get(name)))
    if files and not columns:
        name = next(iter(content.columns))
        raise DataError("no column names a file", where=content.source, expected=f"names of files in {base}",
                        fix=f"leave `files` out, or name one: {read_as(name, 'image')}")  # fmt: skip
    fingerprint = _fingerprint(content, list(columns), base, home) if columns and digest else content.fingerprint
    return replace(content, columns=_changed(content.columns, columns), fingerprint=fingerprint, notes=tuple(notes))


def _is_of_files(spec: Spec | None) -> bool:
    """Whether a kind that was set is one of files."""
    if not spec:
        return False
    name = spec if isinstance(spec, str) else next(iter(spec), "")
    return name in KINDS and bool(KINDS.get(name).suffixes)


def _may_be_folders(spec: Spec | None) -> bool:
    """Whether values of a kind that was set may be folders."""
    return _is_of_files(spec) and bool(KINDS.get(spec if isinstance(spec, str) else next(iter(spec or ""))).folders)


def _changed(
    known: Mapping[str, NDArray[Any]], columns: Mapping[str, NDArray[Any] | Column]
) -> Mapping[str, NDArray[Any]]:
    if isinstance(known, Columns):
        return known.changed(columns)
    return {**known, **{name: values for name, values in columns.items() if not isinstance(values, Column)}}


def _base(content: Content, home: Path, files: str) -> Path:
    """The folder that names are relative to."""
    base = home / files
    try:
        base = inside(base, home)
    except DataError as fault:
        raise DataError("the folder of files lies outside the table's", where=f"{content.source}: files",
                        expected=f"a folder in {home}", got=repr(files)) from fault  # fmt: skip
    if not base.is_dir():
        raise DataError("there is no such folder beside the table", where=f"{content.source}: files",
                        expected=f"a folder in {home}", got=repr(files))  # fmt: skip
    return base


def _first(content: Content, name: str) -> Any:
    chunk = next(content.chunks(name), ())
    return chunk[0] if len(chunk) else None


def _dtype_kind(content: Content, name: str) -> str:
    return next(content.chunks(name)).dtype.kind


def _has_file_endings(content: Content, name: str) -> bool:
    """Whether all values end like names of the files of one kind."""
    candidates, any_name = [KINDS.get(kind).suffixes for kind in KINDS if KINDS.get(kind).suffixes], False
    for chunk in content.chunks(name):
        present = [value for value in chunk.tolist() if value is not None]
        any_name = any_name or bool(present)
        if not all(isinstance(value, str) for value in present):
            return False
        candidates = [each for each in candidates if all(value.lower().endswith(each) for value in present)]
        if not candidates:
            return False
    return any_name


def _any_exists(content: Content, name: str, base: Path) -> bool:
    return any((base / str(value)).exists() for chunk in content.chunks(name) for value in chunk if value is not None)


def _resolved(content: Content, name: str, base: Path, home: Path, folders: bool) -> NDArray[Any] | Column:
    """The column of paths: an array, or a column on disk."""
    if not content.on_disk(name):
        return _paths(content, name, base, home, content.columns[name], np.arange(content.count), folders)
    return Column(partial(_blocks, content, name, base, home, folders), content.count)


def _blocks(content: Content, name: str, base: Path, home: Path, folders: bool) -> Iterator[NDArray[Any]]:
    start = 0
    for block in content.chunks(name):
        yield _paths(content, name, base, home, block, np.arange(start, start + len(block)), folders)
        start += len(block)


def _paths(
    content: Content, name: str, base: Path, home: Path, values: NDArray[Any], rows: Rows, folders: bool = True
) -> NDArray[Any]:
    """Names as paths, each of an existing file – or folder, where a value may be one – within the folder."""
    paths = np.empty(len(values), dtype=object)
    for place, value in enumerate(values.tolist()):
        if not isinstance(value, str):
            paths[place] = value
            continue
        where = content.place(name, int(rows[place]))
        try:
            paths[place] = inside(base / value, home)
        except DataError as fault:
            raise DataError("the file lies outside the table's folder", where=where, expected=f"a file in {home}",
                            got=repr(value)) from fault  # fmt: skip
        if not paths[place].is_file() and not (folders and paths[place].is_dir()):
            raise DataError(
                "the file does not exist",
                where=where,
                expected=f"a file in {base}",
                got=repr(value),
                fix=_elsewhere(value, base, home)
                or f"if {name!r} does not name files, say what it is: {read_as(name, 'text')}; or {leave_out(name)}",
            )
    return paths


def _elsewhere(value: str, base: Path, home: Path) -> str:
    """The option that would find a missing file, if one of the sub-folders holds it."""
    for folder in islice((each for each in sorted(base.iterdir()) if each.is_dir()), _SEARCHED):
        if (folder / value).is_file():
            files = folder.relative_to(home).as_posix()
            return f"did you mean {setting('files', files)}?"
    return ""


def _fingerprint(content: Content, names: list[str], base: Path, home: Path) -> str:
    """sha256 over the table's own fingerprint and each file, in the order of first mention."""
    digest = hashlib.sha256(content.fingerprint.encode())
    for name in names:
        rows, start = _first_mentions(content, name), 0
        for chunk in content.chunks(name, rows):
            for path in _paths(content, name, base, home, chunk, rows[start : start + len(chunk)]):
                digest.update(digest_of([path], home).encode())
            start += len(chunk)
    return digest.hexdigest()


def _first_mentions(content: Content, name: str) -> Rows:
    """(names,) the row in which each name occurs first; takes eight bytes per row."""
    keys = np.concatenate([np.array([_key(value) for value in chunk], np.uint64) for chunk in content.chunks(name)])
    distinct, first = np.unique(keys, return_index=True)
    rows: Rows = np.sort(first[distinct != 0])
    return rows


def _key(value: Any) -> int:
    """64 bits of a name; 0 for a value that is no name."""
    if not isinstance(value, str):
        return 0
    return int.from_bytes(hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()) | 1
