"""Forms of answers: each field's JSON schema, columns, tensor and drawing follow from one typed dictionary."""

import io
import json
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import weftnet.serve.page
from weftnet.base.answers import (
    Count,
    File,
    Form,
    Mask,
    Number,
    Numbers,
    Picture,
    Series,
    Shares,
    Text,
    Texts,
    encoded,
    forms,
    json_schema,
)  # fmt: skip
from weftnet.base.curves import Curves, Edge, Levels
from weftnet.base.download import Download
from weftnet.base.pieces import Pieces
from weftnet.base.placed import PlacedThings
from weftnet.base.png import png
from weftnet.base.wav import Sound, same_sound, wav
from weftnet.base.wav import encoded as encoded_wave
from weftnet.tasks import ANSWERS
from weftnet.tasks._schema import answer_schema

OF_CURVES = (Curves, Edge, Levels)


class Answer(TypedDict):
    word: str
    words: list[str]
    size: Annotated[float, Number(unit="m")]
    rank: int
    shares: Annotated[dict[str, float], Shares(exclusive=True)]
    row: list[float]
    steps: list[list[float]]
    picture: Annotated[str, Picture()]
    mask: Annotated[str, Mask(classes="names")]
    names: Annotated[list[str], Texts(constant=True)]
    boxes: NotRequired[list[dict[str, float]]]


@given(st.sampled_from([(), (3,), (4,)]), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_png_is_read_back_by_pillow(planes: tuple[int, ...], height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, *planes), np.uint8)
    image = Image.open(io.BytesIO(png(pixels)))
    image.load()
    np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (0, 4), (1, 1, 1, 1)])
def test_what_is_no_picture(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        png(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="got float64"):
        png(np.zeros((2, 2)))  # type: ignore[arg-type]


def test_the_forms_of_a_schema() -> None:
    found = forms(Answer)
    assert {name: type(form) for name, form in found.items()} == {
        "word": Text, "words": Texts, "size": Number, "rank": Count, "shares": Shares, "row": Numbers, "steps": Series,
        "picture": Picture, "mask": Mask, "names": Texts, "boxes": Form,
    }  # fmt: skip
    assert [name for name, form in found.items() if form.constant] == ["names"]
    assert found["size"].facts() == {"draw": "number", "constant": False, "unit": "m"}
    assert found["mask"].facts()["classes"] == "names"
    assert forms(None) == {}


def test_the_json_schema_of_a_schema() -> None:
    schema = json_schema(Answer)
    assert "boxes" not in schema["required"]
    assert set(schema["required"]) == set(forms(Answer)) - {"boxes"}
    assert schema["properties"]["steps"] == {
        "type": "array", "items": {"type": "array", "items": {"type": "number"}},
    }  # fmt: skip
    assert schema["properties"]["rank"]["type"] == "integer"
    assert json_schema(None) == {"type": "object"}


@pytest.mark.parametrize(
    ("form", "value", "columns"),
    [
        (Text(), "a", {"f": "a"}),
        (Texts(), ["a", "b"], {"f": "a;b"}),
        (Number(), 2.5, {"f": 2.5}),
        (Shares(), {"a": 0.5, "b": 0.5}, {"p_a": 0.5, "p_b": 0.5}),
        (Shares(exclusive=True), {"a": 0.3, "b": 0.7}, {"confidence": 0.7, "p_a": 0.3, "p_b": 0.7}),
        (Numbers(), [1.0, 2.0], {"f_1": 1.0, "f_2": 2.0}),
        (Series(), [[1.0], [2.0]], {"f_1_1": 1.0, "f_2_1": 2.0}),
        (Form(), [{"x": 1}, {"x": [2, 3]}], {"f_1_x": 1, "f_2_x_1": 2, "f_2_x_2": 3}),
    ],
)
def test_columns(form: Form, value: Any, columns: dict[str, Any]) -> None:
    assert form.columns("f", value) == columns


def test_a_picture_is_a_file_beside_the_table() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5), np.uint8)
    (cell,) = Picture().columns("mask", encoded(pixels)).values()
    assert isinstance(cell, File)
    assert (str(cell), cell.suffix) == ("5×3 pixels", ".png")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(cell.content))), pixels)


def test_pieces_are_one_column_whatever_their_number() -> None:
    form, value = Pieces(unit="s"), [{"text": "ü", "begin": 0.5, "end": 0.75}]
    assert form.columns("tokens", value) == {"tokens": '[{"text": "ü", "begin": 0.5, "end": 0.75}]'}
    assert form.columns("tokens", []) == {"tokens": "[]"}
    assert form.facts() == {"draw": "pieces", "constant": False, "unit": "s"}
    assert form.schema()["items"]["required"] == ["text", "begin", "end"]
    assert form.schema()["items"]["properties"]["end"] == {"type": "number", "description": "s"}


def test_a_sound_is_a_file_that_others_read() -> None:
    """16 bits a sample; what is too loud is cut."""
    import soundfile

    wave = np.array([0.0, 0.5, -0.25, 2.0, -3.0])
    (cell,) = Sound().columns("sound", encoded_wave(wave, 1000)).values()
    assert isinstance(cell, File)
    assert (str(cell), cell.suffix) == ("0.01 s of sound", ".wav")
    read, rate = soundfile.read(io.BytesIO(cell.content))
    assert rate == 1000
    np.testing.assert_allclose(read, [0, 0.5, -0.25, 1, -1], atol=1e-4)
    assert Sound().tensor(encoded_wave(wave, 1000)) == wav(wave, 1000)
    assert Sound().schema()["contentMediaType"] == "audio/wav"
    assert same_sound(encoded_wave(wave, 1000), encoded_wave(wave + 1e-5, 1000))
    for other in (encoded_wave(wave + 1e-2, 1000), encoded_wave(wave, 2000), encoded_wave(wave[1:], 1000), "a word"):
        assert not same_sound(encoded_wave(wave, 1000), other)


def test_tensors() -> None:
    assert Shares().tensor({"a": 0.25, "b": 0.75}) == [0.25, 0.75]
    assert json.loads(Texts().tensor(["a", "ü"])) == ["a", "ü"]
    assert Picture().tensor(encoded(np.zeros((1, 1), np.uint8))) == png(np.zeros((1, 1), np.uint8))


def test_the_page_draws_every_form() -> None:
    page = Path(weftnet.serve.page.__file__).with_name("pages").joinpath("answer.js").read_text(encoding="utf-8")
    drawings = page[page.index("const drawings = {") : page.index("function overlay")]
    for form in (
        Form,
        Text,
        Texts,
        Number,
        Count,
        Shares,
        Numbers,
        Series,
        Picture,
        Mask,
        Pieces,
        Sound,
        Download,
        PlacedThings,
        *OF_CURVES,
    ):
        assert f"\n  {form.drawn}: " in drawings, form


@pytest.mark.parametrize("task", ANSWERS.names())
def test_every_task_that_answers_says_how(task: str) -> None:
    if ANSWERS.find(task) is not None:
        assert answer_schema(task) is not None
        assert all(type(form) is not Form for form in forms(answer_schema(task)).values())
