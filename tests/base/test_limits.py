"""Limits are measured, and one setting lifts them."""

import bz2
import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block, Chain
from weftnet.base.limits import DEFAULTS, VARIABLE, expanded, limit
from weftnet.compose import examine
from weftnet.data import open_data
from weftnet.data.read import read_npz
from weftnet.errors import DataError, SettingError


def test_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {name: limit(name) for name in DEFAULTS} == dict(DEFAULTS)
    monkeypatch.setenv(VARIABLE, "bytes=2GiB, layers=5")
    assert (limit("bytes"), limit("layers"), limit("columns")) == (2**31, 5, DEFAULTS["columns"])
    monkeypatch.setenv(VARIABLE, "none")
    assert all(limit(name) > 2**60 for name in DEFAULTS)
    for wrong in ("bytes", "bytes=x", "size=3"):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(SettingError):
            limit("bytes")


def test_what_may_come_out_follows_from_the_size() -> None:
    assert expanded(2_300) == 32 * 2**20
    assert expanded(10**7) == 200 * 10**7
    assert expanded(10**12) == limit("bytes")


def lying(path: Path, megabytes: int) -> None:
    """An archive whose bzip2 member declares 100 bytes."""
    packed, name = bz2.compress(bytes(2**20)) * megabytes, b"x.npy"
    fields = (46, 0, 12, 0, 0, 0, len(packed), 100, len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", *fields) + name + packed
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 46, *fields, 0, 0, 0, 0, 0) + name
    path.write_bytes(local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0))


def test_an_archive_that_lies_is_not_believed(tmp_path: Path) -> None:
    lying(tmp_path / "a.npz", 128)
    assert (tmp_path / "a.npz").stat().st_size < 10_000
    tracemalloc.start()
    with pytest.raises(DataError, match=r"larger than the limit[\s\S]*WEFTNET_LIMITS=expansion"):
        read_npz(tmp_path / "a.npz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 48 * 2**20  # the 32 MiB that are free, and a buffer


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_honest_archives_are_read(packing: int, tmp_path: Path) -> None:
    array, raw = np.arange(3000.0).reshape(30, 100), io.BytesIO()
    np.save(raw, array)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", packing) as archive:
        archive.writestr("x.npy", raw.getvalue())
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz")["x"], array)


def test_zeros_are_read_once_the_limit_is_lifted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((40, 2**20), np.uint8))
    with pytest.raises(DataError, match="expected: at most 33554432 bytes"):
        read_npz(tmp_path / "a.npz")
    monkeypatch.setenv(VARIABLE, "expansion=2000")
    assert read_npz(tmp_path / "a.npz")["x"].shape == (40, 2**20)


def test_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    def faults(layers: int) -> list[str]:
        node = Chain((Block("lstm", {"dim": 2, "layers": layers}),))
        return [str(fault) for fault in examine(node, {"x": parse("series:4x2")})[1]]

    monkeypatch.setenv(VARIABLE, "layers=40")
    assert not faults(9)
    (fault,) = faults(11)
    assert "makes more than 40 modules and parameters" in fault
    assert "WEFTNET_LIMITS=layers=" in fault
    (fault,) = faults(10**9)
    monkeypatch.setenv(VARIABLE, "none")
    assert not faults(11)


def test_a_shape_of_any_size_is_refused_at_once() -> None:
    node = Chain((Block("flatten"), Block("reshape", {"shape": [10**9, 10**9]})))
    (fault,) = examine(node, {"x": parse("image:1x8x8")})[1]
    assert "whose product is 64" in fault.what
    assert "[8, 8]" in str(fault.fix)


def test_elements() -> None:
    (fault,) = examine(Block("dense", {"dim": 2**45}), {"x": parse("vector:3")})[1][:1]
    assert "WEFTNET_LIMITS=elements=" in fault.what


@pytest.mark.parametrize("memory", [None, "1MiB"])
def test_rows_that_name_ever_new_columns(memory: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"k{n}": {n}}}\n' for n in range(3000)))
    with pytest.raises(DataError, match=r"too many columns[\s\S]*WEFTNET_LIMITS=sparsity="):
        open_data(str(path), memory=memory)


def test_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{n}" for n in range(20_001)) + "\n" + "1," * 20_000 + "1\n")
    with pytest.raises(DataError, match=r"too many columns[\s\S]*WEFTNET_LIMITS=columns="):
        open_data(str(path))
