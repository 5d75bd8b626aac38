"""What was asked to be opened, as sources look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from weftnet.data.read import suffixes


@dataclass(frozen=True)
class Place:
    """Where data are.

    Args:
        name: as the person wrote it.
        path: of the file or folder, if it names one.
        values: in memory, by column.
    """

    name: str
    path: Path
    values: Mapping[str, Any] | None = None

    @cached_property
    def ending(self) -> str:
        """Of a file, without that of the compression; empty for all else."""
        return suffixes(self.path)[0] if self.values is None and self.path.is_file() else ""

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is one."""
        return self.values is None and self.path.is_dir()

    def ends_in(self, endings: Sequence[str]) -> float:
        """How sure a source of files with these endings is: 0.9, which leaves room for one that looks inside."""
        return 0.9 if self.ending in endings else 0.0
