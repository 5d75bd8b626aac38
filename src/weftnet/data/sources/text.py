"""One long text, for language models: a .txt file, compressed or not."""

import hashlib
from pathlib import Path

from weftnet.data.read import LIMIT, read_text
from weftnet.data.sources._place import Place
from weftnet.errors import DataError

ENDINGS = (".txt",)
#: bytes in memory for each byte of the file: every character is a number
WEIGHT = 10
#: what `read` gives
FORM = "windows"


def opens(place: Place) -> float:
    """Files by their ending."""
    return place.ends_in(ENDINGS)


def read(path: Path, *, context: int = 64, encoding: str = "utf-8", limit: int = LIMIT) -> tuple[str, str, int]:
    """The text, its fingerprint, and the window's length.

    Args:
        path: the file.
        context: characters in a window.
        encoding: of the file.
        limit: bytes the uncompressed file may have.

    Raises:
        DataError: the file is empty or not of this encoding.
    """
    content = read_text(path, limit, encoding)
    if not content:
        raise DataError("the file is empty", where=str(path), expected="a text")
    return content, hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest(), context


def example(folder: Path) -> Path:
    """A sentence, again and again."""
    (folder / "example.txt").write_text("The quick brown fox jumps over the lazy dog.\n" * 40, encoding="utf-8")
    return folder / "example.txt"
