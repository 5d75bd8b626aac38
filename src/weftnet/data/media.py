"""Files of images and sound as cells of a column: what a cell may be, and how its bytes are read.

A cell is a `Path`, the bytes of a file, or values already decoded (an array, a `PIL.Image`). A string is never taken
for a path: values may come from a client, who must not be able to open a file here. A `Path` is made by a source that
checked where it leads.
"""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from weftnet.data.kinds._kind import BadValue

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
#: bytes that one file may have, unless the caller sets another limit
LARGEST = 256 * 2**20


def are_files(cells: Sequence[Any], suffixes: tuple[str, ...], begins: Callable[[bytes], bool]) -> bool:
    """Whether values are files of a medium: paths by the suffix of the first, bytes by those that any begins with."""
    if cells and isinstance(cells[0], Path):
        return cells[0].suffix.lower() in suffixes
    return any(isinstance(cell, bytes) and begins(cell) for cell in cells)


def is_picture(cell: Any) -> bool:
    """Whether a cell is a `PIL.Image`, tested without importing Pillow."""
    return any(base.__module__ == "PIL.Image" and base.__name__ == "Image" for base in type(cell).__mro__)


def stream(cell: Any, row: int, what: str) -> IO[bytes]:
    """A stream of the bytes of a path or of bytes.

    Args:
        cell: a `Path` or bytes.
        row: of the cell, for messages.
        what: what the cell should be, for messages: image, recording.

    Raises:
        BadValue: the file is missing, empty or too large, or the cell is neither a path nor bytes.
    """
    if cell is None:
        raise BadValue(row, f"the {what} is missing", fix="leave the row out, or give a file")
    if not isinstance(cell, Path | bytes):
        actual = "a word; only a source opens files" if isinstance(cell, str) else type(cell).__name__
        raise BadValue(row, f"this is no {what}", expected="a Path, the bytes of a file, or an array", got=actual)
    try:
        if isinstance(cell, Path) and not cell.is_file():  # reading a pipe would block
            raise BadValue(row, f"the {what} does not exist", got=str(cell))
        size = len(cell) if isinstance(cell, bytes) else cell.stat().st_size
        if not size or (size > LARGEST and isinstance(cell, bytes)):  # its source has checked a path's size
            raise BadValue(row, f"the {what} is {'too large' if size else 'empty'}",
                           expected=f"1 to {LARGEST} bytes", got=f"{named(cell)}: {size} bytes")  # fmt: skip
        return io.BytesIO(cell) if isinstance(cell, bytes) else cell.open("rb")
    except OSError as fault:
        raise BadValue(row, f"the {what} can't be read", got=f"{named(cell)}: {fault.strerror or fault}") from None


def named(cell: Any) -> str:
    """A cell as it appears in messages."""
    if isinstance(cell, bytes):
        return f"{len(cell)} bytes"
    return f"an array {cell.shape}" if isinstance(cell, np.ndarray) else str(cell)


def content_of(cell: Any) -> bytes:
    """A cell's content for a fingerprint: a file's bytes, an image's pixels, a word's spelling."""
    if isinstance(cell, Path) and cell.is_file():
        return cell.read_bytes()
    if isinstance(cell, Path) and cell.is_dir():  # of frames
        return b"".join(each.read_bytes() for each in sorted(cell.iterdir()) if each.is_file())
    if isinstance(cell, np.ndarray) and not cell.dtype.hasobject:
        return f"{cell.dtype.str}{cell.shape}".encode() + cell.tobytes()
    if is_picture(cell):
        return f"{cell.mode}{cell.size}".encode() + bytes(cell.tobytes())
    return repr(cell).encode("utf-8", "surrogatepass")
