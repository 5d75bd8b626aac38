"""Opened data for the other processes of a machine: arrays lie on disk once and are mapped; the rest is sent.

    with shared(data) as parcel:          in the process that opened the data
        Process(target=work, args=(parcel,))
    data = parcel.open()                  in another one: equal data, nothing decoded or encoded again

All processes have the same pages of memory, however many they are; who writes to an array gets a copy of its page.
Arrays that are mapped from a file already are mapped from that file. What is not an array travels as any argument of
a process does, pickled from parent to child: it never lies on disk, where others could change it.
"""

import io
import mmap
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import torch

from weftnet.data import cache
from weftnet.data.data import Data
from weftnet.errors import DataError

#: arrays start at multiples of it: a cache line
_LINE = 64


@dataclass(frozen=True)
class Parcel:
    """Data to be sent to another process.

    Args:
        message: what is sent.
        file: the arrays, one after another.
        spans: first and past-the-last byte of each.
    """

    message: bytes
    file: Path
    spans: tuple[tuple[int, int], ...]

    def open(self) -> Data:
        """The data, with the arrays mapped."""
        with self.file.open("rb") as stream:
            pages = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY) if self.spans else b"")
        data: Data = pickle.loads(self.message, buffers=[pages[start:end] for start, end in self.spans])
        return data


@contextmanager
def shared(data: Data) -> Iterator[Parcel]:
    """The data as a parcel, which can be opened until the end of the `with`.

    Raises:
        DataError: they hold something that can't be sent, or the disk is full.
    """
    buffers: list[pickle.PickleBuffer] = []
    stream = io.BytesIO()
    try:
        _Sender(stream, protocol=5, buffer_callback=buffers.append).dump(data)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise DataError(
            "the data can't be sent to other processes", where=data.source, got=str(error), fix="--jobs 1"
        ) from error
    parts = [buffer.raw() for buffer in buffers]
    ends = np.cumsum([-(-part.nbytes // _LINE) * _LINE for part in parts], dtype=np.int64).tolist()
    starts = [0, *ends[:-1]]
    with cache.scratch(ends[-1] if ends else 0) as folder:
        file = folder / "arrays"
        with file.open("wb") as written:
            for start, part in zip(starts, parts, strict=False):
                written.seek(start)
                written.write(part)
        spans = tuple((start, start + part.nbytes) for start, part in zip(starts, parts, strict=False))
        yield Parcel(stream.getvalue(), file, spans)


class _Sender(pickle.Pickler):
    """Takes arrays out of the message, and sends a module as its name and a frozen mapping as its content."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is torch.Tensor:
            return torch.from_numpy, (value.numpy(),)
        if isinstance(value, ModuleType):
            return import_module, (value.__name__,)
        if isinstance(value, MappingProxyType):
            return _frozen, (dict(value),)
        if isinstance(value, np.ndarray) and (file := _mapped(value)) is not None:
            order = "C" if value.flags.c_contiguous else "F"
            return np.memmap, (file.filename, value.dtype, "r", file.offset, value.shape, order)
        return NotImplemented


def _frozen(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


def _mapped(array: Any) -> Any:
    """The mapped file that an array is the whole of, if it is one."""
    file = array if isinstance(array, np.memmap) else array.base
    whole = isinstance(file, np.memmap) and file.filename is not None and file.size == array.size
    contiguous = array.flags.c_contiguous or array.flags.f_contiguous
    same = whole and contiguous and file.ctypes.data == array.ctypes.data and isinstance(file.base, mmap.mmap)
    return file if same else None
