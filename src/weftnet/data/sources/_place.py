"""What was asked to be opened, as sources look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

from weftnet.data.read import suffixes


class ArrowStream(Protocol):
    """What hands its columns over as a stream of Arrow: pandas, polars, pyarrow, duckdb …"""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


class Interchange(Protocol):
    """What hands its columns over by the protocol of data frames."""

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any: ...


Frame: TypeAlias = ArrowStream | Interchange


@dataclass(frozen=True)
class Place:
    """Where data are.

    Args:
        name: as the person wrote it.
        path: of the file or folder, if it names one.
        values: in memory: by column, a frame, or whatever else a source can hold.
    """

    name: str
    path: Path
    values: Any = None

    @property
    def mapping(self) -> Mapping[str, Any] | None:
        """What is in memory, by column; None for a frame, and for all else."""
        return self.values if isinstance(self.values, Mapping) else None

    @property
    def frame(self) -> Frame | None:
        """What is in memory, as a frame."""
        return None if self.values is None or isinstance(self.values, Mapping) else cast(Frame, self.values)

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
