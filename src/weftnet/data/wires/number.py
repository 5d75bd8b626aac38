"""A number, or a word that reads as one."""

from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class NumberWire(Wire):
    """A number, or a word that a kind parses.

    Args:
        mean: of usual values.
        std: their standard deviation.
    """

    name: ClassVar[str] = "number"
    expected: ClassVar[str] = "a number"
    lines: ClassVar[bool] = False
    datatype: ClassVar[str] = "FP64"
    mean: float = 0.0
    std: float = 0.0

    def read(self, value: Any) -> float | str:
        """Words are parsed, or refused, as in a table."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError
        return value if isinstance(value, str) else float(value)

    @property
    def schema(self) -> dict[str, Any]:
        """Words are accepted too."""
        return {"type": ["number", "string"], "description": "a number, or a string that reads as one"}

    @property
    def example(self) -> float:
        """The mean."""
        return self.mean

    @property
    def widget(self) -> dict[str, Any]:
        """A field for a number."""
        usual = f"usually {self.mean - 2 * self.std:.3g} to {self.mean + 2 * self.std:.3g}" if self.std else ""
        return {"widget": "number", "hint": usual}
