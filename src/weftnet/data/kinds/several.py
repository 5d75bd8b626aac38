"""Several: columns that are one target together; each keeps its kind.

    encode:  the encoded columns beside each other, (rows, Σ width) in float64, which holds every float32 and every
             whole number below 2⁵³ exactly; `parts` takes them apart again

The raw values are an array (rows, columns).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Figure
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._words import words
from weftnet.data.wires import Wire


@dataclass(frozen=True)
class _Together(Wire):
    """A list of values, each written as its column's."""

    wires: tuple[Wire, ...]
    name: ClassVar[str] = "together"
    expected: ClassVar[str] = "a list with a value for each column"
    lines: ClassVar[bool] = False
    cell: ClassVar[bool] = False

    def read(self, value: Any) -> list[Any]:
        """Each by its own form."""
        if not isinstance(value, list) or len(value) != len(self.wires):
            raise TypeError
        return [wire.read(each) for wire, each in zip(self.wires, value, strict=True)]

    @property
    def schema(self) -> dict[str, Any]:
        """A list as long as there are columns."""
        return {"type": "array", "prefixItems": [wire.schema for wire in self.wires]}

    @property
    def example(self) -> list[Any]:
        """One of each."""
        return [wire.example for wire in self.wires]


@dataclass
class Several(Kind):
    """A target of several columns.

    Args:
        columns: the state of each column's kind, by its name.
    """

    columns: dict[str, dict[str, Any]]
    widths: list[int] = field(default_factory=list, init=False)  #: numbers that a value is encoded to; 0 for a bare one
    dtypes: list[str] = field(default_factory=list, init=False)  #: of the encoded columns

    def __post_init__(self) -> None:
        if len(self.columns) < 2:
            raise ValueError(f"several: columns: expected two or more, got {len(self.columns)}")

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each column."""
        return {name: KINDS.get(state["kind"]).from_state(state) for name, state in self.columns.items()}

    def fit(self, values: Any) -> Self:
        """Each kind learns from its column.

        Raises:
            BadValue: a value that can't be read, or is encoded to more than a vector.
        """
        raw, self.widths, self.dtypes = _cells(values), [], []
        for place, (name, kind) in enumerate(self.kinds.items()):
            self.columns[name] = kind.fit(raw[:, place]).state()
            encoded = kind.encode(raw[:1, place])
            if encoded.ndim > 2:
                got = "×".join(map(str, encoded.shape[1:]))
                raise BadValue(0, f"{name}: such a target is learnt alone", expected="a number or a vector", got=got)
            self.widths.append(0 if encoded.ndim == 1 else int(encoded[0].size))
            self.dtypes.append(str(encoded.dtype))
        return self

    def encode(self, values: Any) -> NDArray[np.float64]:
        """(rows, Σ width)."""
        return self._beside(values, lambda kind: kind.encode)

    def encode_target(self, values: Any) -> NDArray[np.float64]:
        """(rows, Σ width); a missing or unknown value is refused."""
        return self._beside(values, lambda kind: kind.encode_target)

    def parts(self, encoded: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """The encoded columns by name, (rows) or (rows, width) each."""
        ends = np.cumsum([max(1, width) for width in self.widths])
        apart = zip(self.columns, np.split(encoded, ends[:-1], axis=1), self.widths, self.dtypes, strict=True)
        return {name: (part if width else part[:, 0]).astype(dtype) for name, part, width, dtype in apart}

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """(rows, columns) raw values."""
        raw = np.empty((len(values), len(self.columns)), dtype=object)
        for place, (kind, part) in enumerate(zip(self.kinds.values(), self.parts(values).values(), strict=True)):
            raw[:, place] = list(kind.decode(part))
        return raw

    def summary(self, values: list[Any]) -> str:
        """That of each column."""
        raw = _cells(values)
        told = (kind.summary(raw[:, place].tolist()) for place, kind in enumerate(self.kinds.values()))
        return "; ".join(f"{name}: {each}" for name, each in zip(self.columns, told, strict=True))

    def picture(self, value: Any) -> Figure:
        """The values by name."""
        return words(", ".join(f"{name} {each}" for name, each in zip(self.columns, value, strict=True)))

    @property
    def outline(self) -> str:
        """The kind of each column."""
        return ", ".join(f"{name}: {kind.outline}" for name, kind in self.kinds.items())

    @property
    def facts(self) -> Mapping[str, Any]:  # type: ignore[override]
        """Those of each column."""
        return {name: kind.facts for name, kind in self.kinds.items()}

    @property
    def wire(self) -> Wire:
        """A list of what each column's is."""
        return _Together(tuple(kind.wire for kind in self.kinds.values()))

    @property
    def signal(self) -> Signal:
        """A vector of all numbers."""
        return Signal(("dim",), (sum(max(1, width) for width in self.widths) or len(self.columns),))

    def _beside(self, values: Any, of: Callable[[Kind], Callable[[Any], NDArray[Any]]]) -> NDArray[np.float64]:
        raw, encoded = _cells(values), []
        for place, (name, kind) in enumerate(self.kinds.items()):
            try:
                column = of(kind)(raw[:, place])
            except BadValue as fault:
                fault.what = f"{name}: {fault.what}"
                raise
            encoded.append(column.reshape(len(raw), -1).astype(np.float64))
        return np.concatenate(encoded, axis=1)


def _cells(values: Any) -> NDArray[Any]:
    """Raw values as (rows, columns)."""
    if isinstance(values, np.ndarray):
        return values
    cells = np.empty((len(values), len(values[0])), dtype=object)
    for row, value in enumerate(values):
        cells[row] = list(value)
    return cells


def example() -> tuple[Several, Any]:
    """A number and a category: for its contract."""
    columns = {name: KINDS.get(name)().state() for name in ("number", "category")}
    cells = [[1.5, "a"], [2, "b"], [-1, "a"], [7, "b"], [3.25, "a"], [4, "b"]]
    return Several(columns), _cells(cells)
