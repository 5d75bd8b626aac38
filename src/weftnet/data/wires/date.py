"""A date or a time, as a word; a number of seconds since 1970 is one too."""

from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class DateWire(Wire):
    """A date.

    Args:
        usual: one, as the training rows write it.
        numbers: whether they write numbers since 1970.
        times: whether they tell times of a day.
        days: whether they tell days at all, rather than times of any.
    """

    name: ClassVar[str] = "date"
    expected: ClassVar[str] = "a date such as 2020-01-05"
    lines: ClassVar[bool] = False
    usual: str | float = "2020-01-05"
    numbers: bool = False
    times: bool = True
    days: bool = False

    def read(self, value: Any) -> str | float:
        """Words are parsed, or refused, as in a table."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError
        return float(value) if self.numbers or not isinstance(value, str) else value

    @property
    def schema(self) -> dict[str, Any]:
        """Words in the form of the training rows, or as ISO 8601 has them."""
        return {"type": ["string", "number"], "description": self.widget["hint"]}

    @property
    def example(self) -> str | float:
        """A date of the training rows."""
        return self.usual

    @property
    def widget(self) -> dict[str, Any]:
        """A field for a date, where the kind reads what a browser sends: ISO 8601; otherwise one for a word."""
        hint = f"such as {self.usual}"
        if self.numbers or not self.days:
            return {"widget": "word", "hint": hint}
        return {"widget": "date", "time": self.times, "hint": hint}
