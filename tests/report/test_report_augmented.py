"""The sheet of augmented examples."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weftnet.base.figures import Picture
from weftnet.data import open_data
from weftnet.data.kinds._drawn import Drawn
from weftnet.data.kinds.boxes import Boxes
from weftnet.report.sections.augmented import augmented
from weftnet.report.subject import Subject
from weftnet.run.folder import Run
from weftnet.run.loading import load

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"


def sheet(monkeypatch: pytest.MonkeyPatch, subject: Subject, augment: list[Any]) -> str:
    monkeypatch.setattr(Run, "json", lambda run, name: {"augment": augment})
    return augmented(subject)


def rows(html: str) -> list[list[str]]:
    return [re.findall("<td>(.*?)</td>", line) for line in re.findall("<tr>(.*?)</tr>", html)[1:]]


def test_images_are_shown_as_they_are_and_as_they_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = Subject(load(FIXTURES / "digits"), open_data("digits"), "test")
    html = sheet(monkeypatch, digits, ["flip", {"rotate": {"degrees": 30}}])
    assert "flip, rotate (degrees 30): drawn anew for every batch." in html
    found = rows(html)
    assert [len(row) for row in found] == [4] * 5
    assert all(cell.count("<img") == 1 for row in found for cell in row)
    assert all(len(set(row)) == 4 for row in found)
    assert sheet(monkeypatch, digits, ["flip", {"rotate": {"degrees": 30}}]) == html
    still = rows(sheet(monkeypatch, digits, [{"flip": {"probability": 0.0}}]))
    assert [len(set(row)) for row in still] == [1] * 5
    assert [row[0] for row in still] == [row[0] for row in found]


def test_boxes_are_frames_on_their_picture() -> None:
    kind = Boxes(classes=["cat", "dog"])
    kind.fit([Drawn(20, 40, ((2.0, 3.0, 12.0, 13.0), (20.0, 5.0, 40.0, 20.0)), ("cat", "dog"))])
    value = Drawn(20, 40, ((2.0, 3.0, 12.0, 13.0), (20.0, 5.0, 40.0, 20.0)), ("cat", "dog"))
    shown = kind.over(Picture(np.full((20, 40), 7, np.uint8)), value)
    assert shown.caption == "1 cat, 1 dog"
    assert shown.pixels.shape == (80, 160, 3)  # four times as large
    framed = (shown.pixels != 7).any(2)
    expected = np.zeros((80, 160), bool)
    for left, top, right, bottom in value.corners:
        x1, y1, x2, y2 = (int(4 * each) for each in (left, top, right, bottom))
        expected[y1:y2, x1:x2] = True
        expected[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2] = False
    assert (framed == expected).all()
    assert len(np.unique(shown.pixels[framed], axis=0)) == 2  # a colour for each class


def test_there_is_no_sheet_where_nothing_was_augmented(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(FIXTURES / "text")
    text = Subject(loaded, open_data(FIXTURES / "people.csv", state=None), "test")
    assert sheet(monkeypatch, text, []) == ""
    assert sheet(monkeypatch, Subject(loaded, None, "test"), ["flip"]) == ""
