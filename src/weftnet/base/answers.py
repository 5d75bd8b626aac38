"""Forms of the fields of an answer: their JSON, their columns in a table, their tensor, and how a page draws them.

    class Answer(TypedDict):
        label: str
        probabilities: Annotated[dict[str, float], Shares(exclusive=True)]
        mask: Annotated[str, Mask(classes="names")]
        names: Annotated[list[str], Texts(constant=True)]

A task's `Answer` is the only place that describes its answers: the server, its OpenAPI document, the inference
protocol, tables and the page are made from it. A field without an annotation has the form of its type.

The values are plain JSON: a picture is a PNG file in base64 (`encoded`). A form without a class of its own is `Form`.
"""

import base64
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NotRequired, Required, TypeAlias, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from weftnet.base.png import png

#: a cell of a table: text, a number, or a `File`
Column: TypeAlias = object


@dataclass(frozen=True)
class File:
    """A cell of a table that is a file of its own.

    Args:
        content: of the file.
        suffix: of its name.
        shown: what stands in the cell where no file can be written.
    """

    content: bytes
    suffix: str
    shown: str

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True, kw_only=True)
class Form:
    """Any JSON: lists and mappings become columns, the tensor is the JSON as text.

    Args:
        constant: the value is the same in every answer.
    """

    constant: bool = False

    drawn: ClassVar[str] = "json"
    """How a page draws it; `serve/pages/answer.js` has a function for each."""
    datatype: ClassVar[str] = "BYTES"
    """Of its tensor in the Open Inference Protocol."""
    axes: ClassVar[int] = 0
    """Of its tensor, beside the answers'."""

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return {}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """The columns of a table."""
        return dict(_named(name, value))

    def tensor(self, value: Any) -> Any:
        """The value as an element of a tensor: text, bytes, a number, or nested lists of numbers."""
        return json.dumps(value)

    def facts(self) -> dict[str, Any]:
        """What a page needs to draw it."""
        return {"draw": self.drawn, "constant": self.constant}


@dataclass(frozen=True, kw_only=True)
class Text(Form):
    """A word or a sentence: the answer in large type."""

    drawn: ClassVar[str] = "text"

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string"}

    def tensor(self, value: Any) -> Any:
        """The text."""
        return value


@dataclass(frozen=True, kw_only=True)
class Texts(Form):
    """Several words; one column, divided by semicolons."""

    drawn: ClassVar[str] = "texts"

    def schema(self) -> dict[str, Any]:
        """A list of strings."""
        return {"type": "array", "items": {"type": "string"}}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """One column."""
        return {name: ";".join(map(str, value))}


@dataclass(frozen=True, kw_only=True)
class Number(Form):
    """A number.

    Args:
        unit: "share" for a part of one, else as it is written behind the number.
    """

    unit: str = ""

    drawn: ClassVar[str] = "number"
    datatype: ClassVar[str] = "FP64"

    def schema(self) -> dict[str, Any]:
        """A number."""
        return {"type": "number", **({"description": self.unit} if self.unit else {})}

    def tensor(self, value: Any) -> Any:
        """The number."""
        return value

    def facts(self) -> dict[str, Any]:
        """With the unit."""
        return {**super().facts(), "unit": self.unit}


@dataclass(frozen=True, kw_only=True)
class Count(Number):
    """A whole number."""

    datatype: ClassVar[str] = "INT64"

    def schema(self) -> dict[str, Any]:
        """An integer."""
        return {**super().schema(), "type": "integer"}


@dataclass(frozen=True, kw_only=True)
class Shares(Form):
    """Parts of one by name, drawn as bars; columns `p_cat`, `p_dog` …

    Args:
        exclusive: only one of the names is right, so that the largest share is the `confidence` of the answer.
        open: answers differ in their names; in a table one column, as JSON.
    """

    exclusive: bool = False
    open: bool = False

    drawn: ClassVar[str] = "shares"
    datatype: ClassVar[str] = "FP64"
    axes: ClassVar[int] = 1

    def schema(self) -> dict[str, Any]:
        """Numbers by name."""
        return {"type": "object", "additionalProperties": {"type": "number"}}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """A column each."""
        confidence = {"confidence": max(value.values())} if self.exclusive else {}
        if self.open:
            return confidence | {name: json.dumps(value, ensure_ascii=False)}
        return confidence | {f"p_{key}": each for key, each in value.items()}

    def facts(self) -> dict[str, Any]:
        """With what they are."""
        return {**super().facts(), "exclusive": self.exclusive, "open": self.open}

    def tensor(self, value: Any) -> Any:
        """The shares in order."""
        return list(value.values())


