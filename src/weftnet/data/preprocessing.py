"""The fitted preprocessing: from raw columns to a network's inputs, without the data it was fitted on.

All number and category columns are concatenated into one input, `table`, all windows of a forecast into `series`, and
those that reach ahead of it, as they are known in advance, into `ahead`. Every other column is an input of its own,
named after its kind: `tokens`, `image`, `series`, `vector` (`tokens_NAME` … if there are several: `keys.py`).
The state is JSON; it names kinds, never code.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import About, Signal
from weftnet.base.foreign import reading
from weftnet.data import adopting, fitting
from weftnet.data.content import Content, located
from weftnet.data.encoded import Encoded
from weftnet.data.fields import Field, fields_of
from weftnet.data.infer import Spec, make
from weftnet.data.keys import input_names
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Cell, Channel, Kind, Packable, ahead_of
from weftnet.data.kinds._sequence import TokenSequence
from weftnet.data.kinds._tokens import PAD
from weftnet.data.order import Rows
from weftnet.data.vocabularies import beside, read_whole
from weftnet.data.ways import read_as
from weftnet.errors import DataError, closest

#: a batch is never trimmed shorter than this, so that kernels of usual sizes still fit
SHORTEST = 16


@dataclass(frozen=True)
class Preprocessing:
    """Fitted kinds by column.

    Args:
        columns: the input columns.
        target: the kind of the target, if there is one.
    """

    columns: Mapping[str, Kind]
    target: Kind | None = None

    @classmethod
    def fit(
        cls, content: Content, train: Rows, kinds: Mapping[str, Spec | None], target: Kind | None,
        before: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> tuple[Self, list[str]]:  # fmt: skip
        """Infer and fit every input column on the training rows; also returns notes on what was noticed.

        A column that was fitted before, as the same kind, keeps what it learnt then.

        Raises:
            DataError: a column or value can't be used; names row and column.
        """
        specs, notes = cls._specs(content, train, kinds, target)
        fitted: dict[str, Kind] = {}
        pairs = adopting.partners(specs, before, kinds)
        for name, spec in specs.items():
            if (there := pairs.get(name)) is not None:
                values = next(content.chunks(name, train))  # the first of them are enough
                if (kept := adopting.adopted(spec, before[there], values)) is not None:
                    fitted[name] = kept
                    notes += [] if there == name else [f"{name}: prepared like {there}, which was fitted before"]
                    continue
            if name in before:
                notes.append(f"{name}: fitted anew: it was {before[name]['kind']}, and is {spec} here")
            kind = make(spec, f"kinds: {name}")
            if isinstance(target, TokenSequence):
                read_whole(kind, spec)
            sampled = fitting.fit(content, name, train, kind)
            if kind.useless and name not in kinds:
                notes.append(f"{name}: {kind.useless}; left out")
                continue
            fitted[name] = kind
            notes += sampled + fitting.findings(content, name, train, kind)
        if not fitted:
            first = next((name for name in content.columns if name != content.target), "")
            fix = f"say what a column is: {read_as(first, 'text')}" if first else "choose another target"
            raise DataError("no column is left to learn from", where=content.source, got="; ".join(notes), fix=fix)
        return cls(MappingProxyType(fitted), target), notes

    @staticmethod
    def _specs(
        content: Content, train: Rows, kinds: Mapping[str, Spec | None], target: Kind | None
    ) -> tuple[dict[str, Spec], list[str]]:
        """The kinds of the input columns that are used, and notes on what was noticed."""
        specs: dict[str, Spec] = {}
        notes = list(content.notes)
        for name in content.columns:
            if name == content.target or (name in content.aside and name not in kinds):
                continue
            spec, doubts = (kinds[name], []) if name in kinds else fitting.infer(content, name, train)
            notes += doubts
            if name not in kinds and isinstance(target, TokenSequence) and isinstance(spec, str):
                spec, like = beside(target, spec)
                notes += [f"{name}: read as {like}, like the target"] * bool(like)
            if spec is not None:
                specs[name] = spec
            elif name not in kinds:
                notes.append(f"column {name!r} is empty in the training rows and left out")
        return specs, notes

    @cached_property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        """The columns of each input, by input name."""
        table = tuple(name for name, kind in self.columns.items() if isinstance(kind, Cell))
        channels = {name: kind for name, kind in self.columns.items() if isinstance(kind, Channel)}
        series = tuple(name for name, kind in channels.items() if not ahead_of(kind))
        ahead = tuple(name for name, kind in channels.items() if ahead_of(kind))
        others = {name: kind.signal.kind for name, kind in self.columns.items() if not isinstance(kind, Cell | Channel)}
        named = {name: (column,) for column, name in input_names(others).items()}
        joint = {"table": table, "series": series, "ahead": ahead}
        return {name: own for name, own in joint.items() if own} | named

    @cached_property
    def _cells(self) -> frozenset[str]:
        """The columns of the input `table`."""
        return frozenset(self.inputs.get("table", ()))

    @cached_property
    def signals(self) -> dict[str, Signal]:
        """What a network reads, by input name."""
        signals = {}
        for name, columns in self.inputs.items():
            first, *others = [self.columns[column].signal for column in columns]
            widths = tuple(signal.sizes[-1] for signal in (first, *others))
            signal = first.with_sizes(*first.sizes[:-1], sum(widths)) if others else first
            signals[name] = replace(signal, about=About(columns=widths)) if name == "table" else signal
        return signals

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The input schema: what a question has to provide."""
        return fields_of(self.columns, self.inputs)

    def encode(self, raw: Mapping[str, Any]) -> Encoded:
        """Raw values by column as a network's inputs: for new examples, one at a time or many.

        The only column of an input may also be called by the input's name (`image` for a column `x`).

        Raises:
            DataError: a column is missing, the columns differ in length, or a value can't be used.
        """
        second = {name: own[0] for name, own in self.inputs.items() if len(own) == 1 and name not in self.columns}
        own = {column: raw[name] for name, column in second.items() if name in raw}
        columns = {name: _array(values) for name, values in {**raw, **own}.items() if name in self.columns}
        lengths = {name: len(values) if values.ndim else 0 for name, values in columns.items()}
        if len({*lengths.values()}) > 1 or 0 in lengths.values():
            raise DataError("the columns must have the same number of values", where="values", got=f"lengths {lengths}")
        content = Content("values", "values", columns, "", table=True)
        self.require(content)
        inputs, masks = {name: self.array(content, name) for name in self.inputs}, {}
        for name in inputs:
            if self.signals[name].padded:
                inputs[name], masks[name] = self.trim(name, inputs[name])
        return Encoded(inputs, masks, np.arange(content.count))

    def array(self, content: Content, name: str, rows: Rows | None = None) -> NDArray[Any]:
        """Rows of a content (all of them by default) as one input, untrimmed."""
        raw = {column: content.columns[column] for column in self.inputs[name]}
        if rows is not None:
            raw = {column: values[rows] for column, values in raw.items()}
        return self._joined(content, rows, raw)

    def chunks(self, content: Content, name: str) -> Iterator[NDArray[Any]]:
        """All rows of a content as one input, untrimmed, in chunks; packed, if its kind can do so: see `unpacked`."""
        start, width = 0, max(1, self.signals[name].numel)
        columns = self.inputs[name]
        for values in zip(*(content.chunks(column, width=width) for column in columns), strict=True):
            rows = np.arange(start, start + len(values[0]))
            kind = self.columns[columns[0]]
            if isinstance(kind, Packable) and kind.packs(values[0]):
                yield located(content, columns[0], rows, lambda kind=kind, first=values[0]: kind.pack(first))
            else:
                yield self._joined(content, rows, dict(zip(columns, values, strict=True)))
            start += len(rows)

    def unpacked(self, name: str, rows: NDArray[Any]) -> NDArray[Any]:
        """Rows of an input as `chunks` yielded them, encoded."""
        kind = self.columns[self.inputs[name][0]]
        return kind.unpack(rows) if rows.dtype == np.uint8 and isinstance(kind, Packable) else rows

    def _joined(self, content: Content, rows: Rows | None, raw: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Raw values of the columns of an input as that input."""
        encoded = []
        for column, values in raw.items():
            kind = self.columns[column]
            encode = kind.features if column in self._cells else kind.encode  # type: ignore[attr-defined]
            encoded.append(located(content, column, rows, lambda encode=encode, values=values: encode(values)))
        return np.concatenate(encoded, -1) if len(encoded) > 1 else encoded[0]

    def trim(self, name: str, steps: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Padded steps cut to the longest row, and their mask; the padding of numbers, NaN before, becomes 0.

        A step of several whole numbers is padding where the first of them is.
        """
        numbers = steps.dtype.kind == "f"
        mask: NDArray[np.bool_] = (
            ~np.isnan(steps).any(tuple(range(2, steps.ndim)))
            if numbers
            else (steps if steps.ndim == 2 else steps[..., 0]) != PAD
        )
        if getattr(self.columns[self.inputs[name][0]], "trim", False):
            longest = max(int(mask.sum(1).max()), min(SHORTEST, steps.shape[1]))
            steps, mask = np.ascontiguousarray(steps[:, :longest]), np.ascontiguousarray(mask[:, :longest])
        real = mask.reshape(*mask.shape, *[1] * (steps.ndim - 2))
        return np.where(real, steps, np.zeros((), steps.dtype)) if numbers else steps, mask

    def require(self, content: Content) -> None:
        """Refuse a content that lacks a column."""
        for name in self.columns:
            if name not in content.columns:
                raise missing_column(name, list(content.columns), content.source)

    def state(self) -> dict[str, Any]:
        """The kinds' states, JSON."""
        return {
            "columns": {name: kind.state() for name, kind in self.columns.items()},
            "target": None if self.target is None else self.target.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The preprocessing that has this state."""
        with reading("preprocessing", "this is not the state of a preprocessing"):
            columns = {str(name): kind_from_state(kind) for name, kind in state["columns"].items()}
            target = None if state["target"] is None else kind_from_state(state["target"])
        return cls(MappingProxyType(columns), target)


def kind_from_state(state: Mapping[str, Any]) -> Kind:
    """A fitted kind from its state, by its name in the registry."""
    kind: Kind = KINDS.get(state["kind"]).from_state(state)
    return kind


def missing_column(name: str, columns: Sequence[str], where: str) -> DataError:
    """The error for a column that does not exist."""
    close = closest(name, columns)
    return DataError(
        f"there is no column {name!r}",
        where=where,
        expected="one of " + ", ".join(columns),
        fix=f"did you mean {' or '.join(map(repr, close))}?" if close else "",
    )


def _array(values: Any) -> NDArray[Any]:
    """Raw values as a column: numbers of one shape as an array, anything else as an array of objects."""
    if isinstance(values, np.ndarray) and values.dtype.kind not in "US":
        return values
    cells = list(values)
    if all(isinstance(cell, int | float | list | np.ndarray | np.generic) for cell in cells):
        with suppress(ValueError):  # of unequal lengths
            return np.asarray(cells)
    column = np.empty(len(cells), dtype=object)
    for row, cell in enumerate(cells):
        column[row] = cell
    return column
