"""The interface of a kind of column, and the two helpers that make its state.

A kind is a dataclass. The fields its constructor takes are settings, the others are fitted; all are plain JSON, so the
state is the dataclass serialised, and it is restored exactly. Kinds use NumPy, not torch: an exported model
prepares its inputs by the same code.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.typed import misfits
from weftnet.data.kinds._consistency import contradiction
from weftnet.errors import DataError


class Kind(Protocol):
    """A kind of column: raw values ⇄ arrays, by statistics fitted once."""

    wire: ClassVar[str]
    """How a value is written in JSON, see `wire.py`."""

    def fit(self, values: Any) -> Self:
        """Learn the statistics from raw values (of the training rows)."""

    def encode(self, values: Any) -> NDArray[Any]:
        """Raw values as an array; the first axis is the rows."""

    def decode(self, values: NDArray[Any]) -> Any:
        """The raw values that `encode` turns into this array."""

    def state(self) -> dict[str, Any]:
        """Settings and statistics, JSON."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The kind that has this state."""

    @property
    def signal(self) -> Signal:
        """The signal that a network reads where this column is an input."""

    @property
    def facts(self) -> dict[str, Any]:
        """What is known about valid values, for a person who has to enter one; JSON."""


@runtime_checkable
class Cell(Kind, Protocol):
    """A kind whose columns are concatenated into one `table` vector."""

    def features(self, values: Any) -> NDArray[np.float32]:
        """(rows, width) float: the column's features in the table."""


@runtime_checkable
class Channel(Kind, Protocol):
    """A kind of windows (rows, time) that become the channels of one `series`."""

    def whole(self, values: Any) -> NDArray[np.float32]:
        """(steps, width): a long column, from which windows are cut."""


@runtime_checkable
class Written(Kind, Protocol):
    """A kind of text: one text ⇄ its tokens, neither padded nor truncated."""

    def tokens(self, text: str) -> NDArray[np.int64]:
        """(length,) the tokens of a text."""

    def text(self, tokens: NDArray[np.int64]) -> str:
        """The text of (length,) tokens; � for unknown."""


@runtime_checkable
class Packable(Kind, Protocol):
    """A kind whose rows can be stored smaller than encoded: `unpack(pack(values))` is `encode(values)` bit for bit."""

    def packs(self, values: Any) -> bool:
        """Whether values such as these can be packed."""

    def pack(self, values: Any) -> NDArray[np.uint8]:
        """Raw values as bytes; the first axis is the rows."""

    def unpack(self, packed: NDArray[np.uint8]) -> NDArray[Any]:
        """Packed rows, encoded."""


class BadValue(DataError):
    """A raw value that can't be encoded; `row` counts from 0 within the values passed."""

    def __init__(self, row: int, what: str, *, expected: str = "", got: str = "", fix: str = "") -> None:
        self.row = row
        super().__init__(what, where=f"row {row}", expected=expected, got=got, fix=fix)


K = TypeVar("K")


def state_of(kind: Any) -> dict[str, Any]:
    """The fields of a kind, and its name."""
    return {"kind": type(kind).__name__.lower(), **{field.name: getattr(kind, field.name) for field in fields(kind)}}


def from_state(cls: type[K], state: Mapping[str, Any]) -> K:
    """The kind from the state that `state_of` made; settings newer than the state keep their defaults.

    Raises:
        DataError: the state is of another kind, fields are unknown or missing without a default, a value is of the
            wrong type, or the fields contradict each other.
    """
    known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    needed = {name for name, field in known.items() if not field.init or not _has_default(field)}
    present = set(state) - {"kind"}
    if state.get("kind") != cls.__name__.lower() or not needed <= present <= set(known):
        raise DataError(
            f"this is not the state of a column of kind {cls.__name__.lower()}",
            expected=", ".join(["kind", *known]),
            got=", ".join(map(str, state)),
        )
    values = {name: value for name, value in state.items() if name != "kind"}
    where = f"a column of kind {state['kind']}"
    if wrong := misfits(values, cls, initial=False, whole=False):
        raise DataError("the state can't be used", where=where, got=wrong)
    try:
        kind = cls(**{name: values[name] for name, field in known.items() if field.init and name in values})
    except (ValueError, TypeError) as fault:
        raise DataError("the state can't be used", where=where, got=str(fault)) from None
    for name, field in known.items():
        if not field.init:
            setattr(kind, name, values[name])
    if wrong := contradiction(kind):
        raise DataError("the state can't be used", where=where, got=wrong)
    return kind


def _has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING
