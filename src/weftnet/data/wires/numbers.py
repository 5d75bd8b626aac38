"""Many numbers: a list, or a list of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from weftnet.data.wires._json import numbers, parse_json
from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class NumbersWire(Wire):
    """A list of numbers, or of lists of numbers.

    Args:
        shape: of a value, where it is known.
    """

    name: ClassVar[str] = "numbers"
    expected: ClassVar[str] = "a list of numbers, or of lists of numbers, all of one length"
    lines: ClassVar[bool] = False
    cell: ClassVar[bool] = False
    datatype: ClassVar[str] = "FP64"
    shape: Sequence[int] = ()

    def read(self, value: Any) -> NDArray[Any]:
        """The list as an array; a missing number is NaN, where a list of numbers has one."""
        if isinstance(value, list) and None in value:
            if all(each is None or type(each) in (int, float) for each in value):
                return np.array(value, dtype=float)
            raise TypeError
        return numbers(value)

    def parse(self, text: str | bytes) -> Any:
        """The list, written in JSON."""
        return parse_json(text)

    def of_word(self, word: str) -> NDArray[Any]:
        """The list, written in JSON."""
        return numbers(parse_json(word))

    @property
    def schema(self) -> dict[str, Any]:
        """Of any shape: the kind's error says more than a schema's."""
        return {"type": "array", "description": "numbers, or lists of numbers"}

    @property
    def example(self) -> list[Any]:
        """Zeros."""
        zeros: list[Any] = np.zeros(tuple(self.shape) or (1, 1)).tolist()
        return zeros

    @property
    def axes(self) -> list[int]:
        """The shape."""
        return list(self.shape) or [-1]

    @property
    def widget(self) -> dict[str, Any]:
        """A field of lines of numbers."""
        if len(self.shape) == 1:
            return {"widget": "numbers", "flat": True, "hint": f"{self.shape[0]} numbers in their order"}
        lines, width = (["any number of", "some"] if len(self.shape) < 2 else self.shape)[:2]
        return {"widget": "numbers", "hint": f"one time step per line: {lines} lines of {width} numbers"}
