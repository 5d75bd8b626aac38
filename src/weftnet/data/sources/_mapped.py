"""Memory-mapped arrays; compressed files are decompressed into a folder first."""

import shutil
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.columns import Column
from weftnet.data.read import Unpacked, damaged_npz, npy_header, suffixes, too_large


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
    with damaged_npz(path), zipfile.ZipFile(plain) as archive:
        if sum(member.file_size for member in archive.infolist()) > limit:
            raise too_large(path, limit)
        for number, name in enumerate(archive.namelist()):
            member = folder / f"{path.name}.{number}.npy"
            with archive.open(name) as packed, member.open("wb") as copy:
                shutil.copyfileobj(packed, copy)
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
