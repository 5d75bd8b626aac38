"""The form by itself: any text; and what every form says of its values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class Wire:
    """How values are written; by itself: any text.

    `name` is what clients know it by, `expected` is for messages. `lines`: whether a line of a text file is a value.
    `file`: whether a value is a file. `cell`: whether a cell of a CSV table can hold a value.
    """

    name: ClassVar[str] = "text"
    expected: ClassVar[str] = "a text"
    lines: ClassVar[bool] = True
    file: ClassVar[bool] = False
    cell: ClassVar[bool] = True
    datatype: ClassVar[str] = "BYTES"
    """Of the Open Inference Protocol."""

    def read(self, value: Any) -> Any:
        """The raw value that a value of JSON stands for; the missing one, null, never comes here.

        Raises:
            TypeError, ValueError, OverflowError: it has another form.
        """
        if not isinstance(value, str):
            raise TypeError
        return value

    def parse(self, text: str | bytes) -> Any:
        """A value of JSON from how it is written in a form's field, or in a tensor of bytes.

        Raises:
            ValueError: it can't be read.
        """
        return text if isinstance(text, str) else text.decode()

    def of_word(self, word: str) -> Any:
        """A raw value from a word of the command line.

        Raises:
            TypeError, ValueError: it can't be read.
        """
        return word

    def of_cell(self, cell: str, folder: Path) -> Any:
        """A raw value from a cell of a table in a folder."""
        return cell

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of a value."""
        return {"type": "string"}

    @property
    def example(self) -> Any:
        """A value of JSON that gets an answer, except that an ellipsis stands for a file."""
        return "a sentence"

    @property
    def axes(self) -> list[int]:
        """The shape of a value in a tensor; −1 for any number."""
        return []

    @property
    def widget(self) -> dict[str, Any]:
        """What a page asks with: `widget` is text, word, number, numbers, date, choice, choices or file.

        `hint` helps a person. A choice has `options`; a file has `accept`, `shows` (img or audio) and `ask`.
        """
        return {"widget": "text"}
