"""Several labels: a list of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.data.wires._json import parse_json
from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class LabelsWire(Wire):
    """A list of words.

    Args:
        labels: known ones.
    """

    name: ClassVar[str] = "labels"
    expected: ClassVar[str] = "a list of words"
    lines: ClassVar[bool] = False
    labels: Sequence[str] = ()

    def read(self, value: Any) -> list[str]:
        """The list."""
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise TypeError
        return value

    def parse(self, text: str | bytes) -> Any:
        """The list, written in JSON."""
        return parse_json(text)

    def of_word(self, word: str) -> list[str]:
        """The list, written in JSON."""
        return self.read(parse_json(word))

    @property
    def schema(self) -> dict[str, Any]:
        """Of any words: unknown ones are read as rare ones."""
        return {"type": "array", "items": {"type": "string"}}

    @property
    def example(self) -> list[str]:
        """One label."""
        return list(self.labels)[:1]

    @property
    def widget(self) -> dict[str, Any]:
        """A box to tick for each label."""
        return {"widget": "choices", "options": list(self.labels)}
