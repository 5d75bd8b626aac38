"""A form of an answer's field: boxes in the picture that was asked about, each with what is in it."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

from weftnet.base.answers import Column, Form


class Placed(TypedDict):
    """A thing, how likely it is, and the box around it: left, top, right and bottom in pixels."""

    label: str
    likelihood: float
    box: list[float]


@dataclass(frozen=True, kw_only=True)
class PlacedThings(Form):
    """A list of `Placed`; in a table one column, as JSON.

    Args:
        size: the field of the answer that says height and width of the picture in which the boxes are measured.
    """

    size: str

    drawn: ClassVar[str] = "placed"

    def schema(self) -> dict[str, Any]:
        """A list of objects."""
        box = {"type": "array", "items": {"type": "number", "description": "pixels"}, "minItems": 4, "maxItems": 4}
        properties = {"label": {"type": "string"}, "likelihood": {"type": "number"}, "box": box}
        return {"type": "array", "items": {"type": "object", "properties": properties, "required": list(properties)}}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """One column."""
        return {name: json.dumps(value, ensure_ascii=False)}

    def facts(self) -> dict[str, Any]:
        """With the field of the size."""
        return {**super().facts(), "size": self.size}
