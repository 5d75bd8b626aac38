"""Numbers as people read them."""


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


def duration(seconds: float) -> str:
    """A time with a unit: 12 µs, 3.4 ms, 5 s, 2.5 min, 3 h."""
    for limit, unit in ((86400, "d"), (3600, "h"), (120, "min")):
        if seconds >= limit:
            return f"{_three(seconds / (60 if unit == 'min' else limit))} {unit}"
    if seconds >= 1:
        return f"{_three(seconds)} s"
    return f"{_three(seconds * 1e3)} ms" if seconds >= 1e-3 else f"{_three(seconds * 1e6)} µs"


def _three(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
