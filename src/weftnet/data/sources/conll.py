"""Sentences with a tag for every word, in the columns of the CoNLL tasks (`data/conll.py`): .conll, .conllu, .iob.

A .txt that holds nothing else is one too. Files may be compressed as .xz or .gz.

Two columns: `tokens`, the words of each sentence, and `tags`, the target.
"""

import hashlib
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.conll import ENDINGS, layout, looks_like_it, sentences
from weftnet.data.content import Content, short_name
from weftnet.data.read import LIMIT, Unpacked, read_text
from weftnet.data.sources._place import Place
from weftnet.data.ways import setting
from weftnet.errors import DataError

#: what it reads, whatever the file
COLUMNS = ("tokens", "tags")
#: bytes in memory for each byte of the file
WEIGHT = 12
_LOOK = 2**15  # bytes


def opens(place: Place) -> float:
    """Files by their ending; a .txt by its first lines."""
    if place.ending == ".txt" and looks_like_it(_first_lines(place.path)):
        return 0.95
    return place.ends_in(ENDINGS)


def read(path: Path, *, token: int = 0, tag: int = 0, encoding: str = "utf-8", limit: int = LIMIT) -> Content:
    """The words and the tags of each sentence.

    Args:
        path: the file.
        token: the column of the word, counted from 1; 0 for the first, of ten as in a treebank the second.
        tag: the column of the tag; 0 for the last, of ten as in a treebank the fourth.
        encoding: of the file.
        limit: bytes the uncompressed file may have.

    Raises:
        DataError: the file is empty, not of this encoding, or its lines differ in their columns.
    """
    text = read_text(path, limit, encoding)
    pairs = list(sentences(text.split("\n"), str(path), token, tag))
    if not pairs:
        raise DataError("the file is empty", where=str(path), expected="a word and its tag in every line")
    words, tags = (_column(list(each)) for each in zip(*pairs, strict=True))
    return Content(
        short_name(str(path)),
        str(path),
        {"tokens": words, "tags": tags},
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        target="tags",
        table=True,
        typed=True,
        first=1,
        kinds={"tokens": "word_list", "tags": "tag_list"},
        notes=_columns_read(text, str(path), token, tag),
    )


def _columns_read(text: str, where: str, token: int, tag: int) -> tuple[str, ...]:
    """Which columns were read, where there are more than two."""
    first = next(line for line in text.split("\n") if line.strip() and not line.startswith(("#", "-DOCSTART-")))
    form = layout(first.rstrip("\r"), where, token, tag)
    if form.columns == 2 or tag:
        return ()
    read = f"of {form.columns} columns, {form.token + 1} is read as the word and {form.tag + 1} as its tag"
    return (f"{read}; to take another: {setting('tag', 1 + (form.tag + 1) % form.columns)}",)


def _column(rows: list[Any]) -> NDArray[Any]:
    cells = np.empty(len(rows), object)
    for row, value in enumerate(rows):
        cells[row] = value
    return cells


def _first_lines(path: Path) -> list[str]:
    """The first whole lines of a file; none where it can't be read."""
    try:
        with Unpacked(path) as stream:
            head = bytes(stream.read(_LOOK)).decode("utf-8", "replace")
    except DataError:
        return []
    lines = head.split("\n")
    return list(islice(lines, len(lines) - 1)) if len(head) >= _LOOK else lines


def example(folder: Path) -> Path:
    """Sentences of who wrote what."""
    who, what = ("Ada", "Alan", "Grace", "Kurt"), ("programs", "papers", "compilers")
    lines = [f"{who[n % 4]} B-PER\nwrote O\n{what[n % 3]} O\n" + "too O\n" * (n % 2) for n in range(24)]
    (folder / "example.conll").write_text("\n".join(lines), encoding="utf-8")
    return folder / "example.conll"
