"""The machine that times hold for: its processor, and torch's threads."""

import platform
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


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
