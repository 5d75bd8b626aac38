"""Figures as HTML: every kind is drawn, and every text escaped."""

import io
import re
from base64 import b64decode
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from weftnet.base import figures
from weftnet.report.draw import draw

BAD = "<script>alert('&')</script>"
VALUES = np.array([0.1, 0.5, 0.4])
EVERY: tuple[figures.Figure, ...] = (
    figures.Paragraph((BAD, figures.Span(BAD, "wrong"), figures.Span(BAD, "soft")), soft=True),
    figures.Text(BAD),
    figures.Table(BAD, (BAD, "share"), ((BAD, 0.5),), {"share": "share"}),
    figures.Bars({BAD: 1.0}, BAD, BAD),
    figures.Lines({BAD: [(0.0, 1.0), (1.0, 2.0)]}, BAD, BAD, BAD),
    figures.Scatter(VALUES, VALUES, BAD, BAD, BAD),
    figures.Histogram(VALUES, BAD, BAD),
    figures.Matrix(BAD, (BAD, "b"), np.array([[1, 2], [3, 4]]), BAD),
    figures.Reliability(((0.0, 0.5, 0.3, 7),), BAD),
    figures.Picture(np.zeros((4, 6, 3), np.uint8), BAD),
    figures.Sound(VALUES, 100, BAD),
    figures.Group((figures.Paragraph(BAD),), BAD),
)


@pytest.mark.parametrize("figure", EVERY, ids=lambda each: type(each).__name__)
def test_every_kind_is_drawn_and_escaped(figure: figures.Figure) -> None:
    html = draw(figure)
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_none_is_forgotten() -> None:
    without_text = {figures.Curve}
    assert {type(each) for each in EVERY} | without_text == set(get_args(figures.Figure))
    assert draw(figures.Curve(np.zeros((9, 2)))).count("<polyline") == 2


def test_a_picture_keeps_its_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    found = re.search("base64,([^']+)'", draw(figures.Picture(pixels, "an overlay")))
    assert found is not None
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(b64decode(found[1])))), pixels)


def test_cells_are_written_by_their_unit() -> None:
    table = figures.Table("classes", ("class", "F1", "error", "examples"), (), {"F1": "share"})
    assert table.cells(("a", 0.9876, 12.3456, 30)) == ["a", "98.8 %", "12.35", "30"]
    assert table.cells(("a", float("nan"), float("nan"), 0)) == ["a", "–", "–", "0"]


def test_groups_are_flattened_in_order() -> None:
    a, b, c = (figures.Paragraph(name) for name in "abc")
    assert figures.flat([a, figures.Group((b, figures.Group((c,))))]) == [a, b, c]
