"""How values are written outside: what a kind shows as an example is read, encoded, and valid by its own schema."""

import json
from typing import Any

import jsonschema
import numpy as np
import pytest

from weftnet.base.figures import flat
from weftnet.data.kinds import KINDS, Kind
from weftnet.data.wires import FileWire, LabelsWire, LabelWire, NumbersWire, NumberWire, Wire

WIDGETS = {"text", "word", "number", "numbers", "date", "choice", "choices", "file"}


def fitted(name: str) -> tuple[Kind, Any]:
    module = KINDS.module(name)
    kind, values = module.example()
    return kind.fit(values), values


@pytest.mark.parametrize("name", KINDS.names())
def test_the_example_of_a_kind_is_valid(name: str) -> None:
    kind, values = fitted(name)
    wire = kind.wire
    assert wire.widget["widget"] in WIDGETS
    assert wire.datatype in ("BYTES", "FP64")
    json.dumps([wire.widget, wire.example, kind.facts], allow_nan=False)
    jsonschema.validate(wire.example, wire.schema)
    if not (wire.file or isinstance(values, str) or name == "calendar"):  # an ellipsis, a running text, no date
        value = wire.read(json.loads(json.dumps(wire.example)))
        assert np.isfinite(kind.encode([value])).all()


@pytest.mark.parametrize("name", [name for name in KINDS if name != "characters"])
def test_a_value_has_a_picture(name: str) -> None:
    kind, values = fitted(name)
    figure = kind.picture(values[0])
    assert flat([figure]) == [figure]
    assert kind.words == (type(figure).__name__ == "Text")


@pytest.mark.parametrize(
    ("wire", "text", "value"),
    [
        (Wire(), "a text", "a text"),
        (Wire(), "été".encode(), "été"),
        (LabelWire(["a"]), "a", "a"),
        (LabelsWire(["a", "b"]), '["a"]', ["a"]),
        (NumberWire(), "3.5", "3.5"),
        (NumbersWire((2,)), b"[1, 2]", [1, 2]),
        (FileWire(), b"\x00\xff", "AP8="),
        (FileWire(), "AP8=", "AP8="),
    ],
)
def test_a_field_of_a_form_is_a_value_of_json(wire: Wire, text: str | bytes, value: Any) -> None:
    assert wire.parse(text) == value
    wire.read(value)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (Wire(), 3),
        (NumberWire(), True),
        (LabelWire(), []),
        (LabelsWire(), ["a", 1]),
        (LabelsWire(), "a"),
        (NumbersWire(), "1"),
        (NumbersWire(), ["a"]),
        (FileWire(), "no base64!"),
    ],
)
def test_another_form_is_refused(wire: Wire, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        wire.read(value)
    with pytest.raises((ValueError, TypeError)):
        NumbersWire().of_word("[" * 100_000)
