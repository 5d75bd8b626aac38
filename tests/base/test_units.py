"""Sizes and times as they are written, and sizes as people give them."""

import shutil
import subprocess

import pytest

from weftnet.base.units import amount, bytes_of, duration, size
from weftnet.errors import SettingError


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (amount(0), "0"), (amount(999), "999"), (amount(1000), "1 k"), (amount(999_990), "1 M"),
        (amount(1_234_567), "1.23 M"), (amount(6.9e9), "6.9 G"), (size(0), "0 B"), (size(1536), "1.5 KiB"),
        (size(2**30), "1 GiB"), (duration(12e-6), "12 µs"), (duration(0.0034), "3.4 ms"), (duration(5), "5 s"),
        (duration(150), "2.5 min"), (duration(7200), "2 h"), (duration(172800), "2 d"),
    ],
)  # fmt: skip
def test_units(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("8GB", 8 * 10**9), ("8G", 8 * 10**9), ("8GiB", 8 * 2**30), ("8Gi", 8 * 2**30), ("512MB", 512 * 10**6),
        ("1.5GB", 1_500_000_000), ("1.001 GB", 1_001_000_000), ("0.5KiB", 512), ("500kB", 500_000), ("2tib", 2**41),
        ("3T", 3 * 10**12), ("64 m", 64 * 10**6), (" 7 ", 7), ("7B", 7), ("2.6", 3),
    ],
)  # fmt: skip
def test_sizes_that_are_given(text: str, bytes_: int) -> None:
    assert bytes_of(text, "memory") == bytes_


@pytest.mark.skipif(not shutil.which("numfmt"), reason="numfmt of coreutils is not here")
@pytest.mark.parametrize("number", ["1", "8", "512", "1.5"])
@pytest.mark.parametrize("letter", "KMGT")
@pytest.mark.parametrize(("ending", "standard"), [("", "si"), ("B", "si"), ("i", "iec-i"), ("iB", "iec-i")])
def test_sizes_are_those_of_coreutils(number: str, letter: str, ending: str, standard: str) -> None:
    plain = number + letter + ("i" if standard == "iec-i" else "")
    told = subprocess.run(["numfmt", f"--from={standard}", plain], capture_output=True, text=True, check=True)
    assert bytes_of(number + letter + ending, "memory") == int(told.stdout)


@pytest.mark.parametrize(
    "text",
    ["", "GB", "much", "-1", "+1", "0", "0GB", "1e9", "5 apples", "10PB", "8Gb/s", "1,5GB", ".5GB", "1  GB", "inf",
     "1.5.0", "9" * 400, "٣GB", "True"],
)  # fmt: skip
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        bytes_of(text, "--memory")
    assert str(caught.value) == (
        "--memory: this is no size\n"
        "  expected: 8GB, 512MiB or a number of bytes\n"
        f"  got: {text!r}\n"
        "  fix: a number above 0, and KB, MB, GB, TB for powers of 1000 or KiB, MiB, GiB, TiB for powers of 1024"
    )
