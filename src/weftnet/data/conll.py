"""Sentences as the CoNLL tasks write them: a line a word, its columns divided by blanks or tabs, an empty line between.

    EU      NNP  B-NP  B-ORG
    rejects VBZ  B-VP  O

Lines that begin with `# ` or are `#` alone, and the mark -DOCSTART-, are no words. Of ten columns that begin with a
number, as the treebanks of Universal Dependencies have them, the second is the word and the fourth its tag; words
written together (`1-2`) and words left out (`1.1`) are skipped there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from weftnet.errors import DataError

#: of the files
ENDINGS = (".conll", ".conllu", ".iob", ".iob2", ".bio")
_UNIVERSAL = 10
#: lines that are looked at to recognise a file, and the fewest and the most columns of one
_LOOK, _FEWEST, _MOST = 400, 2, 20
_MARK, _NO_TAG = "-DOCSTART-", "_"


@dataclass(frozen=True)
class Layout:
    """Which columns are read, counted from 0.

    Args:
        columns: of every line.
        token: the word.
        tag: its tag.
        tabs: whether tabs alone divide the columns.
    """

    columns: int
    token: int
    tag: int
    tabs: bool

    def split(self, line: str) -> list[str]:
        """The columns of a line."""
        return line.split("\t") if self.tabs else line.split()


def layout(first: str, where: str, token: int = 0, tag: int = 0) -> Layout:
    """The layout of a file, from its first word's line.

    Args:
        first: that line.
        where: the file, for messages.
        token: the column of the word, counted from 1; 0 for the usual one.
        tag: the column of the tag; 0 for the usual one, mostly the last.

    Raises:
        DataError: there is no such column.
    """
    tabs = first.count("\t") >= _UNIVERSAL - 1
    columns = first.split("\t") if tabs else first.split()
    universal = len(columns) == _UNIVERSAL and columns[0][:1].isdigit()
    chosen = {"token": token or (2 if universal else 1), "tag": tag or (4 if universal else len(columns))}
    for name, place in chosen.items():
        if not 1 <= place <= len(columns) or chosen["token"] == chosen["tag"]:
            got = f"{name} = {place}, and {len(columns)} columns: {first[:60]}"
            expected = "different columns for token and tag, counted from 1"
            raise DataError("there is no such column", where=where, expected=expected, got=got)
    return Layout(len(columns), chosen["token"] - 1, chosen["tag"] - 1, tabs)


def sentences(lines: Iterable[str], where: str, token: int = 0, tag: int = 0) -> Iterator[tuple[list[str], list[str]]]:
    """The words and the tags of each sentence.

    Args:
        lines: of the file.
        where: the file, for messages.
        token: the column of the word, counted from 1; 0 for the usual one.
        tag: the column of the tag.

    Raises:
        DataError: a line has another number of columns than the first, or there is no such column.
    """
    form: Layout | None = None
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        if not line.strip():
            if words:
                yield words, tags
            words, tags = [], []
            continue
        if _aside(line):
            continue
        form = form or layout(line, where, token, tag)
        columns = form.split(line)
        if len(columns) != form.columns:
            expected, got = f"{form.columns} columns, as in the first line", f"{len(columns)}: {line[:60]}"
            raise DataError("a line has another number of columns", where=f"{where}: line {number}",
                            expected=expected, got=got)  # fmt: skip
        if form.columns == _UNIVERSAL and form.tabs and not columns[0].isdigit():
            continue
        words.append(columns[form.token])
        tags.append(columns[form.tag])
    if words:
        yield words, tags


def words_of(text: str, where: str, token: int = 0) -> list[list[str]]:
    """The words of each sentence, whatever else the columns hold; there may be no other column.

    Args:
        text: of the file.
        where: the file, for messages.
        token: the column of the word, counted from 1; 0 for the usual one.

    Raises:
        DataError: a line has another number of columns than the first, or there is no such column.
    """
    lines = text.split("\n")
    first = next((line for line in lines if line.strip() and not _aside(line)), "")
    if len(first.split()) == 1 and token <= 1:  # words alone
        lines = [line if _aside(line) or not line.strip() else f"{line.strip()} {_NO_TAG}" for line in lines]
    return [words for words, _ in sentences(lines, where, token)]


def looks_like_it(lines: Sequence[str]) -> bool:
    """Whether the first lines of a file are words with tags: columns throughout, with empty lines between sentences."""
    text = list(islice((line for line in lines if not _aside(line)), _LOOK))
    written = [line for line in text if line.strip()]
    counts = {len(line.split("\t") if line.count("\t") >= _UNIVERSAL - 1 else line.split()) for line in written}
    between = any(not line.strip() for line in text[1:-1])
    return len(counts) == 1 and _FEWEST <= min(counts) <= _MOST and between and len(written) > 3


def _aside(line: str) -> bool:
    """Whether a line is no word: a comment, or the beginning of a document."""
    return line.startswith(("# ", _MARK)) or line.strip() == "#"
