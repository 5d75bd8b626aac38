"""Vector: the same number of numbers in every row, each standardised separately.

z[i] = (x[i] − mean[i]) / std[i]
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._moments import moments_of, numeric, scaled, unscaled
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.wires import NumbersWire
from weftnet.errors import DataError


@dataclass
class Vector(Kind):
    """An array (rows, dim) of numbers."""

    units: ClassVar[bool] = True
    mean: list[float] = field(default_factory=list, init=False)
    std: list[float] = field(default_factory=list, init=False)

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Two axes."""
        return 0.9 if column.first.ndim == 2 else 0.0

    def fit(self, values: Any) -> Self:
        """Mean and standard deviation of every component."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks."""
        self.mean, self.std = moments_of((numeric(values, (2,), "a vector column") for values in chunks), axis=1)
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, dim) standardised."""
        array = numeric(values, (2,), "a vector column")
        if array.shape[1] != len(self.mean):
            raise DataError("vectors of another length", expected=f"{len(self.mean)} numbers", got=f"{array.shape[1]}")
        return scaled(array, self.mean, self.std)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers in their own units."""
        return unscaled(values, self.mean, self.std)

    @property
    def facts(self) -> dict[str, Any]:
        """The number of numbers."""
        return {"dim": len(self.mean)}

    @property
    def wire(self) -> NumbersWire:
        """As many numbers."""
        return NumbersWire((len(self.mean),))

    @property
    def signal(self) -> Signal:
        """A vector."""
        return Signal(("dim",), (len(self.mean),))


def example() -> tuple[Vector, Any]:
    """The kind, and five vectors: for its contract."""
    return Vector(), np.random.default_rng(0).normal(3, 2, (5, 4))
