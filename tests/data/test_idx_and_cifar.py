"""Folders of idx files and of CIFAR's binary files: pixels and classes as written, splits, and what is refused."""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weftnet.data import open_data
from weftnet.data.sources.cifar import example as cifar
from weftnet.data.sources.idx import example as idx
from weftnet.data.sources.idx import values
from weftnet.errors import DataError, SettingError

DRAW = np.random.default_rng(3)


def written(path: Path, array: Any, kind: int) -> Path:
    """Byte by byte, as the format's page has it."""
    head = bytes([0, 0, kind, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(head + b"".join(struct.pack(">" + "BbxhifdB"[kind - 8], each) for each in array.ravel().tolist()))
    return path


@pytest.mark.parametrize(
    ("kind", "dtype"), [(0x08, "u1"), (0x09, "i1"), (0x0B, "i2"), (0x0C, "i4"), (0x0D, "f4"), (0x0E, "f8")]
)
def test_every_type_of_value_is_read(tmp_path: Path, kind: int, dtype: str) -> None:
    array = (DRAW.normal(0, 40, (3, 2, 5)) % 100).astype(dtype)
    found = values(written(tmp_path / "train-images-idx3-ubyte", array, kind))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, array)


def test_mnist_s_files_are_two_parts(tmp_path: Path) -> None:
    idx(tmp_path)
    packed = tmp_path / "t10k-images-idx3-ubyte"
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(packed.read_bytes()))
    raw = packed.read_bytes()
    packed.unlink()
    data = open_data(tmp_path)
    assert data.sizes["test"] == 6
    assert data.sizes["train"] + data.sizes["validation"] == 20
    test = next(iter(data.batches("test", 6)))
    image = data.kinds[next(iter(data.kinds))]
    shown = image.decode(next(iter(test.inputs.values())).numpy())
    order = (test.rows - test.rows.min()).tolist()
    np.testing.assert_array_equal(shown, np.frombuffer(raw, np.uint8, offset=16).reshape(6, 6, 5)[order])
    assert test.target.tolist() == [place % 2 for place in order]


def test_files_named_with_dots_are_one_set(tmp_path: Path) -> None:
    written(tmp_path / "images.idx3-ubyte", DRAW.integers(0, 256, (30, 4, 5)), 8)
    written(tmp_path / "labels.idx1-ubyte", np.arange(30) % 3, 8)
    assert sum(open_data(tmp_path).sizes.values()) == 30


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "this is no idx file"),
        (b"\0\0\x07\x01\0\0\0\x01a", r"this is no idx file[\s\S]*got: 00 00 07 01"),
        (b"\0\0\x08\x03\0\0\0\x01", "this is no idx file"),
        (
            b"\0\0\x08\x01\0\0\0\x05abc",
            r"another number of values[\s\S]*expected: 5 bytes for \(5,\)[\s\S]*got: 3 bytes",
        ),
        (b"\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffx", "another number of values"),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(DataError, match=text):
        open_data(tmp_path)


def test_two_idx_files_of_one_part_are_refused(tmp_path: Path) -> None:
    idx(tmp_path)
    (tmp_path / "train.images-idx3-ubyte").write_bytes((tmp_path / "train-images-idx3-ubyte").read_bytes())
    with pytest.raises(DataError, match="two files hold the images of one part"):
        open_data(tmp_path)


def test_cifar_10_has_names_and_an_official_test_part(tmp_path: Path) -> None:
    cifar(tmp_path)
    data = open_data(tmp_path)
    assert data.sizes["test"] == 6
    assert getattr(data.target, "labels", None) == ["cat", "ship"]
    raw = np.frombuffer((tmp_path / "test_batch.bin").read_bytes(), np.uint8).reshape(6, -1)
    test = next(iter(data.batches("test", 6)))
    order = (test.rows - test.rows.min()).tolist()
    image = data.kinds[next(iter(data.kinds))]
    shown = image.decode(next(iter(test.inputs.values())).numpy())
    expected = raw[order, 1:].reshape(6, 3, 32, 32)
    np.testing.assert_array_equal(shown if shown.shape == expected.shape else np.moveaxis(shown, -1, 1), expected)
    assert test.target.tolist() == raw[order, 0].tolist()


def test_cifar_100_has_fine_and_coarse_labels(tmp_path: Path) -> None:
    for name, count in (("train.bin", 12), ("test.bin", 4)):
        records = DRAW.integers(0, 256, (count, 2 + 3072), dtype=np.uint8)
        records[:, 0], records[:, 1] = np.arange(count) % 2, np.arange(count) % 4
        (tmp_path / name).write_bytes(records.tobytes())
    (tmp_path / "fine_label_names.txt").write_text("apple\nbear\ncup\ndoor\n")
    (tmp_path / "coarse_label_names.txt").write_text("living\nthing\n")
    assert getattr(open_data(tmp_path).target, "labels", None) == ["apple", "bear", "cup", "door"]
    assert getattr(open_data(tmp_path, labels="coarse").target, "labels", None) == ["living", "thing"]
    with pytest.raises(SettingError, match=r"'labels' can't be used[\s\S]*expected: 'fine' or 'coarse'"):
        open_data(tmp_path, labels="middle")


def test_damaged_cifar_files_are_refused(tmp_path: Path) -> None:
    cifar(tmp_path)
    with pytest.raises(DataError, match="CIFAR-10 has no coarse classes"):
        open_data(tmp_path, labels="coarse")
    (tmp_path / "batches.meta.txt").write_text("cat\n")
    with pytest.raises(DataError, match=r"a class has no name[\s\S]*0 to 0[\s\S]*got: 1"):
        open_data(tmp_path)
    (tmp_path / "data_batch_1.bin").write_bytes(b"x" * 3074)
    with pytest.raises(DataError, match=r"no whole records[\s\S]*3073 bytes[\s\S]*3074"):
        open_data(tmp_path)
