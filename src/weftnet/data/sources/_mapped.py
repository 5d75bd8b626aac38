"""Memory-mapped arrays; compressed files are decompressed into a folder first."""

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.foreign import reading
from weftnet.data.columns import Column
from weftnet.data.read import Unpacked, budget, npy_header, suffixes, unzipped


def mapped(path: Path, limit: int, folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz or .npy file by name, mapped.

    Args:
        path: the file.
        limit: bytes it may have, decompressed.
        folder: for decompressed files.
    """
    plain = path
    if suffixes(path)[1]:
        plain = folder / path.stem
        with Unpacked(path, limit) as source, plain.open("wb") as copy:
            while chunk := source.read():
                copy.write(chunk)
    if suffixes(path)[0] == ".npy":
        return {"x": _array(plain, str(path))}
    arrays = {}
    room = budget(limit, plain.stat().st_size)
    with reading(path, "this is not an intact .npz file"), zipfile.ZipFile(plain) as archive:
        for number, packed in enumerate(archive.infolist()):
            member, name = folder / f"{path.name}.{number}.npy", packed.filename
            with member.open("wb") as copy:
                for chunk in unzipped(archive, packed, path, room):
                    room -= copy.write(chunk)
            arrays[name.removesuffix(".npy")] = _array(member, f"{path}: {name}")
    return arrays


def _array(file: Path, where: str) -> NDArray[Any]:
    with file.open("rb") as stream:
        shape, fortran, dtype = npy_header(stream, where, file.stat().st_size)
        start = stream.tell()
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, "r", start, shape, "F" if fortran else "C")


def column(several: list[NDArray[Any]], size: int) -> Column:
    """Arrays one after another as a column, in blocks of about `size` bytes."""
    return Column(partial(_blocks, several, size), sum(map(len, several)))


def _blocks(several: list[NDArray[Any]], size: int) -> Iterator[NDArray[Any]]:
    for array in several:
        rows = max(1, size // max(1, array[:1].nbytes))
        for start in range(0, len(array), rows):
            yield np.array(array[start : start + rows])
