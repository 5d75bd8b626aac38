"""The bombs: each writes a file whose content is far larger than it."""

import bz2
import gzip
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

BOMBS: dict[str, tuple[str, Callable[[Path], None]]] = {}


def bomb(suffix: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Register a function that writes a bomb."""

    def register(write: Callable[[Path], None]) -> Callable[[Path], None]:
        BOMBS[write.__name__] = (suffix, write)
        return write

    return register


def _zeros(pack: Callable[[bytes], bytes], gigabytes: float) -> bytes:
    """Packed zeros, as a concatenation of packed pieces."""
    return pack(bytes(2**26)) * int(gigabytes * 16)


def _npy_head(count: int) -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (count,)})
    return head.getvalue()


@bomb(".npz")
def npz_bzip2_that_lies(path: Path) -> None:
    """A member that declares 100 bytes, and unpacks to 6 GB."""
    packed = bz2.compress(_npy_head(6 * 2**30)) + _zeros(bz2.compress, 6)
    name = b"x.npy"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 46, 0, 12, 0, 0, 0, len(packed), 100, len(name), 0) + name
    central = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", 46, 46, 0, 12, 0, 0, 0, len(packed), 100, len(name), 0, 0, 0, 0, 0, 0
    )
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central) + len(name), len(local) + len(packed), 0)
    path.write_bytes(local + packed + central + name + end)


@bomb(".npz")
def npz_deflate(path: Path) -> None:
    """4 GB of zeros."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as to,
    ):
        to.write(_npy_head(2**32))
        for _ in range(64):
            to.write(bytes(2**26))


@bomb(".npy.xz")
def npy_xz(path: Path) -> None:
    """4 GB of zeros in streams one after another."""
    path.write_bytes(lzma.compress(_npy_head(2**32)) + _zeros(lzma.compress, 4))


@bomb(".csv.gz")
def csv_gzip(path: Path) -> None:
    """2 GB of short lines."""
    lines = gzip.compress(b"1,2\n" * 2**24)
    path.write_bytes(gzip.compress(b"a,b\n") + lines * 32)


@bomb(".txt.gz")
def text_gzip(path: Path) -> None:
    """2 GB of words."""
    path.write_bytes(gzip.compress(b"to be or not to be\n" * 2**22) * 27)


def _png(path: Path, side: int, kind: int, channels: int) -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packer, packed = zlib.compressobj(9), b""
    for _ in range(side):
        packed += packer.compress(bytes(1 + side * channels))
    head = struct.pack(">IIBBBBB", side, side, 8, kind, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", packed + packer.flush()) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


@bomb(".png")
def png_huge(path: Path) -> None:
    """40000 × 40000 pixels."""
    _png(path, 40_000, 0, 1)


@bomb(".png")
def png_largest_allowed(path: Path) -> None:
    """8000 × 8000 pixels with transparency."""
    _png(path, 8_000, 6, 4)


@bomb(".tiff")
def tiff_deflate(path: Path) -> None:
    """30000 × 30000 pixels."""
    packed = zlib.compress(bytes(30_000 * 30_000), 9)
    tags = (
        (256, 30_000),
        (257, 30_000),
        (258, 8),
        (259, 8),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 30_000),
        (279, len(packed)),
    )
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 8 + len(packed)) + packed + directory)


@bomb(".gif")
def gif_huge(path: Path) -> None:
    """65000 × 65000 pixels claimed by 50 bytes."""
    screen = struct.pack("<6sHHBBB", b"GIF89a", 65_000, 65_000, 0x80, 0, 0) + bytes(6)
    path.write_bytes(screen + struct.pack("<cHHHHB", b",", 0, 0, 65_000, 65_000, 0) + b"\2\2\x4c\1\0;")


@bomb(".flac")
def flac_silence(path: Path) -> None:
    """An hour of eight silent channels."""
    import soundfile

    with soundfile.SoundFile(path, "w", 48_000, 8, format="FLAC") as file:
        for _ in range(3_600):
            file.write(np.zeros((48_000, 8), np.int16))


@bomb(".parquet")
def parquet_dictionary(path: Path) -> None:
    """A word of a megabyte, a million times."""
    import pyarrow as pa
    from pyarrow import parquet

    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2**20, np.int32)), pa.array(["x" * 2**20]))
    parquet.write_table(pa.table({"a": words}), path, compression="zstd", store_schema=False)


@bomb(".parquet")
def parquet_zstd(path: Path) -> None:
    """A billion zeros."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([("a", pa.int64())])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for _ in range(64):
            writer.write_table(pa.table({"a": np.zeros(2**24, np.int64)}))


@bomb(".feather")
def feather_zstd(path: Path) -> None:
    """A record batch of 4 GB."""
    import pyarrow as pa
    from pyarrow import feather

    feather.write_feather(pa.table({"a": np.zeros(2**29, np.int64)}), path, compression="zstd", chunksize=2**29)


@bomb(".jsonl")
def json_keys(path: Path) -> None:
    """3000 rows, each with a key of its own."""
    path.write_text("".join(json.dumps({f"k{n}": n}) + "\n" for n in range(3_000)))


@bomb(".json")
def json_deep(path: Path) -> None:
    """A list in a list, ten million times."""
    path.write_text("[" * 10**7 + "]" * 10**7)


@bomb(".csv")
def csv_columns(path: Path) -> None:
    """A header of a million columns."""
    names = ",".join(f"c{n}" for n in range(10**6))
    path.write_text(f"{names}\n{','.join('1' * 10**6)}\n")


@bomb(".safetensors")
def safetensors_header(path: Path) -> None:
    """A header of 90 MB."""
    head = (
        "{" + ",".join(f'"{n}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for n in range(10**6)) + "}"
    ).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head)


@bomb(".yaml")
def yaml_aliases(path: Path) -> None:
    """Each alias doubles what is before it: 2³⁰ values."""
    pairs = zip(range(30), range(1, 31), strict=True)
    path.write_text("a0: &a0 [x, x]\n" + "".join(f"a{b}: &a{b} [*a{a}, *a{a}]\n" for a, b in pairs))


@bomb(".yaml")
def yaml_reshape(path: Path) -> None:
    """10⁹ × 10⁹ values."""
    path.write_text("chain:\n- flatten\n- reshape: {shape: [1000000000, 1000000000]}\n")


@bomb(".yaml")
def yaml_layers(path: Path) -> None:
    """100 000 layers."""
    path.write_text("chain:\n- flatten\n- reshape: {shape: [8, 8]}\n- lstm: {dim: 8, layers: 100000}\n")


@bomb(".yaml")
def yaml_repeats(path: Path) -> None:
    """A billion copies."""
    path.write_text("chain:\n- flatten\n- repeat: {times: 1000000000, body: {dense: {dim: 8}}}\n")
