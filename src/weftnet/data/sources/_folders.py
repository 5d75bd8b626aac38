"""Folders of files that are an example each, as images and recordings come.

    FOLDER/CLASS/…/NAME.png                 the class is the sub-folder's name
    FOLDER/train/CLASS/…, FOLDER/test/CLASS/…   the same in given splits (also val, valid, dev, validation, training)
    FOLDER/NAME.png                         no class, unless a pattern reads it from the name

A pattern such as `{label}_{speaker}_{}` is matched against the name without its ending (and with a `/`, against the
folders before it too): `{label}` becomes the target, other names become columns that stand aside, for cutting splits,
and `{}` is passed over.

Hidden files and files of other sorts are left out and told in a note. A link is followed only within the folder.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from weftnet.data.content import Content, short_name, split_named
from weftnet.data.folder import Listing, digest_of, list_folder
from weftnet.data.naming import Naming
from weftnet.errors import DataError

_TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
_ENOUGH = 10_000


def count(path: Path, endings: Sequence[str]) -> int:
    """How many files of a folder, and of the folders up to two levels below it, end so; it stops counting at 10,000."""
    files = chain.from_iterable(path.glob(pattern) for pattern in ("*", "*/*", "*/*/*"))
    wanted = (file for file in files if file.suffix.lower() in endings and not file.name.startswith("."))
    return sum(1 for _ in islice(wanted, _ENOUGH))


def read_folder(path: Path, column: str, endings: Sequence[str], pattern: str, limit: int) -> Content:
    """A row for each file.

    Args:
        path: the folder.
        column: what the files' column is called.
        endings: of the files that are wanted.
        pattern: how names are read, empty if they say nothing.
        limit: bytes that one file may have.

    Raises:
        DataError: there is no such file, one is too large or leads outside, or a name does not match.
        SettingError: the pattern can't be read.
    """
    naming = Naming(pattern) if pattern else None
    listing = list_folder(path, endings)
    if not listing.files:
        raise DataError(f"the folder holds no {column}", where=str(path), expected=", ".join(endings))
    top = sorted({file.relative_to(path).parts[0] for file in listing.files if file.parent != path})
    cut = "train" in map(split_named, top) and None not in map(split_named, top)
    columns: dict[str, list[str]] = {}
    splits: dict[str, list[int]] = {}
    for row, file in enumerate(listing.files):
        folders = file.relative_to(path).parts[:-1]
        if cut and not folders:
            raise DataError("the file lies beside the splits, in none", where=str(file), expected=", ".join(top))
        if cut:
            splits.setdefault(str(split_named(folders[0])), []).append(row)
            folders = folders[1:]
        said = naming.read(file, folders) if naming else {"label": folders[0]} if folders else {}
        for name, word in said.items():
            columns.setdefault(name, []).append(word)
        if "label" in columns and len(columns["label"]) != row + 1:
            odd = file if "label" not in said else listing.files[0]
            raise DataError(
                "the file lies in no class's folder, and others do", where=str(odd), expected=f"{path}/CLASS/{odd.name}"
            )
    if not columns and (tables := [name for name in listing.others if Path(name).suffix.lower() in _TABLES]):
        raise DataError(
            "the files lie in no classes' folders, but beside a table",
            where=str(path),
            fix=f"open the table: {path / tables[0]}",
        )
    cells = {column: np.array(listing.files, dtype=object)}
    return Content(
        short_name(str(path)),
        str(path),
        cells | {name: np.array(words, dtype=object) for name, words in columns.items()},
        digest_of(listing.files, path, limit),
        target="label" if "label" in columns else None,
        table=True,
        typed=True,
        splits={split: np.array(rows, np.int64) for split, rows in splits.items()} if len(splits) > 1 else {},
        files=listing.files,
        aside=frozenset(columns) - {"label"},
        notes=tuple(_notes(path, listing, column, sorted(set(columns) - {"label"}))),
    )


def _notes(path: Path, listing: Listing, column: str, aside: Sequence[str]) -> list[str]:
    """What was passed over."""
    notes = []
    if listing.others:
        endings_of = Counter(Path(name).suffix.lower() or "none" for name in listing.others)
        told = ", ".join(f"{count} × {ending}" for ending, count in endings_of.most_common(3))
        notes.append(f"{len(listing.others)} files are no {column} and left out ({told}), first {listing.others[0]}")
    if listing.hidden:
        notes.append(f"{len(listing.hidden)} hidden files and folders are left out, first {listing.hidden[0]}")
    used = {folder for file in listing.files for folder in file.parents}
    empty = [folder.relative_to(path) for folder in listing.folders if folder not in used]
    if empty:
        notes.append(f"{len(empty)} folders hold no {column}, first {empty[0].as_posix()}")
    if aside:
        notes.append(f"{', '.join(aside)}: read from the names, for cutting splits; no input unless kinds says so")
    return notes
