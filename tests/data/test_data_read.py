"""Files are read whole, bounded and without running anything."""

import contextlib
import gzip
import lzma
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weftnet.data.read import parse_npy, read_bytes, read_npy, read_npz, read_text, suffixes
from weftnet.errors import DataError


def npy(array: np.ndarray) -> bytearray:
    import io

    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=array.dtype.hasobject)
    return bytearray(stream.getvalue())


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.csv.xz", (".csv", ".xz")), ("A.NPY", (".npy", "")), ("b.c.txt.gz", (".txt", ".gz")), ("bare", ("", ""))],
)
def test_suffixes(name: str, expected: tuple[str, str]) -> None:
    assert suffixes(Path(name)) == expected


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int64, np.float32, np.float64, "<U3", ">i4"]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    )
)
@settings(max_examples=60, deadline=None)
def test_npy_reads_as_numpy_does(array: np.ndarray) -> None:
    for form in (np.ascontiguousarray(array) if array.ndim else array, np.asfortranarray(array)):
        read = parse_npy(npy(form), "here")
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


def test_packed_forms_agree(tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(5, 3))
    raw = npy(array)
    (tmp_path / "a.npy").write_bytes(raw)
    (tmp_path / "a.npy.xz").write_bytes(lzma.compress(raw))
    (tmp_path / "a.npy.gz").write_bytes(gzip.compress(raw))
    for file in tmp_path.iterdir():
        np.testing.assert_array_equal(read_npy(file), array)
    np.savez_compressed(tmp_path / "b.npz", one=array, two=array[:2])
    read = read_npz(tmp_path / "b.npz")
    np.testing.assert_array_equal(read["one"], array)
    np.testing.assert_array_equal(read["two"], array[:2])


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("pwned"),))


def test_pickles_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    objects = np.array([Bomb(), None], dtype=object)
    np.save(tmp_path / "o.npy", objects)
    np.savez(tmp_path / "o.npz", x=objects)
    (tmp_path / "p.npy").write_bytes(pickle.dumps(Bomb()))
    for read, name, text in (
        (read_npy, "o.npy", "Python objects"),
        (read_npz, "o.npz", "Python objects"),
        (read_npy, "p.npy", "not a .npy"),
    ):
        with pytest.raises(DataError, match=text):
            read(tmp_path / name)
    assert not (tmp_path / "pwned").exists()


def test_bombs_stop_at_the_limit(tmp_path: Path) -> None:
    zeros = bytes(20_000_000)
    (tmp_path / "a.npy.xz").write_bytes(lzma.compress(zeros, preset=0))
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(zeros))
    np.savez_compressed(tmp_path / "a.npz", x=np.frombuffer(zeros, np.uint8))
    for name in ("a.npy.xz", "a.txt.gz"):
        assert (tmp_path / name).stat().st_size < 100_000
        with pytest.raises(DataError, match="larger than the limit"):
            read_bytes(tmp_path / name, limit=1_000_000)
    with pytest.raises(DataError, match="larger than the limit"):
        read_npz(tmp_path / "a.npz", limit=1_000_000)


def test_a_header_that_lies_costs_nothing() -> None:
    raw = npy(np.zeros(3))
    lying = raw.replace(b"(3,), }" + b" " * 12, b"(3000000000000,), }")
    assert len(lying) == len(raw) != raw.count(lying)
    with pytest.raises(DataError, match=r"cut short.*\n.*expected: 24000000000000 bytes"):
        parse_npy(lying, "here")
    with pytest.raises(DataError, match="not a"):
        parse_npy(raw.replace(b"(3,), }  ", b"(-3,-1), }"[:9]), "here")
    with pytest.raises(DataError, match="cut short"):
        parse_npy(raw[:-1], "here")


@given(st.integers(0, 130), st.binary(min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore")  # NumPy's about old headers and odd literals
def test_damaged_headers_give_one_kind_of_error(place: int, noise: bytes) -> None:
    raw = npy(np.arange(6.0).reshape(2, 3))
    raw[place : place + len(noise)] = noise
    with contextlib.suppress(DataError):
        parse_npy(raw, "here")


@pytest.mark.parametrize("name", ["a.npy.xz", "a.npy.gz", "a.npz", "a.npy"])
def test_damage_is_an_error(tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(1000))
    np.save(tmp_path / "a.npy", np.arange(1000))
    (tmp_path / "a.npy.xz").write_bytes(lzma.compress(npy(np.arange(1000))))
    (tmp_path / "a.npy.gz").write_bytes(gzip.compress(npy(np.arange(1000))))
    raw = (tmp_path / name).read_bytes()
    read = read_npz if name.endswith("npz") else read_npy
    for damaged in (raw[: len(raw) // 2], b"", b"nonsense" * 9):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(DataError) as fault:
            read(tmp_path / name)
        assert name in str(fault.value)


@pytest.mark.parametrize("ending", [".xz", ".gz"])
def test_what_is_not_packed_as_its_name_says(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.txt{ending}"
    path.write_bytes(b"not packed at all")
    with pytest.raises(DataError) as fault:
        read_text(path)
    assert fault.value.where == str(path)
    assert fault.value.what == "the file is damaged or not compressed as its name says"


def test_an_encrypted_archive_is_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", bytes(npy(np.arange(3))))
    raw = bytearray((tmp_path / "a.npz").read_bytes())
    raw[6] |= 1  # the flag "encrypted", in the local header and in the directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.npz").write_bytes(raw)
    with pytest.raises(DataError, match="not an intact"):
        read_npz(tmp_path / "a.npz")


def test_text_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\ntwo\n")
    assert read_text(tmp_path / "a.txt") == "one\ntwo\n"
    (tmp_path / "b.txt").write_bytes("one\ntwo\ncafé\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"line 3 is not utf-8\n.*byte 0xe9\n.*cp1252"):
        read_text(tmp_path / "b.txt")
    assert read_text(tmp_path / "b.txt", encoding="cp1252").endswith("café\n")
    with pytest.raises(DataError, match="no encoding is called 'utf-9'"):
        read_text(tmp_path / "b.txt", encoding="utf-9")
    with pytest.raises(DataError, match="can't be read"):
        read_text(tmp_path / "absent.txt")
