"""A kind of column: the base class with its defaults, and further interfaces.

A kind is a dataclass that derives from `Kind`. The fields its constructor takes are settings, the others are fitted;
all are plain JSON (`_state.py`). Kinds use NumPy, not torch: an exported model prepares its inputs by the same code.
Nothing else knows a kind by its name: what is particular about one is a method here, with a default.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Figure
from weftnet.data.kinds._moves import Moves, Moving
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._state import from_state, state_of
from weftnet.data.kinds._words import words
from weftnet.data.ways import Way
from weftnet.data.wires import Wire
from weftnet.errors import DataError


class Kind(ABC):
    """A kind of column: raw values ⇄ arrays, by statistics fitted once."""

    packages: ClassVar[tuple[str, ...]] = ()
    """Packages that its values need beyond NumPy: an exported run requires them."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings of the files that its values are, in lower case; () where a value is no file."""

    measures: ClassVar[Literal["", "nominal", "interval"]] = ""
    """The scale of measurement of single values: one of a few classes, a quantity, or neither."""

    folders: ClassVar[bool] = False
    """Whether a value may be a folder of files, too."""

    words: ClassVar[bool] = True
    """Whether what `picture` shows of a value is words."""

    units: ClassVar[bool] = False
    """Whether `decode` gives numbers of the shape of the encoded ones, in the column's own unit."""

    strange: ClassVar[str] = ""
    """What `unknown` counts, and what becomes of it, in a few words; empty if it never counts any."""

    capped: ClassVar[bool] = False
    """Whether only the beginning of a long value is read: `beyond` counts such values."""

    as_target: ClassVar[Mapping[str, Any]] = {}
    """Settings that have other defaults where the column is a target."""

    accepts: ClassVar[tuple[str, ...]] = ()
    """Kinds whose columns it can read too, where it was fitted elsewhere."""

    earlier: ClassVar[Mapping[str, Any]] = {}
    """What fields stand for that states written before these fields existed don't have."""

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """How sure it is, from 0 to 1, that a column is of this kind; 0 if it has to be named.

        Raises:
            BadValue: it can't be decided because of a value that is probably a mistake.
        """
        return 0.0

    @classmethod
    def examples_in(cls, folder: Path, files: Sequence[Path]) -> list[Path]:
        """The values that files of a folder are, which end as its own do: each by itself."""
        return list(files)

    @abstractmethod
    def fit(self, values: Any) -> Self:
        """Learn the statistics from raw values (of the training rows)."""

    @abstractmethod
    def encode(self, values: Any) -> NDArray[Any]:
        """Raw values as an array; the first axis is the rows."""

    @abstractmethod
    def decode(self, values: NDArray[Any]) -> Any:
        """The raw values that `encode` turns into this array."""

    @property
    @abstractmethod
    def signal(self) -> Signal:
        """The signal that a network reads where this column is an input."""

    def state(self) -> dict[str, Any]:
        """Settings and statistics, JSON."""
        return state_of(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The kind that has this state.

        Raises:
            DataError: it is no such state.
        """
        return from_state(cls, state)

    @classmethod
    def of_tokeniser(cls, document: Mapping[str, Any], longest: int) -> Self | None:
        """The kind, fitted, that reads texts as a published tokeniser does; None where it is of another sort.

        Args:
            document: the content of a tokenizer.json.
            longest: how many tokens a text may have.

        Raises:
            DataError: it is of this sort, and splits texts in a way that can't be followed.
        """
        return None

    @classmethod
    def adopted(cls, state: Mapping[str, Any], settings: Mapping[str, Any]) -> Self | None:
        """The kind that was fitted elsewhere, with other settings; None where one can't change after the fit."""
        return None if settings else cls.from_state(state)

    def suited(self, values: Any) -> Self:
        """Itself, fitted elsewhere, with what training values here may change of it: nothing by default."""
        return self

    @property
    def facts(self) -> dict[str, Any]:
        """What is known about valid values, for a person who has to enter one; JSON."""
        return {}

    @property
    def wire(self) -> Wire:
        """How a value is written outside: in JSON, in a cell, in a field of a form."""
        return Wire()

    @property
    def outline(self) -> str:
        """What a fitted target of this kind is, in a few words."""
        return type(self).__name__.lower()

    @property
    def useless(self) -> str:
        """Why a fitted column that nobody asked for is left out; empty if it isn't."""
        return ""

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """Notes for the reader about the fitted column of that name, given its training rows in chunks."""
        return []

    def summary(self, values: list[Any]) -> str:
        """Some raw values, none of them missing, in a few words."""
        return most_common(values)

    def picture(self, value: Any) -> Figure:
        """A raw value that is not missing, as a figure for a person."""
        return words(value)

    @property
    def neutral(self) -> NDArray[np.float64]:
        """(width,) what stands in a table for a value that is not known."""
        return np.zeros(self.signal.numel)

    def legible(self, features: NDArray[Any]) -> str:
        """The raw value that (width,) features in a table come from, for a person."""
        return " ".join(f"{value:.4g}" for value in features)

    def balance(self, values: NDArray[Any]) -> Counter[str]:
        """How often each label occurs in a target; empty where there are no labels."""
        return Counter()

    def unknown(self, values: Any) -> Counter[str]:
        """Which of some raw values it does not know, and how often each: those that are `strange`."""
        return Counter()

    def departures(self, name: str, values: Any) -> list[str]:
        """For each of some raw values of the column of that name how it left what was seen in training; "" if not."""
        return [""] * len(values)

    def beyond(self, values: Any) -> int:
        """How many of some raw values are longer than what is read of them."""
        return 0

    def extents(self, values: Any) -> list[tuple[int, int]] | None:
        """Height and width of each of some raw values that are pictures, before any is resized; None of others."""
        return None

    @property
    def finer(self) -> Mapping[str, Any] | None:
        """The kind, as people write it, whose parts of a value are smaller and so known more often; None if none is."""
        return None

    def moved(self, values: Moving, mask: Moving | None, transform: Moves[Moving]) -> tuple[Moving, Moving | None]:
        """Encoded values in a batch, and their mask, where the image they belong to is moved: unchanged by default."""
        return values, mask

    @property
    def spatial(self) -> bool:
        """Whether its values have places in an image."""
        return type(self).moved is not Kind.moved

    def compared(self, values: NDArray[Any]) -> NDArray[Any]:
        """Raw values of a target as they are compared: missing ones are None or NaN, equal ones equal.

        Raises:
            BadValue: a value can't be read.
        """
        return values

    def target_findings(self, name: str, values: NDArray[Any]) -> list[str]:
        """Notes for the reader about the fitted target of that name."""
        return []

    def encode_target(self, values: Any) -> NDArray[Any]:
        """As `encode`, for a target.

        Raises:
            BadValue: a value can't be learnt: it is missing, or unknown.
        """
        encoded = self.encode(values)
        refuse(values, np.isnan(encoded), "the target is missing", "a number")
        return encoded


def most_common(values: list[Any]) -> str:
    """The most common of some values, with their counts."""
    return ", ".join(f"{_short(value)} ({count})" for value, count in Counter(map(str, values)).most_common(3))


def refuse(values: Any, wrong: NDArray[np.bool_], what: str, expected: str) -> None:
    """Refuse the first of some raw values that is marked as wrong.

    Raises:
        BadValue: there is one.
    """
    if wrong.any():
        row = int(np.argmax(wrong.reshape(len(wrong), -1).any(1)))
        value = values[row]
        raise BadValue(row, what, expected=expected, got=repr(value.item() if hasattr(value, "item") else value))


@runtime_checkable
class Cell(Protocol):
    """A kind whose columns are concatenated into one `table` vector."""

    def features(self, values: Any) -> NDArray[np.float32]:
        """(rows, width) float: the column's features in the table."""


@runtime_checkable
class Channel(Protocol):
    """A kind of windows (rows, time) that become the channels of one `series`; those that reach ahead, of `ahead`."""

    def whole(self, values: Any) -> NDArray[np.float32]:
        """(steps, width): a long column, from which windows are cut."""


def ahead_of(kind: Kind) -> int:
    """The steps of a window that lie behind it, as they are known in advance; 0 for most."""
    return int(getattr(kind, "ahead", 0))


@runtime_checkable
class Written(Protocol):
    """A kind of text: one text ⇄ its tokens, neither padded nor truncated."""

    def tokens(self, text: str) -> NDArray[np.int64]:
        """(length,) the tokens of a text."""

    def text(self, tokens: NDArray[np.int64]) -> str:
        """The text of (length,) tokens; � for unknown."""


@runtime_checkable
class Packable(Protocol):
    """A kind whose rows can be stored smaller than encoded: `unpack(pack(values))` is `encode(values)` bit for bit."""

    def packs(self, values: Any) -> bool:
        """Whether values such as these can be packed."""

    def pack(self, values: Any) -> NDArray[np.uint8]:
        """Raw values as bytes; the first axis is the rows."""

    def unpack(self, packed: NDArray[np.uint8]) -> NDArray[Any]:
        """Packed rows, encoded."""


@runtime_checkable
class Masked(Protocol):
    """A kind of target of which some values don't count: padding, and what is unknown, as a void class."""

    def mask(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Of encoded rows (rows, …): where a value counts; its axes are the first ones of the values'."""


class BadValue(DataError):
    """A raw value that can't be encoded.

    Args:
        row: from 0 within the values passed.
        what, expected, got: as of every error.
        fix: in words, or from the column's name, which whoever knows the column gives: see `of_column`.
    """

    def __init__(self, row: int, what: str, *, expected: str = "", got: str = "", fix: str | Way = "") -> None:
        self.row, self._way = row, fix
        known = fix if isinstance(fix, str) else fix("COLUMN")
        super().__init__(what, where=f"row {row}", expected=expected, got=got, fix=known)

    def at(self, row: int, what: str = "") -> "BadValue":
        """The same fault of another row, in other words if they are given."""
        return BadValue(row, what or self.what, expected=self.expected, got=self.got, fix=self._way)

    def of_column(self, name: str, where: str) -> DataError:
        """The same fault, where its column and its place are known."""
        fix = self.fix if isinstance(self._way, str) else self._way(name)
        return DataError(self.what, where=where, expected=self.expected, got=self.got, fix=fix)


def _short(text: str, length: int = 24) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
