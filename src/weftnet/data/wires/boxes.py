"""Boxes with their labels, in pixels of a picture of the size that is written with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.data.wires._json import parse_json
from weftnet.data.wires._wire import Wire


@dataclass(frozen=True)
class BoxesWire(Wire):
    """`{"size": [height, width], "boxes": [[x1, y1, x2, y2], …], "labels": ["cat", …]}`.

    Args:
        sizes: height and width of the pictures that were seen.
        labels: known ones.
    """

    name: ClassVar[str] = "boxes"
    expected: ClassVar[str] = "an object of size, boxes and labels"
    lines: ClassVar[bool] = False
    cell: ClassVar[bool] = False
    sizes: Sequence[int] = (1, 1)
    labels: Sequence[str] = ()

    def read(self, value: Any) -> Mapping[str, Any]:
        """The object; what is in it, the kind reads."""
        if not isinstance(value, Mapping) or not {"size", "boxes", "labels"} <= value.keys():
            raise TypeError
        return value

    def parse(self, text: str | bytes) -> Any:
        """The object, written in JSON."""
        return parse_json(text)

    def of_word(self, word: str) -> Mapping[str, Any]:
        """The object, written in JSON."""
        return self.read(parse_json(word))

    @property
    def schema(self) -> dict[str, Any]:
        """Of any boxes."""
        sides = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2}
        corners = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
        several = {"type": "array", "items": corners}
        labels = {"type": "array", "items": {"type": "string"}}
        properties = {"size": sides, "boxes": several, "labels": labels}
        return {"type": "object", "properties": properties, "required": list(properties)}

    @property
    def example(self) -> dict[str, Any]:
        """A box around a whole picture."""
        height, width = self.sizes
        return {"size": [height, width], "boxes": [[0, 0, width, height]], "labels": list(self.labels)[:1] or ["thing"]}
