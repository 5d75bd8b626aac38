"""Folders in which each file is an example, as of images and recordings.

    FOLDER/CLASS/…/NAME.png                 the class is the sub-folder's name
    FOLDER/train/CLASS/…, FOLDER/test/CLASS/…   the same with splits (also val, valid, dev, validation, training)
    FOLDER/NAME.png                         no class, unless a pattern reads it from the name

A pattern such as `{label}_{speaker}_{}` is matched against the name without its ending (and with a `/`, against the
folders before it too): `{label}` becomes the target, other names become columns of metadata, by which the rows may be
split, and `{}` is skipped.

Hidden files and files of other sorts are left out, with a note. A link is followed only within the folder.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from weftnet.data.content import Content, short_name
from weftnet.data.folder import Listing, digest_of, list_folder
from weftnet.data.naming import Naming
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

_TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
_ENOUGH = 10_000


def count(path: Path, endings: Sequence[str]) -> int:
    """How many files in a folder and up to two levels below have these endings; counts up to 10,000."""
    files = chain.from_iterable(path.glob(pattern) for pattern in ("*", "*/*", "*/*/*"))
    wanted = (file for file in files if file.suffix.lower() in endings and not file.name.startswith("."))
    return sum(1 for _ in islice(wanted, _ENOUGH))


def read_folder(
    path: Path,
    column: str,
    endings: Sequence[str],
    pattern: str,
    limit: int,
    together: Callable[[Sequence[Path]], list[Path]] = list,
) -> Content:
    """A row for each file.

    Args:
        path: the folder.
        column: the name of the files' column.
        endings: of the files that are read.
        pattern: of the files' names, empty if they mean nothing.
        limit: bytes that one file may have.
        together: files → values, where several are one.

    Raises:
        DataError: there is no such file, one is too large or leads outside, or a name does not match.
        SettingError: the pattern is invalid.
    """
    naming = Naming(pattern) if pattern else None
    listing = list_folder(path, endings)
    if not listing.files:
        raise DataError(f"the folder holds no {column}", where=str(path), expected=", ".join(endings))
    cells = together(listing.files)
    words, splits = _words(path, cells, naming)
    if not words and (tables := [name for name in listing.others if Path(name).suffix.lower() in _TABLES]):
        raise DataError(
            "the files are in no class's folder, but beside a table",
            where=str(path),
            fix=f"open the table: {path / tables[0]}",
        )
    aside = sorted(set(words) - {"label"})
    return Content(
        short_name(str(path)),
        str(path),
        {column: np.array(cells, dtype=object)} | {name: np.array(each, dtype=object) for name, each in words.items()},
        digest_of(listing.files, path, limit),
        target="label" if "label" in words else None,
        table=True,
        typed=True,
        splits={split: np.array(rows, np.int64) for split, rows in splits.items()} if len(splits) > 1 else {},
        files=cells,
        aside=frozenset(aside),
        notes=tuple(_notes(path, listing, column, aside)),
    )


def _words(
    path: Path, files: Sequence[Path], naming: Naming | None
) -> tuple[dict[str, list[str]], dict[str, list[int]]]:
    """What folders and names say about each file: words by column, and the rows of each split."""
    top = sorted({file.relative_to(path).parts[0] for file in files if file.parent != path})
    has_splits = "train" in map(split_named, top) and None not in map(split_named, top)
    columns: dict[str, list[str]] = {}
    splits: dict[str, list[int]] = {}
    for row, file in enumerate(files):
        folders = file.relative_to(path).parts[:-1]
        if has_splits and not folders:
            raise DataError("the file is beside the folders of the splits", where=str(file), expected=", ".join(top))
        if has_splits:
            splits.setdefault(str(split_named(folders[0])), []).append(row)
            folders = folders[1:]
        named = naming.read(file, folders) if naming else {"label": folders[0]} if folders else {}
        for name, word in named.items():
            columns.setdefault(name, []).append(word)
        if "label" in columns and len(columns["label"]) != row + 1:
            odd = file if "label" not in named else files[0]
            raise DataError(
                "the file is in no class's folder, while others are",
                where=str(odd),
                expected=f"{path}/CLASS/{odd.name}",
            )
    return columns, splits


def _notes(path: Path, listing: Listing, column: str, aside: Sequence[str]) -> list[str]:
    """What was skipped."""
    notes = []
    if listing.others:
        endings_of = Counter(Path(name).suffix.lower() or "none" for name in listing.others)
        kinds = ", ".join(f"{count} × {ending}" for ending, count in endings_of.most_common(3))
        notes.append(f"{len(listing.others)} files are no {column} and left out ({kinds}), first {listing.others[0]}")
    if listing.hidden:
        notes.append(f"{len(listing.hidden)} hidden files and folders are left out, first {listing.hidden[0]}")
    used = {folder for file in listing.files for folder in file.parents}
    empty = [folder.relative_to(path) for folder in listing.folders if folder not in used]
    if empty:
        notes.append(f"{len(empty)} folders hold no {column}, first {empty[0].as_posix()}")
    if aside:
        notes.append(f"{', '.join(aside)}: read from the names, to split by; no input unless `kinds` names it")
    return notes
