"""Arrays: a .npz or .npy file, a folder of .npy files, or a mapping of arrays in memory.

    x, y                                        one set, to be split
    x_train, y_train, x_test, y_test [, x_val…] splits of the source; joined in the order train, validation, test
    a single .npy                               x
    any other names, each an axis of rows       columns of a table

Files may be compressed (.npy.xz, .npz.xz, .gz). Without y the data have no target, as generative tasks want it.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.columns import Columns
from weftnet.data.content import Content, fingerprint, short_name
from weftnet.data.read import LIMIT, read_npy, read_npz, suffixes
from weftnet.data.sources._mapped import column, mapped
from weftnet.data.sources._place import Place
from weftnet.data.sources._plain import plain
from weftnet.data.sources._spool import block_bytes
from weftnet.data.sources.table import hold as columns_held
from weftnet.errors import DataError, closest

ENDINGS = (".npz", ".npy")
FOLDER = "arrays (x_train.npy …)"
#: bytes in memory for each byte of the file: as it is, and as floats
WEIGHT = 3
_SPLITS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}
_NAMES = {f"{axis}_{word}": (axis, split) for split, words in _SPLITS.items() for word in words for axis in "xy"}


def opens(place: Place) -> float:
    """Files by their ending, folders that hold arrays, and a mapping with x or x_train."""
    if place.mapping is not None:
        return 0.9 if {"x", "x_train"} & set(map(str, place.mapping)) else 0.0
    if place.is_folder:
        return 0.9 if any(suffixes(file)[0] == ".npy" for file in place.path.iterdir()) else 0.0
    return place.ends_in(ENDINGS)


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """Read a file or folder of arrays.

    Args:
        path: the file or folder.
        limit: bytes an uncompressed file may have.

    Raises:
        DataError: a file is damaged, or names or lengths do not fit together.
    """
    named = load(path, limit=limit)
    if named and not {"x", "x_train"} & set(named) and all(array.ndim == 1 for array in named.values()):
        return replace(columns_held(named, str(path)), name=short_name(str(path)), typed=True)
    return arrays(named, str(path))


def hold(values: Mapping[str, Any], name: str) -> Content:
    """Arrays in memory."""
    return arrays(values, name)


def stream(path: Path, folder: Path, *, memory: int, limit: int = LIMIT) -> Content:
    """As `read`, with the arrays left on disk; compressed ones are decompressed into `folder`."""
    named = _folder(path, limit, folder) if path.is_dir() else mapped(path, limit, folder)
    return arrays(named, str(path), size=block_bytes(memory))


def load(path: Path, *, limit: int = LIMIT) -> dict[str, NDArray[Any]]:
    """The arrays of a file or folder by name."""
    if path.is_dir():
        return _folder(path, limit)
    if suffixes(path)[0] == ".npz":
        return read_npz(path, limit)
    return {"x": read_npy(path, limit)}


def arrays(named: Mapping[str, Any], source: str, *, size: int = 0) -> Content:
    """Join the splits of named arrays.

    Args:
        named: arrays by name.
        source: for messages.
        size: bytes to be read at a time, where the arrays are on disk; 0 where they are in memory.

    Raises:
        DataError: names or lengths do not fit together.
    """
    known = _known(named, source)
    ordered, splits = _ordered(known)
    columns: dict[str, Any] = {
        axis: _alike(several, f"{source}: {axis}") for axis, several in ordered.items() if several
    }
    for axis, several in columns.items():
        if axis == "y" and several[0].ndim == 2 and several[0].shape[1] == 1:
            several = [array[:, 0] for array in several]
        large = size and (axis == "x" or several[0].ndim > 1)
        columns[axis] = column(several, size) if large else several[0] if len(several) == 1 else np.concatenate(several)
    if "y" in columns and len(columns["y"]) != len(columns["x"]):
        raise DataError("x and y differ in length", where=source, got=f"{len(columns['x'])} and {len(columns['y'])}")
    return Content(
        short_name(source),
        source,
        Columns(columns) if size else columns,
        fingerprint(known),
        target="y" if "y" in columns else None,
        splits=splits if len(splits) > 1 else {},
    )


def _known(named: Mapping[str, Any], source: str) -> dict[str, NDArray[Any]]:
    """The arrays whose names are known, none empty, the training inputs among them."""
    known = {name: np.asarray(plain(array)) for name, array in named.items() if name in _NAMES or name in ("x", "y")}
    if "x" not in known and "x_train" not in known:
        close = closest("x_train", named)
        raise DataError(
            "the training inputs are missing",
            where=source,
            expected="arrays x and y, or x_train, y_train, x_test, y_test",
            got=", ".join(sorted(named)) or "nothing",
            fix=f"rename {close[0]!r}" if close else "",
        )
    for name, array in known.items():
        if not array.ndim or not len(array):
            raise DataError("an array holds no rows", where=f"{source}: {name}", got=f"shape {array.shape}")
    return known


def _ordered(known: Mapping[str, NDArray[Any]]) -> tuple[dict[str, list[NDArray[Any]]], dict[str, NDArray[np.int64]]]:
    """The arrays of x and of y in the order of the splits, and the rows of each split."""
    if "x" in known:
        return {axis: [known[axis]] if axis in known else [] for axis in "xy"}, {}
    ordered: dict[str, list[NDArray[Any]]] = {"x": [], "y": []}
    splits: dict[str, NDArray[np.int64]] = {}
    count = 0
    for split, words in _SPLITS.items():
        for name in (f"x_{word}" for word in words if f"x_{word}" in known):
            ordered["x"].append(known[name])
            ordered["y"] += [known[label]] if (label := name.replace("x_", "y_")) in known else []
            splits[split] = np.arange(count, count + len(known[name]))
            count += len(known[name])
    return ordered, splits


def _folder(path: Path, limit: int, unpacked: Path | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of a folder; mapped from disk, where `unpacked` is a folder for those that are compressed."""
    loaded = {}
    for file in sorted(path.iterdir()):
        name = file.name.split(".")[0]
        if suffixes(file)[0] == ".npy" and (name in _NAMES or name in ("x", "y")):
            if name in loaded:
                raise DataError(f"two files hold {name}", where=str(path), fix="keep one of them")
            loaded[name] = read_npy(file, limit) if unpacked is None else mapped(file, limit, unpacked)["x"]
    if not loaded:
        raise DataError(
            "the folder holds no arrays",
            where=str(path),
            expected="x_train.npy, y_train.npy, x_test.npy, y_test.npy (or packed: .npy.xz)",
            got=", ".join(sorted(file.name for file in path.iterdir())[:10]) or "nothing",
        )
    return loaded


def _alike(several: list[NDArray[Any]], where: str) -> list[NDArray[Any]]:
    """The arrays of all splits, which must have rows of one shape; byte strings are decoded."""
    shapes = {array.shape[1:] for array in several}
    if len(shapes) > 1:
        raise DataError("the splits hold rows of different shapes", where=where, got=", ".join(map(str, shapes)))
    if several[0].dtype.kind == "S":
        return [np.char.decode(array, "utf-8") for array in several]
    return several


def example(folder: Path) -> Path:
    """A file of vectors and their classes."""
    np.savez(folder / "example.npz", x=np.arange(48.0).reshape(24, 2), y=np.arange(24) % 3)
    return folder / "example.npz"
