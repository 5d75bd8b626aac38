"""How folders of tables are laid out: files and folders named for a split, and partitions `key=value/`.

train.csv, test.csv; train-00000-of-00002.parquet        the name begins with the split
train/0000.parquet, test/0000.parquet                    the folder is named for it
year=2020/label=cat/part-0.parquet                       columns year and label, as Hive and pyarrow write
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import split_named
from weftnet.data.read import suffixes

#: what stands for a missing value in a folder's name
_MISSING = "__HIVE_DEFAULT_PARTITION__"


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


def split_of(file: Path, root: Path) -> str | None:
    """The split that a file's name or one of its folders names."""
    inner = [split_named(part) for part in file.relative_to(root).parts[:-1]]
    return split_named(re.split(r"[-_.]", file.name)[0]) or next(filter(None, inner), None)


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
