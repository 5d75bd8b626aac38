"""Bytes and arrays from files: decompressed up to a limit, never unpickled.

A few kilobytes of .xz can expand to terabytes. So every reader counts while it decompresses and stops at a limit that
follows from the file's own size (`base/limits.py`); what an archive declares is not believed.
A .npy header is parsed first: arrays of Python objects are refused before any of their data is read, and the size
it claims is compared with the number of bytes present.
"""

import bz2
import codecs
import copy
import gzip
import hashlib
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.base.foreign import reading
from weftnet.base.limits import expanded, lifted
from weftnet.base.limits import limit as limit_of
from weftnet.data.ways import setting
from weftnet.errors import DataError

#: bytes that a source may take in memory, decompressed: what `base/limits.py` says
LIMIT = 0
_CHUNK = 2**20
_EMPTY = 2**20  # longest axis of an array without values
_OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open}


def suffixes(path: Path) -> tuple[str, str]:
    """The ending that names the format and the one that names the compression: `a.csv.xz` → (".csv", ".xz")."""
    packing = path.suffix.lower() if path.suffix.lower() in _OPENERS else ""
    plain = path.with_suffix("") if packing else path
    return plain.suffix.lower(), packing


def budget(limit: int, size: int, packed: bool = True) -> int:
    """Bytes that may come out of a file.

    Args:
        limit: what the caller set; 0 for what follows from the file's size.
        size: bytes of the file.
        packed: whether it is compressed.
    """
    return limit or (expanded(size) if packed else limit_of("bytes"))


def read_bytes(path: Path, limit: int = LIMIT) -> bytearray:
    """All of a file, decompressed if its name ends in .xz or .gz.

    Raises:
        DataError: it can't be read, is damaged, or is larger than `limit`.
    """
    content = bytearray()
    with Unpacked(path, limit) as stream:
        while chunk := stream.read(_CHUNK):
            content += chunk
    return content


