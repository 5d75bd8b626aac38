"""Files in the idx format, as MNIST, Fashion-MNIST, KMNIST and EMNIST come: a folder of images and labels by part.

    train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte    (or .gz, .xz)

    two zero bytes · the type of the values · the number of axes · the length of each axis, big-endian · the values

A name that holds `images` is x, one that holds `labels` is y; one that begins with t10k or holds `test` is the test
part. A folder of one pair without a part is one set, to be split. Nothing but numbers is in such a file.
Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, http://yann.lecun.com/exdb/mnist.
"""

import math
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.read import LIMIT, read_bytes
from weftnet.data.sources._place import Place
from weftnet.data.sources.arrays import arrays
from weftnet.errors import DataError

FOLDER = "idx files (train-images-idx3-ubyte …)"
#: bytes in memory for each byte of the files: as they are, and as floats
WEIGHT = 5
_NAME = re.compile(r"[-.]idx\d-ubyte(\.gz|\.xz)?$")
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def opens(place: Place) -> float:
    """Folders that hold a file with such a name."""
    return 0.95 * (place.is_folder and any(_NAME.search(file.name.lower()) for file in place.path.iterdir()))


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """Read a folder of idx files.

    Args:
        path: the folder.
        limit: bytes that a file may have, decompressed.

    Raises:
        DataError: a file is damaged, or names or lengths do not fit together.
    """
    named: dict[str, NDArray[Any]] = {}
    for file in sorted(path.iterdir()):
        name = file.name.lower()
        axis = "x" if "images" in name else "y" if "labels" in name else ""
        if not _NAME.search(name) or not axis:
            continue
        part = "_test" if name.startswith("t10k") or "test" in name else "_train" if "train" in name else ""
        if axis + part in named:
            what = f"two files hold the {'images' if axis == 'x' else 'labels'} of one part"
            raise DataError(what, where=str(file), fix="keep one of them")
        named[axis + part] = values(file, limit)
    return arrays(named, str(path))


def values(file: Path, limit: int = LIMIT) -> NDArray[Any]:
    """The array of a file.

    Raises:
        DataError: it is damaged.
    """
    raw = bytes(read_bytes(file, limit))
    kind, axes = (raw[2], raw[3]) if len(raw) >= 4 and raw[:2] == b"\0\0" else (0, 0)
    start = 4 + 4 * axes
    if kind not in _TYPES or not axes or len(raw) < start:
        expected = "two zero bytes, a type of 8 to 14, the number of axes, and their lengths"
        raise DataError("this is no idx file", where=str(file), expected=expected, got=raw[:4].hex(" ") or "nothing")
    shape, dtype = struct.unpack(f">{axes}I", raw[4:start]), np.dtype(_TYPES[kind])
    expected_bytes = math.prod(shape) * dtype.itemsize
    if len(raw) - start != expected_bytes:
        got = f"{len(raw) - start} bytes"
        what = "the file holds another number of values than its header says"
        raise DataError(what, where=str(file), expected=f"{expected_bytes} bytes for {shape}", got=got)
    array = np.frombuffer(raw, dtype, offset=start).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def example(folder: Path) -> Path:
    """A folder of images of noise, and their classes."""
    draw = np.random.default_rng(0)
    for part, count in (("train", 20), ("t10k", 6)):
        for name, array in (
            ("images-idx3", draw.integers(0, 256, (count, 6, 5))),
            ("labels-idx1", np.arange(count) % 2),
        ):
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (folder / f"{part}-{name}-ubyte").write_bytes(header + array.astype(np.uint8).tobytes())
    return folder
