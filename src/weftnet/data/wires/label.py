"""A label: a word or a whole number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class LabelWire(Wire):
    """A word or a whole number.

    Args:
        labels: known ones; empty where any is valid.
    """

    name: ClassVar[str] = "label"
    expected: ClassVar[str] = "a word or a whole number"
    lines: ClassVar[bool] = False
    labels: Sequence[str | int] = ()

    def read(self, value: Any) -> str | int:
        """True as a word, 7.0 as 7."""
        if isinstance(value, bool):
            return str(value)
        if not isinstance(value, str | int | float):
            raise TypeError
        return value if isinstance(value, str | int) else int(value) if value.is_integer() else str(value)

    @property
    def schema(self) -> dict[str, Any]:
        """With a few of the labels as examples."""
        schema: dict[str, Any] = {"type": ["string", "integer", "number", "boolean"]}
        return schema | {"examples": list(self.labels)[:3]}

    @property
    def example(self) -> str | int:
        """The first label."""
        return self.labels[0] if self.labels else "a"

    @property
    def widget(self) -> dict[str, Any]:
        """A choice; a field for a word where any is valid."""
        return {"widget": "choice", "options": list(self.labels)} if self.labels else {"widget": "word"}
