"""Words in their order: a list, or a text with blanks between them."""

from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class WordsWire(Wire):
    """A list of words, or a text."""

    name: ClassVar[str] = "words"
    expected: ClassVar[str] = "a list of words, or a text with blanks between the words"

    def read(self, value: Any) -> list[str] | str:
        """The list, or the text."""
        if isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            return value
        raise TypeError

    @property
    def schema(self) -> dict[str, Any]:
        """Either."""
        return {"type": ["array", "string"], "items": {"type": "string"}}

    @property
    def example(self) -> list[str]:
        """A sentence."""
        return ["Ada", "wrote", "it", "."]

    @property
    def widget(self) -> dict[str, Any]:
        """A field for a text."""
        return {"widget": "text", "hint": "words with blanks between them, marks too: Ada wrote it ."}
