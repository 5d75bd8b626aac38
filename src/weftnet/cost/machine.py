"""The machine that a training would run on: its processor, torch's threads, the memory that is free."""

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Machine:
    """What times hold for.

    Args:
        name: of the processor.
        threads: of torch.
    """

    name: str
    threads: int

    def __str__(self) -> str:
        return f"{self.name}, {self.threads} thread{'s' * (self.threads != 1)}"


def this_machine() -> Machine:
    """The machine that this process runs on, with as many threads as torch uses now."""
    return Machine(_processor(), torch.get_num_threads())


def memory_available() -> int:
    """Bytes free to use: the least of the system's and the container's."""
    limits = []
    with suppress(OSError, ValueError, IndexError):
        line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
        limits.append(int(line.split()[1]) * 1024)
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # "max" is no number: no limit
            root = Path("/sys/fs/cgroup")
            limits.append(max(int((root / limit).read_text()) - int((root / used).read_text()), 0))
    if not limits:
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(limits)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
