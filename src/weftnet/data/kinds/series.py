"""Series: in every row steps of several channels, each channel standardised over rows and steps.

z[t, i] = (x[t, i] − mean[i]) / std[i]
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Curve
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._moments import moments_of, numeric, scaled, unscaled
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._show import curve
from weftnet.data.wires import NumbersWire
from weftnet.errors import DataError


@dataclass
class Series(Kind):
    """An array (rows, time, dim) of numbers."""

    units: ClassVar[bool] = True
    words: ClassVar[bool] = False
    time: int = field(default=1, init=False)
    mean: list[float] = field(default_factory=list, init=False)
    std: list[float] = field(default_factory=list, init=False)

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Three axes; bytes are probably grey images."""
        axes, bytes_ = column.first.ndim, column.first.dtype == np.uint8
        return 0.5 if axes == 3 and not bytes_ else 0.0

    def fit(self, values: Any) -> Self:
        """Mean and standard deviation of every channel."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks."""
        self.mean, self.std = moments_of(map(self._steps, chunks), axis=2)
        return self

    def _steps(self, values: Any) -> NDArray[Any]:
        array = numeric(values, (3,), "a series column")
        self.time = array.shape[1]
        return array

    def picture(self, value: Any) -> Curve:
        """A curve for every channel."""
        return curve(value)

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, time, dim) standardised."""
        array = numeric(values, (3,), "a series column")
        if array.shape[1:] != (self.time, len(self.mean)):
            raise DataError(
                "series of another shape",
                expected=f"{self.time} steps of {len(self.mean)} numbers",
                got=f"{array.shape[1]} steps of {array.shape[2]}",
            )
        return scaled(array, self.mean, self.std)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers in their own units."""
        return unscaled(values, self.mean, self.std)

    @property
    def facts(self) -> dict[str, Any]:
        """Steps, and numbers per step."""
        return {"time": self.time, "dim": len(self.mean)}

    @property
    def wire(self) -> NumbersWire:
        """Steps of numbers."""
        return NumbersWire((self.time, len(self.mean)))

    @property
    def signal(self) -> Signal:
        """A series."""
        return Signal(("time", "dim"), (self.time, len(self.mean)))


def example() -> tuple[Series, Any]:
    """The kind, and five series: for its contract."""
    return Series(), np.random.default_rng(0).normal(3, 2, (5, 4, 3))
