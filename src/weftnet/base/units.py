"""Numbers as people read and write them."""

import math
import re

from weftnet.errors import SettingError

#: Units of sizes that people write: SI units are powers of 1000, binary ones of 1024. Case doesn't matter.
_BYTES = {"": 1, "b": 1} | {
    f"{letter}{tail}": base**power
    for power, letter in enumerate("kmgt", 1)
    for tail, base in (("", 1000), ("b", 1000), ("i", 1024), ("ib", 1024))
}


def amount(value: float) -> str:
    """A count with a unit: 1.2 k, 3.4 M, 5.6 G."""
    for limit, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * limit:
            return f"{_three(value / limit)} {unit}"
    return _three(value)


def size(value: float) -> str:
    """Bytes with a unit: 512 B, 1.5 KiB, 20 MiB, 3.25 GiB."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if abs(value) >= 0.9995 * 1024**power:
            return f"{_three(value / 1024**power)} {unit}"
    return f"{value:.0f} B"


def bytes_of(text: str, where: str) -> int:
    """A size that somebody wrote, in bytes: `8GB` and `8G` are 8 · 10⁹, `8GiB` 8 · 2³⁰; `1.5 MB`, `64kib`, `4096`.

    Args:
        text: that was written.
        where: option or setting, for the error.

    Raises:
        SettingError: it is no size above 0.
    """
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([a-z]*)", text.strip().lower())
    bytes_: int = round(float(match[1]) * _BYTES[match[2]]) if match and match[2] in _BYTES else 0
    if not bytes_:
        raise SettingError(
            "this is no size", where=where, expected="8GB, 512MiB or a number of bytes", got=repr(text),
            fix="a number above 0, and KB, MB, GB, TB for powers of 1000 or KiB, MiB, GiB, TiB for powers of 1024",
        )  # fmt: skip
    return bytes_


def seconds_of(text: str | float | None, what: str = "budget", *, zero: bool = False) -> float | None:
    """`90`, `90s`, `5m`, `1h` or `20ms` in seconds; a number is one of seconds.

    Args:
        text: that somebody wrote.
        what: its name in the error.
        zero: whether zero is allowed.

    Raises:
        SettingError: the text is not a duration.
    """
    if text is None:
        return None
    text = str(text)
    units = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
    unit = next((unit for unit in units if text.endswith(unit)), "")
    try:
        value = float(text.removesuffix(unit)) * units.get(unit, 1.0)
    except ValueError:
        value = math.nan
    if not (0 < value < math.inf or (zero and value == 0)):
        expected = "0, 20ms or 60s" if zero else "60s, 5m or 1h"
        raise SettingError(f"the {what} is not a duration", expected=expected, got=text)
    return value


def duration(seconds: float) -> str:
    """A time with a unit: 12 µs, 3.4 ms, 5 s, 2.5 min, 3 h."""
    for limit, unit in ((86400, "d"), (3600, "h"), (120, "min")):
        if seconds >= limit:
            return f"{_three(seconds / (60 if unit == 'min' else limit))} {unit}"
    if seconds >= 1:
        return f"{_three(seconds)} s"
    return f"{_three(seconds * 1e3)} ms" if seconds >= 1e-3 else f"{_three(seconds * 1e6)} µs"


def _three(value: float) -> str:
    """Three significant digits, never in scientific notation."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
