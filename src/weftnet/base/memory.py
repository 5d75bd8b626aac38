"""Memory: what is free on this machine, and what this process holds.

A control group may allow less than the machine has: a container, a batch system's job, a service. Of what a group uses,
cached pages of files that nobody has read for a while are freed before anything else, so they count as free, as the
system counts its own.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

#: below the mount of a version of control groups: limit, use, and what of the use is cached pages
_FILES = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def free(root: Path = Path("/")) -> int:
    """Bytes free to use: the least of the system's and of each control group that this process is in.

    Args:
        root: where `proc` and `sys` are.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, KeyError, ValueError):
        limits.append(_table(root / "proc/meminfo")["MemAvailable"] * 1024)
    return min([*limits, *_groups(root)])


def held(process: int | None = None) -> int:
    """Bytes that a process, by default this one, holds besides the files it maps; 0 where the system does not tell."""
    with suppress(OSError, KeyError, ValueError):
        return _table(Path(f"/proc/{process or os.getpid()}/status"))["RssAnon"] * 1024
    return 0


def _groups(root: Path) -> Iterator[int]:
    """What each control group of this process, and each around it, has left."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            for version in {"", "memory"} & set(controllers.split(",")):
                own = PurePosixPath(path.lstrip("/"))
                for group in (own, *own.parents):
                    with suppress(OSError, KeyError, ValueError):  # "max" is no number: no limit
                        yield _left(root / "sys/fs/cgroup" / version / group, *_FILES[version])


def _left(folder: Path, limit: str, use: str, cached: str) -> int:
    allowed, used = (int((folder / name).read_text(encoding="ascii")) for name in (limit, use))
    return max(allowed - used + _table(folder / "memory.stat")[cached], 0)


def _table(file: Path) -> dict[str, int]:
    """Lines of a name and a number: `MemAvailable:  1024 kB`, `inactive_file 4096`."""
    rows = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
