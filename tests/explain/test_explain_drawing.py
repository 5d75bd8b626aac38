"""Drawings: whole, escaped, without scripts."""

import io
import re
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from weftnet.explain import Explanation, draw
from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.pictures._colours import AGAINST, FOR, tint
from weftnet.explain.pictures.image import heat

VOID = {"br", "img", "image", "rect", "line", "circle", "meta"}


def drawn(shown: DisplayedInput, values: np.ndarray, target: str = "yes") -> str:
    explanation = Explanation(
        "occlusion", target, 1.5, {"label": target, "probabilities": {target: 0.75}}, {"x": values}, {"x": shown}
    )
    html = draw(explanation)
    balanced(html)
    return html


def balanced(html: str) -> None:
    """Every element that is opened is closed, in turn; nothing is fetched and nothing runs."""
    stack: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag != "script"
            assert not any(name.startswith("on") for name, _ in attrs)
            assert all(v is None or v.startswith("data:image/png") for name, v in attrs if name in ("href", "src"))
            if tag not in VOID:
                stack.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert stack.pop() == tag

    Reader().feed(html)
    assert not stack
    assert "http" not in html


def test_tokens_stand_on_their_colours_and_padding_is_left_out() -> None:
    html = drawn(DisplayedInput("tokens", ["good", "not", ""]), np.array([2.0, -1.0, 0.0]))
    spans = re.findall(r"<span style='background:(rgba\([^)]+\))' title='([^']+)'>(\w+)</span>", html)
    assert [(word, value) for _, value, word in spans] == [("good", "2"), ("not", "-1")]
    assert spans[0][0].startswith("rgba(" + ",".join(map(str, FOR)))
    assert spans[1][0].startswith("rgba(" + ",".join(map(str, AGAINST)))
    assert "why yes: score 1.5, probability 0.75" in html


@pytest.mark.parametrize("kind", ["tokens", "table", "series"])
def test_what_comes_from_outside_is_escaped(kind: str) -> None:
    evil = "<script>alert('x')</script>"
    shown = {
        "tokens": DisplayedInput("tokens", [evil]),
        "table": DisplayedInput("table", [evil], (evil,)),
        "series": DisplayedInput("series", np.zeros((1, 2)), (evil, "b")),
    }[kind]
    values = np.ones((1, 2)) if kind == "series" else np.ones(1)
    html = drawn(shown, values, target=evil)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 2


def test_the_heat_over_an_image() -> None:
    picture = np.zeros((2, 3), np.uint8)
    values = np.array([[1.0, -1.0, 0.0], [0.5, 0.0, 0.0]])
    html = drawn(DisplayedInput("image", picture), values)
    pngs = [Image.open(io.BytesIO(b64decode(data))) for data in re.findall(r"base64,([^']+)'", html)]
    assert [(png.size, png.mode) for png in pngs] == [((3, 2), "RGB"), ((3, 2), "RGB")]
    pixels = np.asarray(pngs[1])
    assert tuple(pixels[0, 0]) == FOR
    assert tuple(pixels[0, 1]) == AGAINST
    assert tuple(pixels[0, 2]) == tuple(pixels[1, 1])  # the pale ground
    assert heat(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2))).std() == 0  # nothing to see is no error


def test_bars_are_as_long_as_the_attributions() -> None:
    html = drawn(DisplayedInput("table", ["42", "Rome", "x"], ("age", "city", "rest")), np.array([1.0, -4.0, 0.0]))
    labels = re.findall(r">([^<>]+ = [^<>]+)</text>", html)
    assert labels == ["city = Rome", "age = 42", "rest = x"]
    widths = [float(width) for width in re.findall(r"<rect class=\w+ [^>]*width=([\d.]+)", html)]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.01)
    assert re.findall(r"<rect class=(\w+)", html)[:2] == ["against", "for"]


def test_of_many_columns_the_weak_ones_are_one_bar() -> None:
    values = np.linspace(1, 2, 30)
    html = drawn(DisplayedInput("vector", ["0"] * 30, tuple(f"x {i}" for i in range(30))), values)
    assert ">10 others together</text>" in html
    assert f">+{values[:10].sum():.3g}</text>" in html


@pytest.mark.parametrize(("time", "channels"), [(1, 1), (7, 2), (5000, 1), (30, 12)])
def test_series_of_any_length(time: int, channels: int) -> None:
    random = np.random.default_rng(0)
    shown = DisplayedInput("series", random.normal(size=(time, channels)), tuple(f"c{i}" for i in range(channels)))
    html = drawn(shown, random.normal(size=(time, channels)))
    assert html.count("<polyline") == min(channels, 8)
    assert ("4 weaker channels are not shown" in html) == (channels == 12)
    assert len(html) < 100_000


def test_the_strongest_pieces_come_first() -> None:
    explanation = Explanation(
        "occlusion", "yes", 0.0, {},
        {"table": np.array([0.5, -3.0]), "image": np.array([[0.1, 2.0]]), "wave": np.array([[0.0], [1.0]])},
        {
            "table": DisplayedInput("table", ["42", "Rome"], ("age", "city")),
            "image": DisplayedInput("image", np.zeros((1, 2), np.uint8)),
            "wave": DisplayedInput("wave", np.array([[0.25], [0.5]]), ("channel 0",)),
        },
    )  # fmt: skip
    strongest = [(piece.input, piece.name, piece.value, piece.attribution) for piece in explanation.strongest(4)]
    assert strongest == [
        ("table", "city", "Rome", -3.0), ("image", "row 0, column 1", "", 2.0), ("wave", "step 1", "0.5", 1.0),
        ("table", "age", "42", 0.5),
    ]  # fmt: skip


def test_a_long_wave_names_its_strongest_segments() -> None:
    values = np.zeros((130, 2))
    values[3:6, 1] = 2.0
    shown = DisplayedInput("series", np.zeros((130, 2)), ("left", "right"))
    explanation = Explanation("occlusion", "yes", 0.0, {}, {"x": values}, {"x": shown})
    first = explanation.strongest(1)[0]
    assert (first.name, first.value, first.attribution) == ("steps 3 to 5 of right", "", 6.0)


def test_a_share_is_tinted_the_more_the_larger_it_is() -> None:
    shares = (-1.0, -0.5, 0.0, 0.25, 1.0)
    found = [re.fullmatch(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", tint(share)) for share in shares]
    values = [tuple(map(float, match.groups())) for match in found if match]
    assert [value[:3] for value in values] == [AGAINST, AGAINST, FOR, FOR, FOR]
    opacity = [value[3] for value in values]
    assert opacity == [pytest.approx(abs(share) * opacity[-1], abs=1e-3) for share in shares]
    assert 0.5 < opacity[-1] < 1


@pytest.mark.parametrize(("tokens", "text"), [
    (["a", "b", ""], "ab"), (["a", " ", "b"], "a b"),
    (["un", "der", " stand"], "under stand"), (["two", "words"], "two words"),
])  # fmt: skip
def test_only_words_are_separated_by_blanks(tokens: list[str], text: str) -> None:
    html = drawn(DisplayedInput("tokens", tokens, ()), np.linspace(-1, 1, len(tokens)))
    (paragraph,) = re.findall("<p class=words>(.*?)</p>", html)
    assert re.sub("<[^>]*>", "", paragraph) == text
