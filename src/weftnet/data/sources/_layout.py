"""How folders of tables are laid out: files and folders named for a split, and partitions `key=value/`.

train.csv, test.csv; train-00000-of-00002.parquet        the name begins with the split
adult_train.csv, adult_test.csv                          or ends with it, where none begins with `train`
train/0000.parquet, test/0000.parquet                    the folder is named for it
year=2020/label=cat/part-0.parquet                       columns year and label, as Hive and pyarrow write
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from weftnet.data.read import suffixes
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

#: what stands for a missing value in a folder's name
_MISSING = "__HIVE_DEFAULT_PARTITION__"


def table_endings() -> list[str]:
    """The endings of all tables: of the sources that read one from a file."""
    from weftnet.data.sources import SOURCES

    tables = [source for name in SOURCES if getattr(source := SOURCES.get(name), "NAMES_FILES", False)]
    return [ending for source in tables for ending in source.ENDINGS]


def table_files(path: Path, endings: Collection[str]) -> list[Path]:
    """The tables in a folder, in its partitions, and in folders named for a split; hidden ones are left out."""
    files, folders = [], []
    for each in sorted(path.iterdir()):
        if each.name.startswith((".", "_")):
            continue
        if each.is_dir() and not each.is_symlink() and ("=" in each.name or split_named(each.name)):
            folders.append(each)
        elif suffixes(each)[0] in endings and each.is_file():
            files.append(each)
    return files + [file for folder in folders for file in table_files(folder, endings)]


def splits_of(files: Collection[Path], root: Path) -> dict[Path, str | None]:
    """The split that each file's name or one of its folders names."""
    splits = {file: _split_of(file, root, 0) for file in files}
    return splits if "train" in splits.values() else {file: _split_of(file, root, -1) for file in files}


def _split_of(file: Path, root: Path, place: int) -> str | None:
    """The split that the first (0) or last (−1) word of a file's name names, or one of its folders."""
    inner = [split_named(part) for part in file.relative_to(root).parts[:-1]]
    stem = file.name[: len(file.name) - len("".join(suffixes(file)))]
    return split_named(re.split(r"[-_.]", stem)[place]) or next(filter(None, inner), None)


def keys_of(file: Path, root: Path) -> dict[str, str | None]:
    """The columns that a file's folders hold, and their value in all of its rows."""
    pairs = [part.partition("=") for part in file.relative_to(root).parts[:-1]]
    return {
        unquote(key): None if value == _MISSING else unquote(value) for key, equals, value in pairs if equals and key
    }


def key_values(words: Sequence[str | None], counts: Sequence[int]) -> NDArray[np.generic]:
    """A column of the values of a key, each as many times as its file has rows: whole numbers, or words."""
    numbers = all(word is not None and re.fullmatch(r"-?(0|[1-9]\d{0,17})", word) for word in words)
    values = np.array([int(word or 0) for word in words], np.int64) if numbers else np.array(words, dtype=object)
    return np.repeat(values, counts)


class Together:
    """Which tables of a folder belong together: those that have all columns of the first.

    A test table that lacks a column of the training table is no test split: it is to be answered. What it lacks is the
    target, if that is one column.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.target, self.asked = path, "", list[Path]()
        self._first: Path | None = None
        self._names: list[str] = []
        self._split: str | None = None
        self._notes: list[str] = []

    def takes(self, file: Path, split: str | None, names: Sequence[str]) -> bool:
        """Whether a table is one of them; the tables come in the order of the splits.

        Raises:
            DataError: it is of the same split as the first, with other columns; or it lacks some and has others.
        """
        if self._first is None:
            self._first, self._split, self._names = file, split, list(names)
        lacks = [name for name in self._names if name not in names]
        extra = [name for name in names if name not in self._names]
        where = file.relative_to(self.path).as_posix()
        if lacks and (extra or split == self._split):
            fix = f"open one of them: {file}" if split is None else "give them the same columns"
            raise DataError("the tables differ in their columns", where=str(file), expected=", ".join(self._names),
                            got=", ".join(names), fix=fix)  # fmt: skip
        if lacks:
            self.target = lacks[0] if len(lacks) == 1 else self.target
            self.asked.append(file)
            self._notes.append(
                f"{where}: has no {', '.join(map(repr, lacks))}, so it is no {split} split but to be answered: "
                f"weftnet predict RUN {file}"
            )
        elif extra:
            self._notes.append(f"{where}: {', '.join(map(repr, extra))} left out, which the first table lacks")
        return not lacks

    @property
    def notes(self) -> list[str]:
        """What was left out, and what that says of the target."""
        said = f"{self.target!r} is taken for the target, as {self._first and self._first.name} alone has it"
        return [*self._notes, *([said] if self.target else [])]


def unread(path: Path, files: Collection[Path], endings: Collection[str]) -> list[str]:
    """Notes on tables of other formats, and on folders whose tables, or what whose names say, nobody reads."""
    others = [each.name for each in table_files(path, table_endings()) if suffixes(each)[0] not in endings]
    notes = [f"{', '.join(others[:5])}: of another format, and left out"] * bool(others)
    plain = [each for each in sorted(path.iterdir()) if each.is_dir() and each.name[0] not in "._"]
    plain = [each for each in plain if "=" not in each.name and not split_named(each.name)]
    holds = [each for each in plain if any(suffixes(file)[0] in endings for file in each.iterdir())]
    names = [each.name for each in holds]
    inside = any(each in file.parents for each in holds for file in files)
    if len(holds) < 1 + inside:  # one folder that holds everything says nothing
        return notes
    what = "what their names say is not" if inside else "they are not"
    return [*notes, f"folders {', '.join(names[:5])}: {what} read; for a column, call them label={names[0]} and so on"]


def unwrapped(path: Path) -> Path:
    """A folder, or the one inside it, where that is all it holds: as archives unpack to `photos/photos/…`.

    One that names a split or a partition, or that holds no folders itself, is what the folder is meant to hold.
    """
    shown = [each for each in path.iterdir() if not each.name.startswith((".", "__MACOSX"))]
    if len(shown) != 1 or not shown[0].is_dir() or shown[0].is_symlink() or "=" in shown[0].name:
        return path
    inner = shown[0]
    holds = [each for each in inner.iterdir() if not each.name.startswith(".")]
    if split_named(inner.name) or not any(each.is_dir() or split_named(each.stem) for each in holds):
        return path
    return unwrapped(inner)
