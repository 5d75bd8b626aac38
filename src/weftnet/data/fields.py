"""The input schema of a run: one field for each raw input column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weftnet.data.kinds._kind import Channel, Kind, ahead_of
from weftnet.data.kinds._state import name_of
from weftnet.data.wires import Wire
from weftnet.errors import DataError


@dataclass(frozen=True)
class Field:
    """A raw input column.

    Args:
        name: of the column.
        kind: of the column, an entry of `KINDS`.
        wire: how a value is written outside (`wires`).
        input: the name of the network's input it goes into; if no other column does, also a second name of the column.
        optional: whether a value may be missing.
        facts: about valid values, by its kind: labels, sizes, rate …
        steps: rows of a table of series that a value is cut from; 0 where a row holds one.
        ahead: how many of them lie behind the window, known in advance.
    """

    name: str
    kind: str
    wire: Wire
    input: str
    optional: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 0
    ahead: int = 0


def fields_of(columns: Mapping[str, Kind], inputs: Mapping[str, tuple[str, ...]]) -> tuple[Field, ...]:
    """The fields of fitted columns.

    Args:
        columns: fitted kinds by column.
        inputs: the columns that make up each input.
    """
    places = {column: name for name, group in inputs.items() for column in group}
    return tuple(
        Field(name, name_of(type(kind)), kind.wire, places[name], _accepts_missing(kind), kind.facts, *_steps(kind))
        for name, kind in columns.items()
    )


def _steps(kind: Kind) -> tuple[int, int]:
    """Of a window, and how many of them are ahead."""
    return (kind.signal.size("time"), ahead_of(kind)) if isinstance(kind, Channel) else (0, 0)


def _accepts_missing(kind: Kind) -> bool:
    """Whether a missing value can be encoded, determined by trying."""
    try:
        kind.encode([None])
    except (DataError, TypeError, ValueError):
        return False
    return True
