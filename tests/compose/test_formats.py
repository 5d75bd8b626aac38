"""A drawing for a paper holds what the SVG shows, and every file is what its format says."""

import io
import re
import zlib

import pytest
from PIL import Image

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import resolve
from weftnet.compose.draw import draw
from weftnet.compose.formats import FORMATS
from weftnet.compose.shapes import Curve, Picture, Rect, Words, picture
from weftnet.errors import SettingError

NETWORK = [
    {"conv2d": {"channels": 6}},
    {"residual": {"body": [{"conv2d": {"channels": 9}}, "relu"], "shortcut": [{"conv2d": {"channels": 9}}]}},
    {"residual": ["relu"]},
    {"repeat": {"times": 5, "body": ["relu", {"conv2d": {"channels": 9}}]}},
]


def drawn(name: str = "image") -> Picture:
    resolved = resolve(from_dict(NETWORK).parts["network"], {name: parse("image:3x8x8")})
    return picture(draw(resolved))


def test_shapes_are_those_of_the_drawing() -> None:
    resolved = resolve(from_dict(NETWORK).parts["network"], {"image": parse("image:3x8x8")})
    svg = draw(resolved)
    found = picture(svg)
    words = [each for each in found.shapes if isinstance(each, Words)]
    assert [each.text for each in words] == re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert sum(isinstance(each, Rect) for each in found.shapes) == svg.count("<rect")
    curves = [each for each in found.shapes if isinstance(each, Curve)]
    assert sum(each.arrow for each in curves) == svg.count('marker-end="')
    assert sum(len(each.pieces) for each in curves) == sum(
        len(re.findall("[VHLCQ]", way)) for way in re.findall(r'class="line"[^>]* d="([^"]*)"', svg)
    )
    for each in found.shapes:
        if isinstance(each, Rect):
            assert 0 <= each.x <= each.x + each.width <= found.width
            assert 0 <= each.y <= each.y + each.height <= found.height


def test_a_pdf_has_its_objects_where_it_says_and_its_words() -> None:
    found = drawn()
    data = FORMATS[".pdf"](found)
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF", data)[0])
    assert data[start:].startswith(b"xref\n0 7\n")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", data)]
    assert all(data[place:].startswith(b"%d 0 obj\n" % number) for number, place in enumerate(places, 1))
    length = int(re.findall(rb"/Length (\d+)", data)[0])
    content = zlib.decompress(data.split(b"stream\n")[1][:length]).decode("cp1252")
    shown = [text.replace("\\(", "(").replace("\\)", ")") for text in re.findall(r"\((.*)\) Tj", content)]
    assert shown == [each.text for each in found.shapes if isinstance(each, Words)]
    assert content.count(" BT ") + content.count("\nBT ") == content.count(" ET")
    box = [float(side) for side in re.findall(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)[0]]
    assert box == pytest.approx([found.width * 0.75, found.height * 0.75], abs=0.01)


def test_a_png_has_the_colours_where_the_boxes_are() -> None:
    found = drawn()
    image = Image.open(io.BytesIO(FORMATS[".png"](found))).convert("RGB")
    assert image.size == (3 * found.width, 3 * found.height)
    stripes = [each for each in found.shapes if isinstance(each, Rect) and each.width == 5]
    assert len(stripes) == 7
    for each in stripes:
        assert image.getpixel((int(3 * (each.x + 2.5)), int(3 * (each.y + each.height / 2)))) == each.fill
    assert image.getpixel((1, 1)) == (255, 255, 255)


def test_tikz_is_balanced_and_has_every_word() -> None:
    found = drawn("a_b%")
    text = FORMATS[".tex"](found).decode()
    body = text.split("\n", 1)[1]
    assert body.startswith(r"\begin{tikzpicture}")
    assert body.endswith("\\end{tikzpicture}\n")
    plain = body.replace(r"\{", "").replace(r"\}", "")
    assert plain.count("{") == plain.count("}")
    assert all(line.endswith((";", "]")) for line in body.splitlines()[:-1])
    assert r"a\_b\%: image 3$\times$8$\times$8" in body
    assert body.count(r"\node[") == sum(isinstance(each, Words) for each in found.shapes)


@pytest.mark.parametrize("suffix", [".pdf", ".png"])
def test_letters_that_a_font_lacks_are_refused(suffix: str) -> None:
    with pytest.raises(SettingError, match=r"has letters that its P.. could not show") as raised:
        FORMATS[suffix](drawn("图像"))
    assert any(letter in str(raised.value) for letter in "图像")
    assert "图像".encode() in FORMATS[".tex"](drawn("图像"))
