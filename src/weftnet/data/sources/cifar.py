"""CIFAR-10 and CIFAR-100 in their binary version: a folder of .bin files of records.

    CIFAR-10     data_batch_1.bin … data_batch_5.bin, test_batch.bin; batches.meta.txt
                 a record: the class, 1 byte · 32 × 32 red, green, blue values
    CIFAR-100    train.bin, test.bin; fine_label_names.txt, coarse_label_names.txt
                 a record: the coarse class, the fine class, 2 bytes · the values

Labels are the classes' names where the folder has them, a line each. `labels="coarse"` takes the twenty coarse classes.
The Python version of these sets is a pickle, which would run code: it is refused.
Source: A. Krizhevsky, Learning multiple layers of features from tiny images, 2009,
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.read import LIMIT, read_bytes
from weftnet.data.sources._place import Place
from weftnet.data.sources.arrays import arrays
from weftnet.errors import DataError

FOLDER = "CIFAR's binary files (data_batch_1.bin …)"
#: bytes in memory for each byte of the files: as they are, and as floats
WEIGHT = 5
_TEN = re.compile(r"(data|test)_batch(_\d+)?\.bin$")
_HUNDRED = {"train.bin", "test.bin"}
_SIDE, _PIXELS = 32, 3 * 32 * 32


def opens(place: Place) -> float:
    """Folders of files with their names."""
    if not place.is_folder:
        return 0.0
    names = {file.name for file in place.path.iterdir()}
    hundred = names >= _HUNDRED and "fine_label_names.txt" in names
    return 0.95 * (hundred or any(map(_TEN.match, names)))


def read(path: Path, *, labels: Literal["fine", "coarse"] = "fine", limit: int = LIMIT) -> Content:
    """Read a folder of binary files.

    Args:
        path: the folder.
        labels: of CIFAR-100, its hundred fine classes or its twenty coarse ones.
        limit: bytes that a file may have.

    Raises:
        DataError: a file is damaged, or there is none of the training images.
    """
    names = {file.name for file in path.iterdir()}
    hundred = not any(map(_TEN.match, names))
    if labels == "coarse" and not hundred:
        raise DataError("CIFAR-10 has no coarse classes", where=str(path), fix="leave the option labels out")
    files = sorted(_HUNDRED & names if hundred else filter(_TEN.match, names))
    parts: dict[str, list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]] = {"train": [], "test": []}
    for name in files:
        heads = 2 if hundred else 1
        records = _records(path / name, heads, limit)
        parts["test" if name.startswith("test") else "train"].append(
            (records[:, 0 if labels == "coarse" else heads - 1], records[:, heads:])
        )
    spelled = _names(path, f"{labels}_label_names.txt" if hundred else "batches.meta.txt")
    named: dict[str, Any] = {}
    for part, batches in parts.items():
        if batches:
            numbers = np.concatenate([numbers for numbers, _ in batches])
            pixels = np.concatenate([pixels for _, pixels in batches])
            named[f"x_{part}"] = pixels.reshape(-1, 3, _SIDE, _SIDE)
            named[f"y_{part}"] = _spelled(numbers, spelled, path)
    return arrays(named, str(path))


def _records(file: Path, heads: int, limit: int) -> NDArray[np.uint8]:
    raw = read_bytes(file, limit)
    if not raw or len(raw) % (heads + _PIXELS):
        expected = f"records of {heads + _PIXELS} bytes"
        raise DataError("the file holds no whole records", where=str(file), expected=expected, got=f"{len(raw)} bytes")
    return np.frombuffer(raw, np.uint8).reshape(-1, heads + _PIXELS)


def _names(path: Path, name: str) -> list[str]:
    """The classes' names; [] where there is no file of them."""
    file = path / name
    if not file.is_file():
        return []
    try:
        return [line.strip() for line in bytes(read_bytes(file)).decode("utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as fault:
        raise DataError("the names of the classes can't be read", where=str(file), got=str(fault)) from None


def _spelled(numbers: NDArray[np.uint8], names: list[str], path: Path) -> NDArray[Any]:
    """The classes by name, where there are names."""
    if not names:
        return numbers.astype(np.int64)
    if int(numbers.max()) >= len(names):
        raise DataError(
            "a class has no name", where=str(path), expected=f"0 to {len(names) - 1}", got=str(numbers.max())
        )
    return np.asarray(names)[numbers]


def example(folder: Path) -> Path:
    """A folder of noise in CIFAR-10's form."""
    draw = np.random.default_rng(0)
    for name, count in (("data_batch_1.bin", 14), ("data_batch_2.bin", 10), ("test_batch.bin", 6)):
        records = draw.integers(0, 256, (count, 1 + _PIXELS), dtype=np.uint8)
        records[:, 0] = np.arange(count) % 2
        (folder / name).write_bytes(records.tobytes())
    (folder / "batches.meta.txt").write_text("cat\nship\n\n", encoding="utf-8")
    return folder
