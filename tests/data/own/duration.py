"""A plugin: a kind nobody foresaw, with a form of its own."""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Text
from weftnet.data.kinds import BadValue, Kind, RawColumn
from weftnet.data.wires import Wire

_PATTERN = r"\d+:[0-5]\d:[0-5]\d"


def _is_one(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(_PATTERN, value) is not None


@dataclass(frozen=True)
class DurationWire(Wire):
    """Hours, minutes and seconds."""

    name: ClassVar[str] = "duration"
    expected: ClassVar[str] = "a duration such as 1:23:45"
    lines: ClassVar[bool] = False

    def read(self, value: Any) -> str:
        if not _is_one(value):
            raise ValueError
        return str(value)

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_PATTERN}$"}

    @property
    def example(self) -> str:
        return "0:01:00"

    @property
    def widget(self) -> dict[str, Any]:
        return {"widget": "word", "hint": "hours:minutes:seconds"}


@dataclass
class Duration(Kind):
    """A column of durations, as logarithms of seconds."""

    packages: ClassVar[tuple[str, ...]] = ("hypothesis",)
    mean: float = field(default=0.0, init=False)

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        return 0.97 * column.every(lambda values: all(map(_is_one, values)))

    @property
    def wire(self) -> DurationWire:
        return DurationWire()

    @property
    def signal(self) -> Signal:
        return Signal(("dim",), (1,))

    def fit(self, values: Any) -> Self:
        self.mean = float(np.mean(self._logarithms(values)))
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        return (self._logarithms(values) - self.mean).astype(np.float32)

    def features(self, values: Any) -> NDArray[np.float32]:
        return self.encode(values)[:, None]

    def decode(self, values: NDArray[Any]) -> list[str]:
        seconds = np.rint(np.expm1(values.astype(np.float64) + self.mean)).astype(int).tolist()
        return [f"{each // 3600}:{each // 60 % 60:02}:{each % 60:02}" for each in seconds]

    def picture(self, value: Any) -> Text:
        return Text(f"{value} h")

    def _logarithms(self, values: Any) -> NDArray[np.float64]:
        for row, value in enumerate(values):
            if not _is_one(value):
                raise BadValue(row, "this is no duration", expected="1:23:45", got=repr(value))
        parts = np.array([[int(each) for each in value.split(":")] for value in values])
        logarithms: NDArray[np.float64] = np.log1p(parts @ np.array([3600, 60, 1]))
        return logarithms


def example() -> tuple[Duration, Any]:
    return Duration(), np.array(["0:01:00", "1:00:07", "0:00:09", "23:59:59"], object)


ENTRIES = {"kind": [Duration]}
