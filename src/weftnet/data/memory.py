"""How much memory data may take, and whether a source would take more."""

from pathlib import Path

from weftnet.base.memory import free
from weftnet.base.units import bytes_of
from weftnet.data.read import uncompressed_size
from weftnet.errors import SettingError

#: data may take this fraction (1/3) of the free memory by default
_SHARE = 3
#: the smallest amount allowed: chunks must hold some rows
LEAST = 2**20
#: bytes that a row always takes in memory: its number, its place in an order, its split, its class
ROW = 128


def memory_of(setting: str | int | None) -> int:
    """Bytes that data may take: `"256MiB"`, `"2 GB"`, a number of bytes, or a third of what is free.

    Raises:
        SettingError: it is no size, or too small.
    """
    if setting is None:
        return max(free() // _SHARE, LEAST)
    if (size := bytes_of(str(setting), "memory")) < LEAST:
        raise SettingError("this is too little memory for any data", where="memory", expected="1MiB", got=str(setting))
    return size


def too_large(path: Path, weight: float, memory: int) -> bool:
    """Whether a source takes more memory than allowed, once read.

    Args:
        path: a file or a folder.
        weight: bytes in memory for each byte of the uncompressed file.
        memory: bytes allowed.
    """
    room = int(memory / weight)
    files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else (path,)
    for file in files:
        room -= uncompressed_size(file, room + 1)
        if room < 0:
            return True
    return False


def words(size: float) -> str:
    """`1.5 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