class Unpacked:
    """A stream of the bytes of a file, decompressed if its name ends in .xz or .gz.

    Args:
        path: the file.
        limit: bytes it may have; 0 for what follows from its size.

    Raises:
        DataError: it can't be read, is damaged, or is larger than `limit`; when it is opened, or while it is read.
    """

    closed = False

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path, self.count = path, 0
        with _unpacking(path):
            self.limit = budget(limit, path.stat().st_size, path.suffix.lower() in _OPENERS)
            self._stream = _OPENERS.get(path.suffix.lower(), open)(path, "rb")

    def read(self, size: int = _CHUNK) -> bytes:
        """At most `size` bytes; none at the end."""
        with _unpacking(self.path):
            chunk: bytes = self._stream.read(size)
        self.count += len(chunk)
        if self.count > self.limit:
            raise too_large(self.path, self.limit)
        return chunk

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class UnpackedText(Unpacked):
    """The text of a file as UTF-8 bytes, from any encoding; a byte-order mark is dropped.

    Args:
        path: the file.
        limit: bytes it may have.
        encoding: of the file.

    Raises:
        DataError: as `Unpacked`, or the bytes are not of this encoding (the line is named).
    """

    def __init__(self, path: Path, limit: int = LIMIT, encoding: str = "utf-8") -> None:
        super().__init__(path, limit)
        try:
            self._decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError:
            raise _unknown_encoding(path, encoding) from None
        self.encoding, self.digest, self._lines, self._first = encoding, hashlib.sha256(), 0, True

    def read(self, size: int = _CHUNK) -> bytes:
        """At most `size` bytes of the text; none at the end."""
        while True:
            raw = super().read(max(1, size // 3 - 4))  # one byte there may become three here
            try:
                text = self._decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as fault:
                raise _undecodable(self.path, self.encoding, fault, self._lines) from None
            if text and self._first:
                text, self._first = text.removeprefix("\ufeff"), False
            self._lines += raw.count(10)
            if text or not raw:
                encoded = text.encode("utf-8", "surrogatepass")
                self.digest.update(encoded)
                return encoded

    def lines(self) -> Iterator[str]:
        """Line by line, without the line breaks."""
        rest = b""
        while chunk := self.read():
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", "surrogatepass") for line in whole)
        yield rest.decode("utf-8", "surrogatepass")


def uncompressed_size(path: Path, most: int) -> int:
    """Bytes of a file, decompressed; of a compressed one counted up to `most` or the limit only."""
    size = path.stat().st_size
    if path.suffix.lower() not in _OPENERS:
        return size
    most = min(most, expanded(size) + 1)
    with Unpacked(path, 2**63) as stream:
        while stream.count < most and stream.read(_CHUNK):
            pass
    return stream.count


def read_text(path: Path, limit: int = LIMIT, encoding: str = "utf-8") -> str:
    """All of a text file; a byte-order mark is dropped.

    Raises:
        DataError: as `read_bytes`, or the bytes are not of this encoding (the line is named).
    """
    raw = read_bytes(path, limit)
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise _unknown_encoding(path, encoding) from None
    except UnicodeDecodeError as fault:
        raise _undecodable(path, encoding, fault, 0) from None


def read_npy(path: Path, limit: int = LIMIT) -> NDArray[Any]:
    """The array of a .npy file, compressed or not."""
    return parse_npy(read_bytes(path, limit), str(path))


def read_npz(path: Path, limit: int = LIMIT) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file by name."""
    raw = read_bytes(path, limit)
    arrays, room = {}, budget(limit, len(raw))
    with reading(path, _NO_NPZ), zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for member in archive.infolist():
            content = bytearray()
            for chunk in unzipped(archive, member, path, room):
                content += chunk
            room -= len(content)
            arrays[member.filename.removesuffix(".npy")] = parse_npy(content, f"{path}: {member.filename}")
    return arrays


_NO_NPZ = "this is not an intact .npz file"


def unzipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, room: int) -> Iterator[bytes]:
    """The bytes of a member, counted as they come out: the size that it declares may be anything.

    `zipfile` unpacks bzip2 and LZMA in steps that no size limits. So what is packed so is read as it lies in the
    archive, and unpacked by a file object that gives no more than it is asked for.

    Raises:
        DataError: there are more than `room`.
    """
    packed: Any = member
    if member.compress_type == zipfile.ZIP_BZIP2:
        packed = copy.copy(member)
        packed.compress_type, packed.file_size = zipfile.ZIP_STORED, member.compress_size
        del packed.CRC  # of what comes out; bzip2 has one of its own
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(_NO_NPZ, where=f"{path}: {member.filename[:80]}", expected="stored, deflate or bzip2")
    count = 0
    with archive.open(packed) as stored:
        stream: Any = stored if packed is member else bz2.BZ2File(stored)
        while chunk := stream.read(_CHUNK):
            count += len(chunk)
            if count > room:
                raise too_large(path, room)
            yield chunk


def parse_npy(raw: bytearray, where: str) -> NDArray[Any]:
    """The array that these bytes of a .npy file hold.

    Raises:
        DataError: they are not one, are cut short, or hold Python objects.
    """
    stream = io.BytesIO(raw)
    shape, fortran, dtype = npy_header(stream, where, len(raw))
    count, start = int(np.prod(shape, dtype=object)), stream.tell()
    array = np.frombuffer(raw, dtype, count, start) if count else np.empty(0, dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def npy_header(stream: IO[bytes], where: str, size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and type of a .npy file of `size` bytes; the values follow in the stream.

    Raises:
        DataError: it is not one, is cut short, or holds Python objects.
    """
    with reading(where, "this is not a .npy file"):
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = header(stream)
    if dtype.hasobject or dtype.names:
        raise DataError(
            "an array of Python objects or records is not read: it could run code",
            where=where,
            expected="numbers or strings",
            got=f"dtype {dtype}",
            fix="save it with a plain dtype (x.astype('float32') or y.astype(str))",
        )
    endless = 0 in shape and max(shape) > _EMPTY  # rows without values could be any number
    if any(axis < 0 for axis in shape) or endless:
        raise DataError("this is not a .npy file", where=where, got=f"shape {shape}")
    needed, present = int(np.prod(shape, dtype=object)) * dtype.itemsize, size - stream.tell()
    if present != needed:
        raise DataError(
            "the array is cut short or too long",
            where=where,
            expected=f"{needed} bytes for {dtype} {tuple(shape)}",
            got=f"{present}",
        )
    return shape, fortran, dtype


def _unpacking(path: Path) -> AbstractContextManager[None]:
    if path.suffix.lower() in _OPENERS:
        return reading(path, "the file is damaged or not compressed as its name says")
    return reading(path, "the file can't be read")


def _unknown_encoding(path: Path, encoding: str) -> DataError:
    return DataError(f"no encoding is called {encoding!r}", where=str(path), fix="try 'utf-8' or 'cp1252'")


def _undecodable(path: Path, encoding: str, fault: UnicodeDecodeError, lines: int) -> DataError:
    return DataError(
        f"line {lines + fault.object.count(10, 0, fault.start) + 1} is not {encoding}",
        where=str(path),
        got=f"byte 0x{fault.object[fault.start]:02x}",
        fix=f"save the file as UTF-8; or if it comes from an old Windows program: {setting('encoding', 'cp1252')}",
    )


def too_large(path: Path, limit: int) -> DataError:
    """The error for content that decompresses beyond the limit."""
    return DataError(
        "the decompressed content is larger than the limit",
        where=str(path),
        expected=f"at most {limit} bytes",
        fix=lifted("expansion" if limit < limit_of("bytes") else "bytes"),
    )
