"""Pixels as a PNG file, with NumPy and zlib alone.

Source: W3C, Portable Network Graphics, 2003, https://www.w3.org/TR/PNG. Differs: 8 bits, no filter, no interlacing.
"""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: channels → colour type
_COLOURS = {1: 0, 3: 2, 4: 6}


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A file of grey (height, width) or colour (height, width, 3 or 4) pixels.

    Raises:
        ValueError: they are no uint8 of such a shape.
    """
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.dtype != np.uint8 or planes.ndim != 3 or planes.shape[2] not in _COLOURS or 0 in planes.shape:
        raise ValueError(
            f"expected uint8 (height, width) or (height, width, 3 or 4), got {pixels.dtype} {pixels.shape}"
        )
    height, width, channels = planes.shape
    rows: NDArray[Any] = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter, 0: none
    rows[:, 1:] = planes.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
