"""Texts as files, a folder for each class: `CLASS/NAME.txt`, or with splits: `train/CLASS/NAME.txt`, `test/…`.

Two columns: `text`, and `label`, the folder's name. Files may be compressed as .xz or .gz. Hidden files are ignored;
any other file among the texts is refused, so that nothing is left out silently.
"""

import hashlib
from pathlib import Path

import numpy as np

from weftnet.base.limits import limit as limit_of
from weftnet.data.content import Content, short_name
from weftnet.data.read import LIMIT, read_text, suffixes, too_large
from weftnet.data.sources._place import Place
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

#: bytes in memory for each byte of the files
WEIGHT = 4


FOLDER = "a folder of texts for each class"


def opens(place: Place) -> float:
    """Folders with .txt files in their sub-folders, at the first or the second level."""
    if not place.is_folder:
        return 0.0
    files = (file for pattern in ("*/*", "*/*/*") for file in place.path.glob(pattern))
    return 0.5 if any(suffixes(file)[0] == ".txt" for file in files) else 0.0


def read(path: Path, *, encoding: str = "utf-8", limit: int = LIMIT) -> Content:
    """Read a folder of texts.

    Args:
        path: the folder.
        encoding: of the files.
        limit: bytes all texts together may have.

    Raises:
        DataError: a file is no text, not of this encoding, or outside the folders of classes.
    """
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    named = {folder: split_named(folder.name) for folder in folders}
    has_splits = None not in named.values()
    digest, room = hashlib.sha256(), limit or limit_of("bytes")
    texts: list[str] = []
    labels: list[str] = []
    files: list[Path] = []
    splits: dict[str, list[int]] = {}
    for folder in folders:
        for file in _files(folder):
            inside = file.relative_to(folder if has_splits else path).parts
            if len(inside) != 2 or suffixes(file)[0] != ".txt":
                raise DataError("this is no text in the folder of a class", where=str(file), expected="CLASS/NAME.txt")
            words = read_text(file, limit, encoding)
            room -= len(words)
            if room < 0:
                raise too_large(path, limit or limit_of("bytes"))
            digest.update(f"{file.relative_to(path).as_posix()}:{len(words)};{words}".encode("utf-8", "surrogatepass"))
            splits.setdefault(str(named[folder]), []).append(len(files))
            texts.append(words)
            labels.append(inside[0])
            files.append(file)
    columns = {"text": np.array(texts, dtype=object), "label": np.array(labels, dtype=object)}
    return Content(
        short_name(str(path)),
        str(path),
        columns,
        digest.hexdigest(),
        target="label",
        table=True,
        typed=True,
        splits={split: np.array(rows, np.int64) for split, rows in splits.items()} if has_splits else {},
        files=files,
    )


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))


def example(folder: Path) -> Path:
    """Texts of two classes."""
    for number in range(12):
        file = folder / "texts" / ("short", "long")[number % 2] / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"text number {number} " * (1 + 3 * (number % 2)), encoding="utf-8")
    return folder / "texts"