@dataclass(frozen=True, kw_only=True)
class Quantities(Form):
    """Numbers by name, each in a unit of its own; a column each, of that name."""

    datatype: ClassVar[str] = "FP64"
    axes: ClassVar[int] = 1

    def schema(self) -> dict[str, Any]:
        """Numbers by name."""
        return {"type": "object", "additionalProperties": {"type": "number"}}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """A column each."""
        return dict(value)

    def tensor(self, value: Any) -> Any:
        """The numbers in order."""
        return list(value.values())


@dataclass(frozen=True, kw_only=True)
class Numbers(Form):
    """A list of numbers."""

    drawn: ClassVar[str] = "numbers"
    datatype: ClassVar[str] = "FP64"
    axes: ClassVar[int] = 1

    def schema(self) -> dict[str, Any]:
        """A list of numbers."""
        return {"type": "array", "items": {"type": "number"}}

    def tensor(self, value: Any) -> Any:
        """The list."""
        return value


@dataclass(frozen=True, kw_only=True)
class Series(Numbers):
    """Numbers by time step and column."""

    drawn: ClassVar[str] = "series"
    axes: ClassVar[int] = 2

    def schema(self) -> dict[str, Any]:
        """A list of lists."""
        return {"type": "array", "items": super().schema()}


@dataclass(frozen=True, kw_only=True)
class Picture(Form):
    """A PNG file in base64; a file beside the table."""

    drawn: ClassVar[str] = "picture"

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """One file."""
        content = base64.b64decode(value)
        width, height = struct.unpack(">II", content[16:24])
        return {name: File(content, ".png", f"{width}×{height} pixels")}

    def tensor(self, value: Any) -> Any:
        """The file."""
        return base64.b64decode(value)


@dataclass(frozen=True, kw_only=True)
class Mask(Picture):
    """A picture whose grey values are the numbers of classes, laid over the picture that was asked about.

    Args:
        classes: the field of the answer that lists the names of the classes.
    """

    classes: str

    drawn: ClassVar[str] = "mask"

    def facts(self) -> dict[str, Any]:
        """With the field of the names."""
        return {**super().facts(), "classes": self.classes}


def encoded(pixels: NDArray[np.uint8]) -> str:
    """A picture (height, width) or (height, width, 3), or a mask of class numbers, as a value of an answer."""
    return base64.b64encode(png(pixels)).decode()


def forms(schema: type | None) -> dict[str, Form]:
    """The form of each field of an `Answer`; none for a task without a schema."""
    hints = get_type_hints(schema, include_extras=True) if schema is not None else {}
    return {name: _form(hint) for name, hint in hints.items()}


def json_schema(schema: type | None) -> dict[str, Any]:
    """The JSON schema of an `Answer`."""
    if schema is None:
        return {"type": "object"}
    properties = {name: form.schema() for name, form in forms(schema).items()}
    required = [name for name in properties if name in getattr(schema, "__required_keys__", ())]
    return {"type": "object", "properties": properties, "required": required}


def schema_of(hint: Any) -> dict[str, Any]:
    """The JSON schema of an annotation."""
    if hint == list[int]:  # of options; answers have no such field
        return {"type": "array", "items": {"type": "integer"}}
    return {"type": "boolean"} if hint is bool else _form(hint).schema()


def _form(hint: Any) -> Form:
    while get_origin(hint) in (NotRequired, Required):
        (hint,) = get_args(hint)
    if get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        if named := next((note for note in notes if isinstance(note, Form)), None):
            return named
    return next((form for kind, form in _OF_TYPES if kind == hint), Form())


_OF_TYPES: tuple[tuple[Any, Form], ...] = (
    (str, Text()),
    (list[str], Texts()),
    (float, Number()),
    (int, Count()),
    (list[float], Numbers()),
    (list[list[float]], Series()),
    (dict[str, float], Shares()),
    (dict[int, float], Shares()),
)


def _named(name: str, value: Any) -> Iterator[tuple[str, Column]]:
    """Nested mappings and lists as name_key, name_1_2."""
    if isinstance(value, Mapping | list):
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
        for key, each in pairs:
            yield from _named(f"{name}_{key}", each)
    else:
        yield name, value
