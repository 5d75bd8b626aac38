"""Forecast: what comes after a window, the next steps of one or more columns; the target of forecasting.

    z[h, k] = (x[h, k] − mean[k]) / std[k]        h = 1 … horizon

Mean and standard deviation are those of the same columns in the window, so that input and target have the same scale.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._moments import moments, numeric, scaled, unscaled
from weftnet.data.wires import NumbersWire
from weftnet.errors import DataError


@dataclass
class Forecast(Kind):
    """An array (rows, horizon, targets) of numbers.

    Args:
        horizon: steps ahead.
        targets: the columns' names.
        channels: their indices among the channels of the window.
        step: seconds, or the unit of the time stamps, from one step to the next; 0 where that is unknown.
        period: steps of the season that repeats in the training part; 0 for none.
    """

    horizon: int = 24
    targets: list[str] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)
    step: float = 0.0
    period: int = 0
    mean: list[float] = field(default_factory=list, init=False)
    std: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ValueError(f"forecast: horizon: expected a positive integer, got {self.horizon!r}")
        if self.period < 0:
            raise ValueError(f"forecast: period: expected steps, or 0 for none, got {self.period!r}")
        if len(self.targets) != len(self.channels):
            raise ValueError(f"forecast: channels: expected {len(self.targets)}, one a target, got {self.channels!r}")

    @property
    def outline(self) -> str:
        """The next 24 steps of OT, HUFL."""
        more = f" and {len(self.targets) - 4} more" if len(self.targets) > 4 else ""
        return f"the next {self.horizon} steps of {', '.join(self.targets[:4])}{more}"

    def fit(self, values: Any) -> Self:
        """Mean and standard deviation of every target."""
        self.mean, self.std = moments(numeric(values, (3,), "a forecast"), axis=2)
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, horizon, targets) standardised."""
        array = numeric(values, (3,), "a forecast")
        if array.shape[1:] != (self.horizon, len(self.mean)):
            raise DataError(
                "forecasts of another shape",
                expected=f"{self.horizon} steps of {len(self.mean)} targets",
                got=f"{array.shape[1]} steps of {array.shape[2]}",
            )
        return scaled(array, self.mean, self.std)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers in their own units."""
        return unscaled(values, self.mean, self.std)

    @property
    def facts(self) -> dict[str, Any]:
        """The horizon, and the columns that are forecast."""
        return {"horizon": self.horizon, "targets": list(self.targets)}

    @property
    def wire(self) -> NumbersWire:
        """Steps of numbers."""
        return NumbersWire((self.horizon, len(self.mean)))

    @property
    def signal(self) -> Signal:
        """A series."""
        return Signal(("time", "dim"), (self.horizon, len(self.mean)))


def example() -> tuple[Forecast, Any]:
    """The kind, and five stretches of three columns: for its contract."""
    return Forecast(horizon=4), np.random.default_rng(0).normal(3, 2, (5, 4, 3))
