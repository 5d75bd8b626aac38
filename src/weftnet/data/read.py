"""Bytes and arrays from files: decompressed up to a limit, never unpickled.

A few kilobytes of .xz can expand to terabytes. So every reader counts while it decompresses and stops at `limit`.
A .npy header is parsed first: arrays of Python objects are refused before any of their data is read, and the size
it claims is compared with the number of bytes present.
"""

import codecs
import gzip
import hashlib
import io
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.errors import DataError

#: bytes that a source may take in memory, decompressed
LIMIT = 8 * 2**30
_CHUNK = 2**20
_OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open}


def suffixes(path: Path) -> tuple[str, str]:
    """The ending that names the format and the one that names the compression: `a.csv.xz` → (".csv", ".xz")."""
    packing = path.suffix.lower() if path.suffix.lower() in _OPENERS else ""
    plain = path.with_suffix("") if packing else path
    return plain.suffix.lower(), packing


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
        limit: bytes it may have.

    Raises:
        DataError: it can't be read, is damaged, or is larger than `limit`; when it is opened, or while it is read.
    """

    closed = False

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path, self.limit, self.count = path, limit, 0
        with _as_data_error(path):
            self._stream = _OPENERS.get(path.suffix.lower(), open)(path, "rb")

    def read(self, size: int = _CHUNK) -> bytes:
        """At most `size` bytes; none at the end."""
        with _as_data_error(self.path):
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
    """Bytes of a file, decompressed; of a compressed one counted up to `most` only."""
    if path.suffix.lower() not in _OPENERS:
        return path.stat().st_size
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
    packed = io.BytesIO(read_bytes(path, limit))
    with damaged_npz(path), zipfile.ZipFile(packed) as archive:
        # zipfile never decompresses more than a member's declared size, so the declared sizes are a bound
        if sum(member.file_size for member in archive.infolist()) > limit:
            raise too_large(path, limit)
        return {
            name.removesuffix(".npy"): parse_npy(bytearray(archive.read(name)), f"{path}: {name}")
            for name in archive.namelist()
        }


@contextmanager
def damaged_npz(path: Path) -> Iterator[None]:
    """Errors of an archive, as data errors that name it."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError) as fault:
        raise DataError("this is not an intact .npz file", where=str(path), got=str(fault)) from None


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
    try:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = header(stream)
    except (ValueError, SyntaxError, TypeError, EOFError, OverflowError, tokenize.TokenError) as fault:
        raise DataError("this is not a .npy file", where=where, got=str(fault).splitlines()[0]) from None
    if dtype.hasobject or dtype.names:
        raise DataError(
            "an array of Python objects or records is not read: it could run code",
            where=where,
            expected="numbers or strings",
            got=f"dtype {dtype}",
            fix="save it with a plain dtype (x.astype('float32') or y.astype(str))",
        )
    if any(axis < 0 for axis in shape):
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


@contextmanager
def _as_data_error(path: Path) -> Iterator[None]:
    """Errors of reading and decompressing, as data errors that name the file."""
    try:
        yield
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error) as fault:
        raise DataError(
            "the file is damaged or not compressed as its name says", where=str(path), got=str(fault)
        ) from None
    except OSError as fault:
        raise DataError("the file can't be read", where=str(path), got=str(fault.strerror or fault)) from None


def _unknown_encoding(path: Path, encoding: str) -> DataError:
    return DataError(f"no encoding is called {encoding!r}", where=str(path), fix="try 'utf-8' or 'cp1252'")


def _undecodable(path: Path, encoding: str, fault: UnicodeDecodeError, lines: int) -> DataError:
    return DataError(
        f"line {lines + fault.object.count(10, 0, fault.start) + 1} is not {encoding}",
        where=str(path),
        got=f"byte 0x{fault.object[fault.start]:02x}",
        fix="save the file as UTF-8, or give encoding='cp1252' if it comes from an old Windows program",
    )


def too_large(path: Path, limit: int) -> DataError:
    """The error for content that decompresses beyond the limit."""
    return DataError(
        "the decompressed content is larger than the limit",
        where=str(path),
        expected=f"at most {limit} bytes",
        fix="if you trust the file, raise the limit: limit=bytes",
    )
