"""Files of pictures and sound as cells of a column: what a cell may be, and how its bytes are reached.

A cell is a `Path`, the bytes of a file, or values already decoded (an array, a `PIL.Image`). A string is never taken
for a path: values come from whoever sends them, and must not be able to open a file here. A `Path` is made by a source
that checked where it leads.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from weftnet.data.kinds._kind import BadValue

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
#: bytes that one file may have, unless whoever opens it says otherwise
LARGEST = 256 * 2**20

#: what files of each sort begin with; RIFF files say at byte 8 what they are
_SIGNS: dict[bytes, Literal["image", "audio"]] = {
    b"\x89PNG": "image", b"\xff\xd8\xff": "image", b"GIF8": "image", b"BM": "image", b"II*\0": "image",
    b"MM\0*": "image", b"fLaC": "audio", b"OggS": "audio", b"ID3": "audio",
    b"\xff\xfb": "audio", b"\xff\xf3": "audio", b"\xff\xf2": "audio",
}  # fmt: skip
_RIFF: dict[bytes, Literal["image", "audio"]] = {b"WEBP": "image", b"WAVE": "audio"}


def sort_of(cell: Any) -> Literal["image", "audio"] | None:
    """Whether a cell is a picture or sound, by its suffix or first bytes; None if nothing says so."""
    if isinstance(cell, Path):
        return "image" if cell.suffix.lower() in IMAGES else "audio" if cell.suffix.lower() in SOUNDS else None
    if isinstance(cell, bytes):
        if cell[:4] == b"RIFF":
            return _RIFF.get(cell[8:12])
        return next((sort for sign, sort in _SIGNS.items() if cell.startswith(sign)), None)
    if isinstance(cell, np.ndarray):
        return "image" if cell.ndim in (2, 3) and cell.dtype == np.uint8 else None
    return "image" if is_picture(cell) else None


def sort_of_column(cells: Sequence[Any]) -> Literal["image", "audio"] | None:
    """Whether a column's cells are pictures or sound; bytes of which none says so are taken for damaged pictures."""
    if isinstance(cells[0], bytes):
        return next(filter(None, map(sort_of, cells)), "image")
    return sort_of(cells[0])


def is_picture(cell: Any) -> bool:
    """Whether a cell is a `PIL.Image`; Pillow is not imported to find out."""
    return any(base.__module__ == "PIL.Image" and base.__name__ == "Image" for base in type(cell).__mro__)


def stream(cell: Any, row: int, what: str) -> IO[bytes]:
    """The bytes of a path or of bytes, to be read.

    Args:
        cell: a `Path` or bytes.
        row: of the cell, for messages.
        what: the cell is to be: image, recording.

    Raises:
        BadValue: the file is missing, empty or too large, or the cell is neither.
    """
    if cell is None:
        raise BadValue(row, f"the {what} is missing", fix="leave the row out, or give a file")
    if not isinstance(cell, Path | bytes):
        told = "a word; only a source opens files" if isinstance(cell, str) else type(cell).__name__
        raise BadValue(row, f"this is no {what}", expected="a Path, the bytes of a file, or an array", got=told)
    try:
        if isinstance(cell, Path) and not cell.is_file():  # a pipe would be waited for
            raise BadValue(row, f"the {what} is not there", got=str(cell))
        size = len(cell) if isinstance(cell, bytes) else cell.stat().st_size
        if not size or (size > LARGEST and isinstance(cell, bytes)):  # a path's size was for its source to judge
            raise BadValue(row, f"the {what} is {'too large' if size else 'empty'}",
                           expected=f"1 to {LARGEST} bytes", got=f"{named(cell)}: {size} bytes")  # fmt: skip
        return io.BytesIO(cell) if isinstance(cell, bytes) else cell.open("rb")
    except OSError as fault:
        raise BadValue(row, f"the {what} can't be read", got=f"{named(cell)}: {fault.strerror or fault}") from None


def named(cell: Any) -> str:
    """What a cell is called in messages."""
    if isinstance(cell, bytes):
        return f"{len(cell)} bytes"
    return f"an array {cell.shape}" if isinstance(cell, np.ndarray) else str(cell)


def content_of(cell: Any) -> bytes:
    """What a cell holds, for a fingerprint: of a file its bytes, of a picture its pixels, of words their spelling."""
    if isinstance(cell, Path) and cell.is_file():
        return cell.read_bytes()
    if isinstance(cell, np.ndarray) and not cell.dtype.hasobject:
        return f"{cell.dtype.str}{cell.shape}".encode() + cell.tobytes()
    if is_picture(cell):
        return f"{cell.mode}{cell.size}".encode() + bytes(cell.tobytes())
    return repr(cell).encode("utf-8", "surrogatepass")
