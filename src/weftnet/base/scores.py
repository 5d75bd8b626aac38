"""A score: a number with a direction and a unit. Shares are printed in per cent, everything else unchanged."""

from dataclasses import dataclass

from weftnet.base.intervals import Interval
from weftnet.base.numbers import fixed


def scale_of(unit: str) -> tuple[float, int, str]:
    """Factor, digits and sign with which numbers of a unit are printed."""
    return (100.0, 2, " %") if unit == "share" else (1.0, 4, "")


def in_unit(value: float | Interval, unit: str) -> str:
    """A number as text: 98.70 %, 98.70 ± 0.31 %, 1.4321, 123,456.8."""
    factor, digits, sign = scale_of(unit)
    text = value.text(factor, digits) if isinstance(value, Interval) else fixed(value * factor, digits)
    return f"{text}{sign}"


@dataclass(frozen=True)
class Score:
    """The metric that decides.

    Args:
        name: of the metric.
        better: whether more ("max") or less ("min") of it is better.
        unit: "share", "nats", "target" or "".
    """

    name: str
    better: str
    unit: str = ""

    def text(self, value: float | Interval) -> str:
        """A value as text."""
        return in_unit(value, self.unit)

    def lead(self, value: float, other: float) -> float:
        """How much better a value is than another; negative where it is worse."""
        return value - other if self.better == "max" else other - value

    @property
    def scale(self) -> tuple[float, int, str]:
        """Factor, digits and sign with which values are printed."""
        return scale_of(self.unit)
