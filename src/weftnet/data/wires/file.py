"""A file: in base64, by its name, or as an upload."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from weftnet.base.files import inside
from weftnet.data.wires._json import numbers
from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class FileWire(Wire):
    """A file in base64, or its values as nested lists.

    Args:
        what: a file is: image, recording.
        accept: the media types that a page lets a person choose.
        shows: how a page previews it: img or audio.
        hint: for a person.
    """

    name: ClassVar[str] = "media"
    expected: ClassVar[str] = "a file in base64, or its values as nested lists"
    lines: ClassVar[bool] = False
    file: ClassVar[bool] = True
    what: str = "image"
    accept: str = "image/*"
    shows: str = "img"
    hint: str = ""

    def read(self, value: Any) -> Any:
        """The bytes of the file, or an array."""
        if isinstance(value, list):
            return numbers(value)
        if not isinstance(value, str):
            raise TypeError
        head, comma, rest = value.partition(",")
        return base64.b64decode(rest if comma and head.startswith("data:") else value, validate=True)

    def parse(self, text: str | bytes) -> str:
        """Bytes are the file itself."""
        return base64.b64encode(text).decode() if isinstance(text, bytes) else text

    def of_word(self, word: str) -> Path:
        """The file of this name."""
        return Path(word).expanduser()

    def of_cell(self, cell: str, folder: Path) -> Path:
        """The file of this name, inside the folder."""
        return inside(folder, cell)

    @property
    def schema(self) -> dict[str, Any]:
        """A string in base64, or nested lists."""
        return {
            "type": ["string", "array"],
            "contentEncoding": "base64",
            "description": f"a file, the {self.what}, or its values as nested lists",
        }

    @property
    def example(self) -> str:
        """An ellipsis: a file is too long to show."""
        return "…"

    @property
    def widget(self) -> dict[str, Any]:
        """A place to drop a file."""
        return {"widget": "file", "accept": self.accept, "shows": self.shows, "what": self.what, "hint": self.hint}
