"""What flows between blocks: its written form, its facts, its faults."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.architecture.signal import KINDS, About, Signal, parse
from weftnet.errors import SettingError

sizes = st.integers(1, 9999)


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    kind = draw(st.sampled_from(sorted(KINDS)))
    axes, dtype = KINDS[kind]
    shape = [draw(sizes) for _ in axes]
    if kind == "wave":
        shape[-1] = 1
    facts = draw(st.dictionaries(st.sampled_from(["vocabulary", "classes", "rate"]), sizes))
    return Signal(axes, tuple(shape), dtype, facts, draw(st.booleans()) and "time" in axes)


@given(signals())
def test_text_and_back(signal: Signal) -> None:
    assert parse(signal.text()) == signal


@pytest.mark.parametrize(
    ("text", "axes", "shape", "dtype"),
    [
        ("vector:13", ("dim",), (13,), "float"),
        ("series:96x7", ("time", "dim"), (96, 7), "float"),
        ("series:96×7", ("time", "dim"), (96, 7), "float"),
        ("wave:16000", ("time", "dim"), (16000, 1), "float"),
        ("image: 1x28x30", ("channels", "height", "width"), (1, 28, 30), "float"),
        ("tokens:64 , vocabulary=5000", ("time",), (64,), "int"),
    ],
)
def test_the_forms(text: str, axes: tuple[str, ...], shape: tuple[int, ...], dtype: str) -> None:
    signal = parse(text)
    assert (signal.axes, signal.sizes, signal.dtype) == (axes, shape, dtype)
    assert signal.shape(5) == (5, *shape)


def test_facts_and_sizes() -> None:
    signal = parse("tokens:64,vocabulary=5000,padded")
    assert signal.known == {"vocabulary": 5000}
    assert signal.padded
    assert str(signal) == "tokens (time 64, vocabulary 5000)"
    image = parse("image:3x7x5")
    assert (image.size("height"), image.numel) == (7, 105)
    assert image.with_sizes(1, 2, 3).sizes == (1, 2, 3)
    assert str(image) == "image (channels 3×height 7×width 5)"


def test_what_is_known_of_the_data_is_neither_compared_nor_written() -> None:
    signal = parse("vector:13")
    known = signal.with_rows(428)
    assert known.about.rows == 428
    assert signal.about == About()
    assert known == signal
    assert known.text() == "vector:13"


def test_a_layout_without_a_name() -> None:
    signal = Signal(("time", "height"), (4, 5))
    assert signal.kind == "[batch, time, height]"
    assert str(signal) == "float (time 4×height 5)"
    assert str(Signal((), (), "bool")) == "bool (scalar)"
    with pytest.raises(SettingError, match=r"the axes \('time', 'height'\) has no written form"):
        signal.text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("imge:1x28x28", "imge:1x28x28: no kind of input is called 'imge'"
         "\n  expected: vector, series, image, video, tokens, wave, words\n  fix: did you mean 'image'?"),
        ("banana", "banana: no kind of input is called 'banana'"
         "\n  expected: vector, series, image, video, tokens, wave, words"
         "\n  fix: write for example image:1x28x28"),
        ("image:28x28", "image:28x28: image takes positive sizes channelsxheightxwidth\n  got: 28x28"),
        ("image:0x28x28", "image:0x28x28: image takes positive sizes channelsxheightxwidth\n  got: 0x28x28"),
        ("vector", "vector: vector takes positive sizes dim\n  got: none"),
        ("vector:a", "vector:a: vector takes positive sizes dim\n  got: a"),
        ("tokens:9,vocabulary=x", "tokens:9,vocabulary=x: a fact is written name=positive number, or padded"
         "\n  got: vocabulary=x"),
        ("tokens:9,vocabulary=0", "tokens:9,vocabulary=0: a fact is written name=positive number, or padded"
         "\n  got: vocabulary=0"),
        ("image:1x2x3,padded", "image:1x2x3,padded: only a signal with a time axis can be padded"),
    ],
)  # fmt: skip
def test_what_is_no_signal(text: str, says: str) -> None:
    with pytest.raises(SettingError) as raised:
        parse(text)
    assert str(raised.value) == says
