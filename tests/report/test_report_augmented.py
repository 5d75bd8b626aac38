"""The sheet of augmented examples."""

import re
from pathlib import Path
from typing import Any

import pytest

from weftnet.data import open_data
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


def test_there_is_no_sheet_where_nothing_was_augmented(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(FIXTURES / "text")
    text = Subject(loaded, open_data(FIXTURES / "people.csv", state=None), "test")
    assert sheet(monkeypatch, text, []) == ""
    assert sheet(monkeypatch, Subject(loaded, None, "test"), ["flip"]) == ""
