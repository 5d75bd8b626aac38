"""A form of an answer's field: pieces of a text, and where each begins and ends in what was asked about."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

from weftnet.base.answers import Column, Form


class Piece(TypedDict):
    """A token or a word, and where it lies."""

    text: str
    begin: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Pieces(Form):
    """A list of `Piece`; in a table one column, as JSON.

    Args:
        unit: of the places, such as "s"; "" where they are counted.
    """

    unit: str = ""

    drawn: ClassVar[str] = "pieces"

    def schema(self) -> dict[str, Any]:
        """A list of objects."""
        place = {"type": "number", **({"description": self.unit} if self.unit else {})}
        properties = {"text": {"type": "string"}, "begin": place, "end": place}
        return {"type": "array", "items": {"type": "object", "properties": properties, "required": list(properties)}}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """One column."""
        return {name: json.dumps(value, ensure_ascii=False)}

    def facts(self) -> dict[str, Any]:
        """With the unit."""
        return {**super().facts(), "unit": self.unit}
