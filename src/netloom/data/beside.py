"""Files that a table names: images or recordings beside it, one in each row.

A column is one of files if its kind is said to be image or audio, or if every value ends as image files do, or every
value as recordings do. The names are relative to the table's folder; nothing outside of it is opened, whatever a name,
a `..` or a link says.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netloom.data.content import Content
from netloom.data.folder import digest_of, inside
from netloom.data.infer import Spec
from netloom.data.media import IMAGES, SOUNDS
from netloom.errors import DataError

_KINDS = ("image", "audio")


def resolve_files(content: Content, folder: Path, kinds: Mapping[str, Spec | None]) -> Content:
    """A table whose columns of file names are paths that were checked.

    Args:
        content: of the table.
        folder: it lies in.
        kinds: what is said about columns.

    Raises:
        DataError: a file is not there or lies outside the folder; names row and column.
    """
    if not content.table:
        return content
    home = folder.resolve()
    columns, found, notes = dict(content.columns), set[Path](), list(content.notes)
    held = any(isinstance(value, bytes) for values in columns.values() if len(values) for value in [values[0]])
    for name, values in content.columns.items():
        said = kinds.get(name)
        wanted = (said if isinstance(said, str) else next(iter(said), "")) in _KINDS if said else False
        if name == content.target or values.dtype.kind != "O" or (not wanted and (name in kinds or not _named(values))):
            continue
        if held and not wanted and not any((folder / str(value)).exists() for value in values if value is not None):
            notes.append(f"{name}: names files that are not there, beside a column that holds them; read as words")
            continue
        columns[name] = _resolved(content, name, values, home)
        found |= {file for file in columns[name] if isinstance(file, Path)}
    if not found:
        return replace(content, notes=tuple(notes))
    digest = hashlib.sha256(f"{content.fingerprint}:{digest_of(sorted(found), home)}".encode()).hexdigest()
    return replace(content, columns=columns, fingerprint=digest, notes=tuple(notes))


def _named(values: NDArray[Any]) -> bool:
    """Whether the values look like names of images, or of recordings."""
    real = [value for value in values.tolist() if value is not None]
    if not real or not all(isinstance(value, str) for value in real):
        return False
    return any(all(value.lower().endswith(endings) for value in real) for endings in (IMAGES, SOUNDS))


def _resolved(content: Content, name: str, values: NDArray[Any], home: Path) -> NDArray[Any]:
    paths = np.empty(len(values), dtype=object)
    for row, value in enumerate(values.tolist()):
        if not isinstance(value, str):
            paths[row] = value
            continue
        where = content.place(name, row)
        try:
            paths[row] = inside(home / value, home)
        except DataError as fault:
            raise DataError("the file lies outside the table's folder", where=where, expected=f"a file in {home}",
                            got=repr(value)) from fault  # fmt: skip
        if not paths[row].is_file():
            raise DataError(
                "the file is not there",
                where=where,
                expected=f"a file in {home}",
                got=repr(value),
                fix=f"if {name!r} is not about files: kinds={{{name!r}: 'category'}}, or None to leave it out",
            )
    return paths
