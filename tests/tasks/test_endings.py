"""Where a continuation ends, and what of it is told while it is written: whatever the stops, the pieces join up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.errors import DataError
from weftnet.tasks.language_model._texts import Texts

LETTERS = "abc"


def text_of(tokens: np.ndarray) -> str:
    return "".join(LETTERS[token] for token in tokens.tolist())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 2), min_size=12, max_size=12), min_size=1, max_size=3),
    st.lists(st.text(LETTERS, min_size=1, max_size=3), max_size=3),
    st.lists(st.integers(0, 2), max_size=1),
)
def test_texts_end_before_the_first_stop_and_are_told_whole(
    rows: list[list[int]], stop: list[str], stop_tokens: list[int]
) -> None:
    told: list[str] = []
    texts = Texts({"stop": stop, "stop_tokens": stop_tokens}, text_of, len(rows), told.append)
    for place in range(12):
        texts.add(np.array([row[place] for row in rows]))
        if texts.finished:
            break
    texts.close()
    written = texts.written(12)
    for number, row in enumerate(rows):
        before = row[: min((row.index(token) for token in stop_tokens if token in row), default=12)]
        text = text_of(np.array(before))
        ends = [place for each in stop if (place := text.find(each)) >= 0]
        # a stop counts once it is complete: the one that is complete first, and of these the one that begins first
        first = min((text.find(each) + len(each) for each in stop if each in text), default=-1)
        starts = [place for each in stop if (place := text[:first].find(each)) >= 0]
        want = text[: min(starts)] if ends else text
        whole = text_of(written[number][written[number] >= 0])
        assert (whole if texts.ends[number] < 0 else whole[: texts.ends[number]]) == want
        if number == 0:
            assert "".join(told) == want


def test_a_character_whose_bytes_are_not_complete_is_held_back() -> None:
    told: list[str] = []
    texts = Texts({}, lambda tokens: bytes(tokens.tolist()).decode("utf-8", "replace"), 1, told.append)
    for byte in "é🐝.".encode():
        texts.add(np.array([byte]))
    texts.close()
    assert told == ["é", "🐝", "."]


def test_stops_are_checked() -> None:
    with pytest.raises(DataError, match="too many stops"):
        Texts({"stop": ["a"] * 65}, text_of, 1)
    with pytest.raises(DataError, match="a stop is no text"):
        Texts({"stop": [""]}, text_of, 1)
